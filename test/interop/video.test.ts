import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  type Baresip,
  type Capture,
  heardTone,
  hearMore,
  IPV4,
  missing,
  PUBLIC_PORT,
  type RunningGateway,
  Site,
  startBaresip,
} from "../lab/index.ts";

// baresip calls baresip with a voice (PCMA) and a picture (VP8): each stream flows both ways, on ports
// of its own, and no packet finds a way round the gateway.

const skip = missing("baresip", "sox", "tshark", "dumpcap");
const OPERATOR_HZ = 440;
const PHONE_HZ = 1_000;
const TALK_S = 2;
const PCMA = 8;
/** Of ten pictures a second. */
const PACKETS_MIN = 10;

describe("a video call", { skip }, () => {
  let site: Site;
  let gateway: RunningGateway;

  beforeEach(async () => {
    site = await Site.open();
    gateway = await site.startGateway({ pbx: { host: IPV4.phone } });
  });
  afterEach(() => site?.close());

  async function callIn(): Promise<{ caller: Baresip; called: Baresip }> {
    const called = await startBaresip({
      name: "1001",
      host: site.pbx,
      address: IPV4.phone,
      port: 5060,
      toneHz: PHONE_HZ,
      video: true,
    });
    const caller = await startBaresip({
      name: "0123456789",
      host: site.operator,
      address: IPV4.operator,
      port: 5060,
      toneHz: OPERATOR_HZ,
      video: true,
      dial: `sip:1001@${IPV4.public}:${PUBLIC_PORT}`,
    });
    for (const phone of [caller, called]) {
      await phone.program.line(/receiving with resolution 176 x 144/);
    }
    return { caller, called };
  }

  async function hangUp({ caller, called }: Record<"caller" | "called", Baresip>): Promise<void> {
    await caller.stop();
    await called.program.line(/terminated|closed/i);
    await called.stop();
    heardTone(called, OPERATOR_HZ, TALK_S);
    heardTone(caller, PHONE_HZ, TALK_S);
  }

  test("voice and picture flow both ways through the gateway alone, which counts them", async () => {
    const wire = await listenOnBothSides();
    const call = await callIn();
    await hearMore(TALK_S, call.caller, call.called);
    await hangUp(call);
    const counted = await countedStreams(2);
    const [outside, inside] = await wire.stop();
    assertAllFlow(outside, 4);
    assertAllFlow(inside, 4);
    for (const { kind, toCaller, toCallee } of counted) {
      assert.deepEqual({ kind, packets: toCaller }, { kind, packets: sentOf(outside, kind) });
      assert.deepEqual({ kind, packets: toCallee }, { kind, packets: sentOf(inside, kind) });
    }
  });

  test("both flow on, on other ports, after a re-INVITE", async () => {
    const wire = await listenOnBothSides();
    const call = await callIn();
    await hearMore(TALK_S, call.caller, call.called);
    call.caller.program.type("/reinvite\n");
    await call.called.program.line(/got re-INVITE/);
    await hearMore(TALK_S, call.caller, call.called);
    await hangUp(call);
    await countedStreams(4);
    for (const flows of await wire.stop()) {
      assertAllFlow(flows, 8);
      assert.equal(new Set(flows.map(({ ourPort }) => ourPort)).size, 4);
    }
  });

  /** Captures that must show nothing but each peer and the gateway. */
  async function listenOnBothSides() {
    const outside = await site.operator.capture("wan");
    const inside = await site.pbx.capture("lan");
    return {
      stop: async () => {
        await outside.stop();
        await inside.stop();
        assert.deepEqual(outside.pairs(), both(IPV4.operator, IPV4.public));
        assert.deepEqual(inside.pairs(), both(IPV4.phone, IPV4.private));
        return [flowsOf(outside), flowsOf(inside)] as const;
      },
    };
  }

  /** What the gateway says of its streams, once it has said so of as many. */
  async function countedStreams(count: number) {
    await gateway.program.line(new RegExp(`(stream .*){${count}}`, "s"));
    const lines = gateway.program.output.matchAll(
      /stream \w+\.(\d).*: caller \d+ in, (\d+) out.*; callee \d+ in, (\d+) out/g,
    );
    return [...lines].map(([, line, toCaller, toCallee]) => ({
      kind: line === "0" ? "voice" : "picture",
      toCaller: Number(toCaller),
      toCallee: Number(toCallee),
    }));
  }
});

interface RtpFlow {
  readonly kind: "voice" | "picture";
  readonly isOurs: boolean;
  readonly ourPort: string;
  readonly packets: number;
}

/** RTP by the port of ours that it comes to or goes from: one port carries one kind. */
function flowsOf(capture: Capture): RtpFlow[] {
  const rows = capture.rows(
    "rtp and not icmp",
    "ip.src",
    "udp.srcport",
    "udp.dstport",
    "rtp.p_type",
  );
  const flows = new Map<string, RtpFlow>();
  for (const row of rows) {
    const isOurs = [IPV4.public, IPV4.private].includes(row["ip.src"]);
    const ourPort = row[isOurs ? "udp.srcport" : "udp.dstport"];
    const kind = Number(row["rtp.p_type"]) === PCMA ? "voice" : "picture";
    const key = `${isOurs} ${ourPort}`;
    flows.set(key, { kind, isOurs, ourPort, packets: (flows.get(key)?.packets ?? 0) + 1 });
  }
  return [...flows.values()];
}

const sentOf = (flows: readonly RtpFlow[], kind: string): number | undefined =>
  flows.find((flow) => flow.isOurs && flow.kind === kind)?.packets;

function assertAllFlow(flows: readonly RtpFlow[], count: number): void {
  assert.equal(flows.length, count, "voice and picture, each way");
  for (const { kind, packets } of flows) {
    assert.ok(packets >= PACKETS_MIN, `${packets} packets of ${kind}`);
  }
}

const both = (one: string, other: string): Set<string> =>
  new Set([`${one} > ${other}`, `${other} > ${one}`]);
