import type { Host } from "../../test/lab/index.ts";
import { runRound, startEnds } from "./load.ts";
import { residentKib } from "./processor-time.ts";
import type { Subject } from "./subject.ts";

const HOLD_MS = 25_000;
const CALLS_PER_SECOND = 500;
const BATCH_CALLS = 20_000;

export interface MemoryReport {
  readonly calls: number;
  readonly beforeKib: number;
  readonly heldKib: number;
  readonly kibPerCall: number;
}

/** After so many calls that came and went: resident memory of all processes, and what lives. */
export interface FlatReading {
  readonly calls: number;
  readonly kib: number;
  readonly heapAfterCollectionKib?: number;
}

interface MemoryOptions {
  readonly host: Host;
  readonly subject: Subject;
  readonly core: number;
  readonly media: boolean;
}

/** Holds so many calls at once and reads how much the process that speaks SIP grew. */
export async function measureHeldCalls(
  options: MemoryOptions & { readonly calls: number },
): Promise<MemoryReport> {
  const { subject, calls } = options;
  const [gateway] = subject.pids;
  // What the code itself and its first garbage take is no call's.
  await runRound({ ...options, pace: { atOnce: 100 } });
  const beforeKib = residentKib([gateway!], "alone");
  const ends = await startEnds({ ...options, holdMs: HOLD_MS });
  const sender = await ends.call({ callsPerSecond: CALLS_PER_SECOND });
  await sender.program.reaches(
    "began every call",
    () => sender.counts().created >= calls,
    HOLD_MS + 60_000,
  );
  const heldKib = residentKib([gateway!], "alone");
  await sender.program.stop();
  await ends.receiver.program.stop();
  return { calls, beforeKib, heldKib, kibPerCall: (heldKib - beforeKib) / calls };
}

/** Memory after each batch of calls that came and went: it must level out. */
export async function measureFlatness(
  options: MemoryOptions & { readonly calls: number },
): Promise<FlatReading[]> {
  const { subject } = options;
  const readings: FlatReading[] = [];
  for (let done = 0; done < options.calls; ) {
    const calls = Math.min(BATCH_CALLS, options.calls - done);
    await runRound({ ...options, calls, pace: { atOnce: 100 } });
    done += calls;
    const kib = residentKib(subject.pids, "family");
    const heap = await subject.heapAfterCollection?.();
    const reading = {
      calls: done,
      kib,
      ...(heap === undefined ? {} : { heapAfterCollectionKib: Math.round(heap / 1024) }),
    };
    console.error(JSON.stringify(reading));
    readings.push(reading);
  }
  return readings;
}
