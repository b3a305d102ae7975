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
