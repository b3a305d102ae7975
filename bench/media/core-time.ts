import { readFileSync } from "node:fs";

// Clock ticks a second of /proc; the kernel's USER_HZ, the same on every Linux port of today.
const TICKS_PER_S = 100;
const US_PER_TICK = 1_000_000 / TICKS_PER_S;

/**
 * What one core has done since `start`. Busy is what wasn't idle: the kernel measures idle time by
 * the clock, but what kind of work there was it only samples.
 */
export class CoreTime {
  readonly #core: number;
  #before: Reading | undefined;

  constructor(core: number) {
    this.#core = core;
  }

  start(): void {
    this.#before = read(this.#core);
  }

  spentUs(): number {
    const now = read(this.#core);
    const { atMs, idle } = this.#before!;
    return (now.atMs - atMs) * 1000 - (now.idle - idle) * US_PER_TICK;
  }
}

interface Reading {
  readonly atMs: number;
  readonly idle: number;
}

function read(core: number): Reading {
  const line = readFileSync("/proc/stat", "latin1")
    .split("\n")
    .find((one) => one.startsWith(`cpu${core} `));
  const [, , , , idle, iowait] = (line ?? "").split(" ").map(Number);
  return { atMs: performance.now(), idle: idle! + iowait! };
}
