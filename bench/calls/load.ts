import {
  answer,
  callee,
  caller,
  expect,
  type Host,
  pause,
  sdp,
  send,
  startSipp,
} from "../../test/lab/index.ts";
import { droppedDatagrams, processorMs } from "./processor-time.ts";
import { CALLEE, CALLER, PORT, type Subject } from "./subject.ts";

/** How calls come: as many at once as said, each ending gives way to the next; or so many a second. */
export type Pace = { readonly atOnce: number } | { readonly callsPerSecond: number };

export interface Round {
  readonly subject: string;
  readonly calls: number;
  readonly failed: number;
  readonly retransmissions: number;
  /** Datagrams that found a full buffer, of the subject or of SIPp: overload, not the subject's loss. */
  readonly dropped: number;
  readonly seconds: number;
  readonly callsPerSecond: number;
  readonly msPerCall: number;
  /** From the INVITE sent to the 200 received: as slow as the slowest of a hundred calls. */
  readonly setUpP99Ms: number;
}

export interface LoadOptions {
  readonly host: Host;
  readonly subject: Subject;
  readonly core: number;
  readonly calls: number;
  readonly media: boolean;
}

const RATE_WITHOUT_BOUND = 20_000;
const ROUND_PATIENCE_MS = 60_000;
// A burst must wait in a buffer, not be lost: a lost message costs its retransmission, on both sides.
const BUFFER = ["-buff_size", "4194304"];

/** Sends calls through the subject and reads what processor time they cost it. */
export async function runRound(options: LoadOptions & { readonly pace: Pace }): Promise<Round> {
  const { subject, calls } = options;
  const ends = await startEnds({ ...options, holdMs: 0 });
  const droppedBefore = droppedDatagrams(subject.pids[0]!);
  const before = processorMs(subject.pids);
  const started = performance.now();
  const sender = await ends.call(options.pace);
  await sender.program.ended;
  const seconds = (performance.now() - started) / 1000;
  const used = processorMs(subject.pids) - before;
  await ends.receiver.program.stop();
  const counts = sender.counts();
  if (counts.successful === 0)
    throw new Error(`no call crossed ${subject.name}: ${sender.program.output.slice(-2_000)}`);
  return {
    subject: subject.name,
    calls: counts.successful,
    failed: calls - counts.successful,
    retransmissions: counts.retransmissions,
    dropped: droppedDatagrams(subject.pids[0]!) - droppedBefore,
    seconds,
    callsPerSecond: counts.successful / seconds,
    msPerCall: used / counts.successful,
    setUpP99Ms: percentile(sender.times(), 0.99),
  };
}

/** The called end, listening, and a way to begin calls; each call is held so long once answered. */
export async function startEnds(options: LoadOptions & { readonly holdMs: number }) {
  const { host, subject, core, calls, media, holdMs } = options;
  const body = media ? { body: sdp() } : {};
  const receiver = await startSipp({
    host,
    core,
    // It is stopped from outside: a repeat of an INVITE whose call has ended counts as one more call
    // there, and at the last one it would leave with calls still to come.
    calls: calls * 10,
    address: CALLEE,
    port: PORT,
    mediaPort: 7_000,
    atOnce: calls,
    more: BUFFER,
    scenario: callee([
      expect("INVITE"),
      answer("180 Ringing"),
      answer("200 OK", body),
      expect("ACK"),
      expect("BYE"),
      answer("200 OK"),
    ]),
  });
  const call = (pace: Pace) =>
    startSipp({
      host,
      core,
      calls,
      address: CALLER,
      port: PORT,
      to: `${subject.address}:${PORT}`,
      target: `sip:+33123456789@${subject.address}:${PORT}`,
      callsPerSecond: "atOnce" in pace ? RATE_WITHOUT_BOUND : pace.callsPerSecond,
      atOnce: "atOnce" in pace ? pace.atOnce : calls,
      clocked: true,
      scenario: caller([
        send("INVITE", { ...body, startsClock: true }),
        expect(100, { optional: true }),
        expect(180, { optional: true }),
        expect(200, { stopsClock: true }),
        send("ACK"),
        ...(holdMs > 0 ? [pause(holdMs)] : []),
        send("BYE"),
        expect(200),
      ]),
      more: [...BUFFER, "-timeout", String(ROUND_PATIENCE_MS / 1000), "-timeout_error"],
    });
  return { receiver, call };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
