import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/**
 * Has the kernel take in what comes by these interfaces in threads of its own, on one core, where
 * something is attached in front of its network stack (XDP): receive packet steering is behind that,
 * and the sender's core would do the work. Their ids; none where nothing is attached.
 */
export function takeInByThreads(interfaces: readonly string[], core: number): readonly number[] {
  for (const name of interfaces) {
    try {
      writeFileSync(`/sys/class/net/${name}/threaded`, "1");
    } catch {
      // It is taken in by whoever sends, up to the network stack.
    }
  }
  const threads = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && interfaces.some((name) => nameOf(pid).startsWith(`napi/${name}-`)));
  for (const pid of threads) spawnSync("taskset", ["-p", "-c", String(core), String(pid)]);
  return threads;
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8");
  } catch {
    return "";
  }
}
