import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  type Baresip,
  type Capture,
  hearMore,
  IPV4,
  missing,
  PUBLIC_PORT,
  Site,
  startBaresip,
} from "../lab/index.ts";

// What people press during a call, on real telephones (baresip): digits, hold and resume.

const skip = missing("baresip", "sox", "tshark", "dumpcap");
const OPERATOR_HZ = 440;
const PHONE_HZ = 1_000;
const TALK_S = 1;
const TELEPHONE_EVENT = 101;
/** Digits, their RFC 4733 numbers. */
const KEYS = [
  ["5", 5],
  ["#", 11],
  ["0", 0],
] as const;
/** Packets that were on their way when it was put on hold. */
const LATE_PACKETS_MAX = 5;
const HOLD_S = 2;
const RESUMED_S = 2;
const VOICE_PACKETS_MIN = 40;

describe("on the telephone", { skip }, () => {
  let site: Site;
  let caller: Baresip;
  let called: Baresip;
  let outside: Capture;
  let inside: Capture;

  beforeEach(async () => {
    site = await Site.open();
    await site.startGateway({ pbx: { host: IPV4.phone } });
    outside = await site.operator.capture("wan");
    inside = await site.pbx.capture("lan");
    called = await startBaresip({
      name: "1001",
      host: site.pbx,
      address: IPV4.phone,
      port: 5060,
      toneHz: PHONE_HZ,
    });
    caller = await startBaresip({
      name: "0123456789",
      host: site.operator,
      address: IPV4.operator,
      port: 5060,
      toneHz: OPERATOR_HZ,
      dial: `sip:1001@${IPV4.public}:${PUBLIC_PORT}`,
    });
    await caller.program.line(/Call established/);
    await hearMore(TALK_S, caller, called);
  });
  afterEach(() => site?.close());

  async function hangUp(): Promise<void> {
    await caller.stop();
    await called.program.line(/terminated|closed/i);
    await called.stop();
    await outside.stop();
    await inside.stop();
  }

  for (const who of ["caller", "called"] as const) {
    test(`digits that the ${who} presses arrive as they left`, async () => {
      const [presses, hears] = who === "caller" ? [caller, called] : [called, caller];
      for (const [key] of KEYS) {
        presses.program.type(key);
        await presses.program.line(new RegExp(`send DTMF digit end: '${key}'`));
        await hears.program.line(new RegExp(`received event: '${key}' \\(end=1\\)`));
      }
      await hangUp();
      const [near, far] = who === "caller" ? [outside, inside] : [inside, outside];
      assert.deepEqual(
        keysOf(eventsOf(near)),
        KEYS.map(([, number]) => number),
      );
      assert.deepEqual(eventsOf(far), eventsOf(near));
    });

    test(`the ${who} holds and resumes`, async () => {
      const [holds, isHeld] = who === "caller" ? [caller, called] : [called, caller];
      holds.program.type("/hold\n");
      await isHeld.program.line(/got re-INVITE/);
      await clockOf(isHeld, HOLD_S);
      holds.program.type("/resume\n");
      await isHeld.program.line(/got re-INVITE.*got re-INVITE/s);
      await clockOf(isHeld, RESUMED_S);
      await hangUp();
      for (const [near, far, from, ourselves] of [
        [outside, inside, IPV4.operator, IPV4.private],
        [inside, outside, IPV4.phone, IPV4.public],
      ] as const) {
        const [, onHold = [], resumed = []] = voiceByOffer(near, from);
        assert.ok(onHold.length <= LATE_PACKETS_MAX, `${onHold.length} packets while on hold`);
        assert.ok(resumed.length > VOICE_PACKETS_MIN, `${resumed.length} packets afterwards`);
        const arrived = voiceByOffer(far, ourselves)[2] ?? [];
        assert.ok(arrived.length > VOICE_PACKETS_MIN, `${arrived.length} packets arrived`);
        // What left before the ports were ready, or after the end, has no way.
        assert.ok(resumed.join().includes(arrived.join()), "the voice arrives as it left");
      }
    });
  }
});

/** Waits until the telephone's own clock of the call shows so many seconds more. */
async function clockOf({ program }: Baresip, seconds: number): Promise<void> {
  const times = [...program.output.matchAll(/\[0:00:(\d\d)\]/g)];
  const until = Number(times.at(-1)?.[1] ?? 0) + seconds;
  await program.line(new RegExp(`\\[0:00:${String(until).padStart(2, "0")}\\]`));
}

/** The telephone events of RFC 4733, packet by packet. */
const eventsOf = (capture: Capture): string[] =>
  capture
    .rows(`rtp.p_type == ${TELEPHONE_EVENT} and not icmp`, "rtp.seq", "rtp.payload")
    .map((row) => row["rtp.payload"]);

/** Which keys they are of. */
const keysOf = (events: readonly string[]): number[] => [
  ...new Set(events.map((payload) => Number.parseInt(payload.slice(0, 2), 16))),
];

/** The voice of one sender, cut where INVITEs pass: before the first there is none. */
function voiceByOffer(capture: Capture, from: string): string[][] {
  const rows = capture.rows(
    'rtp.p_type == 8 and not icmp or sip.Method == "INVITE"',
    ...(["ip.src", "sip.Method", "rtp.payload"] as const),
  );
  const parts: string[][] = [];
  for (const row of rows) {
    if (row["sip.Method"] === "INVITE") parts.push([]);
    else if (row["ip.src"] === from) parts.at(-1)?.push(row["rtp.payload"]);
  }
  return parts;
}
