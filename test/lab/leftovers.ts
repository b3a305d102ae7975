import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, tryCommand } from "./command.ts";

// Everything a run makes carries its mark: process id and start time, which no two runs share.
const MARKED = /^passerelle-lab-(\d+)-(\d+)-/;

/** The prefix of this run's namespaces and folders. */
export const runMark = `passerelle-lab-${process.pid}-${startTicksOf(process.pid) ?? 0}-`;

/** Removes what runs that were killed left behind; the things of live runs stay. */
export function removeLeftovers(): void {
  for (const namespace of namespaces()) if (isOrphan(namespace)) removeNamespace(namespace);
  for (const folder of readdirSync(tmpdir())) {
    if (isOrphan(folder)) rmSync(join(tmpdir(), folder), { recursive: true, force: true });
  }
}

/** Ends every process in the namespace, by its id, and removes it with its interfaces. */
export function removeNamespace(namespace: string): void {
  const pids = tryCommand("ip", "netns", "pids", namespace) ?? "";
  for (const pid of pids.split("\n").filter(Boolean)) kill(Number(pid));
  tryCommand("ip", "netns", "del", namespace);
}

function namespaces(): string[] {
  const lines = command("ip", "netns", "list").split("\n");
  return lines.map((line) => line.split(" ")[0] ?? "").filter((name) => MARKED.test(name));
}

function isOrphan(name: string): boolean {
  const [, pid, ticks] = MARKED.exec(name) ?? [];
  return pid !== undefined && startTicksOf(Number(pid)) !== Number(ticks);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in between.
  }
}

function startTicksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // Field 22, counted after the command's name, which may hold spaces.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined;
  }
}
