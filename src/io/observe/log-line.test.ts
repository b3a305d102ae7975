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
