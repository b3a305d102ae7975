import { readFileSync } from "node:fs";
import type { Relay } from "./relay.ts";
import type { Variant } from "./talkers.ts";

/** Calls that are open before: what the first ones take is no call's. */
const WARM_UP_CALLS = 100;
const PARTY_FIRST = 20_000;

/** What so many more calls of one audio stream take: of the relay's own memory, and of the kernel's. */
export async function memoryPerCall(relay: Relay, calls: number, variant: Variant) {
  const parties = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      public: PARTY_FIRST + 2 * i,
      private: PARTY_FIRST + 2 * i,
    }));
  await relay.open(parties(WARM_UP_CALLS), variant);
  const before = read(relay.pid);
  await relay.open(parties(calls), variant);
  const after = read(relay.pid);
  await relay.close();
  const perCall = (kib: number): number => Math.round((10 * kib) / calls) / 10;
  return {
    variant,
    relay: relay.name,
    heldCalls: calls,
    memoryKibPerCall: {
      process: perCall(after.process - before.process),
      kernel: perCall(after.kernel - before.kernel),
    },
  };
}

function read(pid: number): { readonly process: number; readonly kernel: number } {
  const kib = (file: string, name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(file, "latin1"))?.[1]);
  return { process: kib(`/proc/${pid}/status`, "VmRSS"), kernel: kib("/proc/meminfo", "Slab") };
}
