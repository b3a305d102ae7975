import { readdirSync, readFileSync } from "node:fs";

// Clock ticks a second of /proc; the kernel's USER_HZ, the same on every Linux port of today.
const TICKS_PER_S = 100;

/** Processor time in ms, user and system, that these processes and all their children have used. */
export function processorMs(roots: readonly number[]): number {
  const ticks = family(roots).reduce((sum, pid) => {
    const fields = stat(pid);
    return sum + Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0);
  }, 0);
  return (ticks * 1000) / TICKS_PER_S;
}

/** Resident memory in KiB of these processes, with or without all their children. */
export function residentKib(roots: readonly number[], whose: "alone" | "family"): number {
  return (whose === "alone" ? roots : family(roots)).reduce((sum, pid) => sum + residentOf(pid), 0);
}

/** These processes and all their descendants. */
function family(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    const parent = /^\d+$/.test(entry) ? Number(stat(Number(entry))?.[1]) : Number.NaN;
    if (parent > 0) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found = new Set<number>();
  const visit = (pid: number): void => {
    if (found.has(pid)) return;
    found.add(pid);
    for (const child of children.get(pid) ?? []) visit(child);
  };
  for (const root of roots) visit(root);
  return [...found];
}

/** The fields of /proc/PID/stat after the command's name: state, parent, … */
function stat(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1] ?? 0);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

/** Datagrams lost so far to full receive buffers, in the network namespace of a process. */
export function droppedDatagrams(pid: number): number {
  const lines = readFileSync(`/proc/${pid}/net/snmp`, "latin1").split("\n");
  const [names = [], values = []] = lines
    .filter((line) => line.startsWith("Udp: "))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf("RcvbufErrors")]);
}
