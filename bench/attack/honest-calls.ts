import {
  answer,
  type Capture,
  callee,
  caller,
  expect,
  IPV4,
  PUBLIC_PORT,
  pause,
  type Sipp,
  type Site,
  sdp,
  send,
  startSipp,
} from "../../test/lab/index.ts";

/** What became of an operator's calls in one span of time. */
export interface Outcome {
  readonly made: number;
  readonly lost: number;
  /** From the INVITE sent to the 200 received. */
  readonly setUpP50Ms: number;
  readonly setUpP99Ms: number;
  readonly retransmissions: number;
}

export interface CallsPlan {
  readonly site: Site;
  readonly core: number;
}

const CALLS_MAX = 1_000_000_000;
const BUFFER = ["-buff_size", "4194304"];
const media = { body: sdp() };

/** The PBX: takes every call. */
export function startPbx({ site, core }: CallsPlan): Promise<Sipp> {
  return startSipp({
    host: site.pbx,
    core,
    address: IPV4.pbx,
    port: 5060,
    calls: CALLS_MAX,
    atOnce: 100_000,
    more: BUFFER,
    scenario: callee([
      expect("INVITE"),
      answer("180 Ringing"),
      answer("200 OK", media),
      expect("ACK"),
      expect("BYE"),
      answer("200 OK"),
    ]),
  });
}

export interface Pace {
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly holdMs: number;
}

/** The operator: begins calls at a steady rate. */
export function startOperator({ site, core }: CallsPlan, pace: Pace): Promise<Sipp> {
  const { calls, callsPerSecond, holdMs } = pace;
  return startSipp({
    host: site.operator,
    core,
    address: IPV4.operator,
    port: 5060,
    to: `${IPV4.public}:${PUBLIC_PORT}`,
    target: `sip:+33123456789@${IPV4.public}:${PUBLIC_PORT}`,
    calls,
    callsPerSecond,
    atOnce: 100_000,
    more: BUFFER,
    scenario: caller([
      send("INVITE", media),
      expect(100, { optional: true }),
      expect(180, { optional: true }),
      expect(200),
      send("ACK"),
      pause(holdMs),
      send("BYE"),
      expect(200),
    ]),
  });
}

/** Begins calls and tells what became of them once the last is over. */
export async function makeCalls(plan: CallsPlan, pace: Pace): Promise<Outcome> {
  const capture = await plan.site.operator.capture("wan", SET_UP);
  const sender = await startOperator(plan, pace);
  await sender.program.ended;
  await capture.stop();
  const { successful, retransmissions } = sender.counts();
  const times = setUpTimes(capture).sort((a, b) => a - b);
  return {
    made: pace.calls,
    lost: pace.calls - successful,
    setUpP50Ms: percentile(times, 0.5),
    setUpP99Ms: percentile(times, 0.99),
    retransmissions,
  };
}

// SIPp's own clock goes by steps of 4 ms: the operator's cable tells better. "INVI", "SIP/" and "200 ".
const SET_UP = {
  filter: "udp[8:4] = 0x494e5649 or (udp[8:4] = 0x5349502f and udp[16:4] = 0x32303020)",
  bytesMax: 1_000,
};

/** From the first INVITE of each call to its 200, in ms. */
function setUpTimes(capture: Capture): number[] {
  const began = new Map<string, number>();
  const times: number[] = [];
  const fields = ["frame.time_epoch", "sip.Call-ID", "sip.Method"] as const;
  for (const row of capture.rows("sip.CSeq.method == INVITE", ...fields)) {
    const [at, call] = [Number(row["frame.time_epoch"]), row["sip.Call-ID"]];
    const since = began.get(call);
    if (row["sip.Method"] === "INVITE") began.set(call, since ?? at);
    else if (since !== undefined) {
      times.push((at - since) * 1000);
      // A repeated 200 is no second call.
      began.delete(call);
    }
  }
  return times;
}

function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return Math.round((value ?? Number.NaN) * 100) / 100;
}
