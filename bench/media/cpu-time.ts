import { readdirSync, readFileSync } from "node:fs";

/** The CPU time of a process and all its threads up to now, in µs; those of ended threads are lost. */
export function cpuUs(pid: number): number {
  const threads = `/proc/${pid}/task`;
  let ns = 0;
  for (const thread of readdirSync(threads)) {
    ns += Number(readFileSync(`${threads}/${thread}/schedstat`, "utf8").split(" ")[0]);
  }
  return ns / 1000;
}

/** The CPU time of every process except those given: what else the machine was busy with. */
export class OtherWork {
  readonly #known: ReadonlySet<number>;
  readonly #before: ReadonlyMap<number, number>;

  constructor(known: readonly number[]) {
    this.#known = new Set(known);
    this.#before = this.#read();
  }

  /** Since this object was made; without processes that have ended. */
  spentUs(): number {
    let sum = 0;
    for (const [pid, us] of this.#read()) sum += us - (this.#before.get(pid) ?? 0);
    return sum;
  }

  #read(): Map<number, number> {
    const all = new Map<number, number>();
    for (const entry of readdirSync("/proc")) {
      const pid = Number(entry);
      if (!(pid > 0) || this.#known.has(pid)) continue;
      try {
        all.set(pid, cpuUs(pid));
      } catch {
        // It ended meanwhile.
      }
    }
    return all;
  }
}
