import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING_COUNTED } from "#media";
import { logLine } from "./log-line.ts";

const started = (caller: string) =>
  ({ kind: "call-started", callId: "c1", from: "public", caller, callee: "200" }) as const;

test("a phone number shows its last digits alone, unless the operator asks", () => {
  assert.equal(
    logLine(started("+33123456789")),
    "call c1: •••••••••789 calls 200 from the public side",
  );
  assert.match(logLine(started("+33123456789"), true), /\+33123456789 calls 200/);
});

test("a hostile caller can't forge a line or steer the terminal", () => {
  const line = logLine(started("x\r\nfake: line\u001b[2J"), true);
  assert.doesNotMatch(line, /[\r\n\u001b]/);
});

test("a malicious call of who is served tells its rule, what told it, and what became of it", () => {
  const fact = { kind: "malicious-call", method: "INVITE", side: "public" } as const;
  const seen = { rule: "scanner", where: "User-Agent", excerpt: "sipvicious" } as const;
  const line = (outcome: "refused" | "dry-run" | "hidden-caller", untold: number): string =>
    logLine({ ...fact, source: "198.51.100.7", ...seen, outcome, untold });
  const told =
    "INVITE from 198.51.100.7 (public) is malicious: scanner by its signature (User-Agent)";
  assert.equal(line("refused", 0), `${told}; refused`);
  assert.equal(line("dry-run", 3), `${told}; not refused (dry run), and 3 more before`);
  assert.equal(line("hidden-caller", 0), `${told}; not refused, since the caller is hidden`);
});

test("a stream's line tells what came and went at each end, and what was dropped and why", () => {
  const end = { ...NOTHING_COUNTED, packetsIn: 200, rtcpIn: 2, packetsOut: 198, lost: 1 };
  const measured = { jitterMeanMs: 1.26, roundTripMeanMs: 20, reordered: 1, duplicates: 5 };
  const callee = { ...end, ...measured, dtmfEvents: 4, drops: { source: 3 } };
  const counters = { id: "c1.0", ends: { caller: end, callee } };
  assert.equal(
    logLine({ kind: "media-relayed", callId: "c1", counters }),
    "stream c1.0: caller 200 in, 198 out, 2 RTCP in, 1 lost; callee 200 in, 198 out, 2 RTCP in, 1 lost, 1 late, 5 twice, jitter 1.3 ms, round trip 20.0 ms, 4 DTMF, 3 dropped (source)",
  );
});

test("a call's end tells how each leg was heard", () => {
  const none = { packets: 0, lost: 0, lossPercent: 0, reordered: 0, duplicates: 0, dtmfEvents: 0 };
  const caller = { ...none, packets: 99, lossPercent: 1.26, jitterMs: 3.4, mos: 4.26 };
  const callee = { ...none, packets: 100, roundTripMs: 20 };
  const record = {
    callId: "c1",
    from: "public",
    caller: "1",
    callee: "2",
    startedMs: 0,
    answeredMs: 1000,
    endedMs: 13_300,
    end: "completed",
    status: 200,
    endedBy: "private",
  } as const;
  const line = "call c1: ended by the private side: Completed (200), 12.3 s talked";
  const told = (voice: object): string =>
    logLine({ kind: "call-ended", record: { ...record, ...voice } });
  assert.equal(told({}), line);
  assert.equal(
    told({ voice: { caller, callee } }),
    `${line}; caller heard with MOS 4.3, 1.3 % lost, jitter 3 ms; callee heard with 0.0 % lost, round trip 20 ms`,
  );
  assert.equal(
    told({ voice: { caller: none, callee } }),
    `${line}; callee heard with 0.0 % lost, round trip 20 ms`,
  );
});

test("who is denied, for how long and why stands in one line, and so does the end of it", () => {
  const denied = {
    version: 1,
    list: "dos",
    id: "public 203.0.113.5 5060",
    side: "public",
    address: "203.0.113.5",
    port: 5060,
    rule: "scanner",
    sinceMs: 1000,
    untilMs: 301_000,
    counts: { scanner: 2 },
    evidence: ["OPTIONS sip:100"],
    isDryRun: false,
  } as const;
  const line = (more: object, untold = 0): string =>
    logLine({ kind: "source-denied", denied: { ...denied, ...more }, untold });
  assert.equal(
    line({}, 4),
    "203.0.113.5 port 5060 (public) denied for 300 s: scanner by its signature, and 4 more before",
  );
  const { untilMs: _, ...forGood } = denied;
  assert.match(
    logLine({ kind: "source-denied", denied: forGood, untold: 0 }),
    /denied for good: scanner/,
  );
  assert.match(line({ isDryRun: true }), /would be denied \(dry run\): scanner/);
  const why = "expired";
  const forgiven = { kind: "source-forgiven", denied, dropped: 7, wasMuted: false, why } as const;
  assert.equal(
    logLine({ ...forgiven, others: 0 }),
    "203.0.113.5 port 5060 (public) no longer denied (its time is over), 7 messages dropped",
  );
  assert.match(
    logLine({ ...forgiven, wasMuted: true, others: 0 }),
    /7 messages dropped and more unread$/,
  );
  assert.match(logLine({ ...forgiven, others: 2 }), /, and 2 others$/);
});

test("a flood from many sources tells of its beginning, and at its end what passed", () => {
  const started = { kind: "ddos-started", requests: 100, windowS: 2 } as const;
  assert.equal(
    logLine({ ...started, isDryRun: false }),
    "flood from many sources: more than 100 requests in 2 s; only trusted sources are heard",
  );
  assert.match(logLine({ ...started, isDryRun: true }), /nothing is dropped \(dry run\)$/);
  assert.equal(
    logLine({ kind: "ddos-ended", durationMs: 6000, dropped: 500, passed: 6 }),
    "flood from many sources over after 6 s: 500 messages dropped, 6 of trusted sources passed",
  );
});
