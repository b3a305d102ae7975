import { readFileSync } from "node:fs";

/** A process that runs one test file. */
export interface Run {
  readonly pid: number;
  readonly file: string;
}

/**
 * Says which processes have run for too long. Node's runner has a test cut itself: a file that has
 * left something open after its tests, or never gives way, would be waited for without end.
 */
export class Deadline {
  readonly #ms: number;
  readonly #since = new Map<number, number>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Of what runs now, what is to be cut; each is told once. */
  overdue(running: readonly Run[], now: number): Run[] {
    const pids = new Set(running.map(({ pid }) => pid));
    for (const pid of this.#since.keys()) if (!pids.has(pid)) this.#since.delete(pid);
    return running.filter(({ pid }) => {
      const since = this.#since.get(pid) ?? now;
      const isOver = now - since >= this.#ms;
      this.#since.set(pid, isOver ? Number.POSITIVE_INFINITY : since);
      return isOver;
    });
  }
}

/** The children of this process that run one of these files (Linux tells of both). */
export function runningFiles(files: readonly string[]): Run[] {
  const children = readOr(`/proc/self/task/${process.pid}/children`).trim();
  return (children === "" ? [] : children.split(" ")).flatMap((pid) => {
    const words = readOr(`/proc/${pid}/cmdline`).split("\0");
    const file = files.find((one) =>
      words.some((word) => word === one || word.endsWith(`/${one}`)),
    );
    return file === undefined ? [] : [{ pid: Number(pid), file }];
  });
}

/** A process may end before it is looked at. */
function readOr(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
