import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  answer,
  type Capture,
  callee,
  caller,
  expect,
  IPV4,
  missing,
  type Program,
  pause,
  type RunningGateway,
  Site,
  sdp,
  send,
  startKamailioPbx,
} from "../lab/index.ts";

// An operator whose proxy (Kamailio) goes and comes back: OPTIONS tell, calls go by what they told,
// and nobody has to do anything for calls to flow again.

const skip = missing("kamailio", "sipp", "tshark", "dumpcap");
const MISSES = 2;
// 64 × T1 is how long an OPTIONS waits (RFC 3261 §17.1.2.2): 3.2 s.
const TIMINGS = { t1Ms: 50, tryNextMs: 500 };
const DOWN_WITHIN_MS = 20_000;
// Kamailio takes every port of its own address for itself, so the callee has another.
const CALLEE = { address: "198.51.100.4", port: 5070 };

const media = { body: sdp() };
const completed = caller([
  send("INVITE", media),
  expect(100, { optional: true }),
  expect(180, { optional: true }),
  expect(200),
  send("ACK"),
  // The proxy's processes would let a BYE overtake the ACK.
  pause(100),
  send("BYE"),
  expect(200),
]);
const accepting = callee([
  expect("INVITE"),
  answer("180 Ringing"),
  answer("200 OK", media),
  expect("ACK"),
  expect("BYE"),
  answer("200 OK"),
]);
const unreachable = caller([
  send("INVITE", media),
  expect(100, { optional: true }),
  // ICMP says at once that nobody is there (RFC 3261 §18.4).
  expect(503),
  send("ACK"),
]);

interface Way {
  readonly name: string;
  readonly goes: (proxy: Program) => unknown;
  readonly comesBack: (proxy: Program, site: Site) => unknown;
  /** Whether it goes on with what came while it was away: a call of then would still ring. */
  readonly remembers: boolean;
}

const ways: readonly Way[] = [
  {
    name: "is ended and started again",
    goes: (proxy) => proxy.stop("SIGTERM"),
    comesBack: (_, site) => startProxy(site, IPV4.operator),
    remembers: false,
  },
  {
    name: "freezes and goes on",
    goes: (proxy) => proxy.freeze(),
    comesBack: (proxy) => proxy.thaw(),
    remembers: true,
  },
];

// Each has a site of its own and mostly waits: side by side they take as long as one.
describe("the health of a trunk's peers", { skip, concurrency: true }, () => {
  for (const { name, goes, comesBack, remembers } of ways) {
    describe(`an operator's proxy that ${name}`, () => {
      let site: Site;
      let gateway: RunningGateway;
      let proxy: Program;
      before(async () => {
        site = await openSite();
        proxy = await startProxy(site, IPV4.operator);
        gateway = await site.startGateway({
          trunks: [trunkOf(IPV4.operator)],
          more: { sip: { timings: TIMINGS } },
        });
      });
      after(() => site?.close());

      test(`is down after ${MISSES} OPTIONS without an answer, and calls flow once it is back`, async () => {
        await callThrough(site);
        const capture = await site.operator.capture("wan");
        await goes(proxy);
        await gateway.program.line(/trunk operator: peer .* is down \(no answer\)/, DOWN_WITHIN_MS);
        await capture.stop();
        assert.equal(silences(capture), MISSES);

        // The only peer there is is tried all the same: who asks for its health may be wrong.
        if (!remembers) await site.refuse("outbound", { scenario: unreachable });

        await comesBack(proxy, site);
        await gateway.program.line(/trunk operator: peer .* is up/);
        await callThrough(site);
      });
    });
  }

  describe("an operator with two proxies, of which the first is down", () => {
    let site: Site;
    let gateway: RunningGateway;
    before(async () => {
      site = await openSite();
      await startProxy(site, IPV4.operatorSpare);
      gateway = await site.startGateway({
        trunks: [trunkOf(IPV4.operator, IPV4.operatorSpare)],
        more: { sip: { timings: TIMINGS } },
      });
    });
    after(() => site?.close());

    test("calls go to the second at once, and to the first again when it is up", async () => {
      await gateway.program.line(/peer .* is down \(no answer\)/, DOWN_WITHIN_MS);
      const during = await site.operator.capture("wan");
      await callThrough(site);
      await during.stop();
      assert.deepEqual(invited(during), [IPV4.operatorSpare]);

      await startProxy(site, IPV4.operator);
      await gateway.program.line(/trunk operator: peer .* is up/);
      const afterwards = await site.operator.capture("wan");
      await callThrough(site);
      await afterwards.stop();
      assert.deepEqual(invited(afterwards), [IPV4.operator]);
    });
  });
});

async function openSite(): Promise<Site> {
  const site = await Site.open();
  site.operator.address("wan", `${CALLEE.address}/24`);
  return site;
}

/** Proxies that are tried in this order. */
const trunkOf = (...hosts: readonly string[]) => ({
  name: "operator",
  peers: hosts.map((host, priority) => ({ host, port: 5060, transport: "udp", priority })),
  optionsIntervalS: 1,
  optionsMissesMax: MISSES,
});

/** It takes calls from the gateway to where the test's callee is. */
const startProxy = (site: Site, address: string): Promise<Program> =>
  startKamailioPbx(site.operator, {
    address,
    subscribers: { nobody: "unused" },
    gateway: `${CALLEE.address}:${CALLEE.port}`,
    gatewayAddress: IPV4.public,
  });

async function callThrough(site: Site): Promise<void> {
  await site.call("outbound", { scenario: completed }, { scenario: accepting, ...CALLEE });
}

/** OPTIONS of the gateway that nobody answered. */
function silences(capture: Capture): number {
  const rows = capture.rows('sip.CSeq.method == "OPTIONS"', "sip.CSeq.seq", "sip.Status-Code");
  const answered = new Set(
    rows.filter((row) => row["sip.Status-Code"] !== "").map((row) => row["sip.CSeq.seq"]),
  );
  const asked = new Set(rows.map((row) => row["sip.CSeq.seq"]));
  return [...asked].filter((cseq) => !answered.has(cseq)).length;
}

/** Whom the gateway invited. */
const invited = (capture: Capture): string[] => [
  ...new Set(
    capture
      .rows(`sip.Method == "INVITE" and ip.src == ${IPV4.public}`, "ip.dst")
      .map((row) => row["ip.dst"]),
  ),
];
