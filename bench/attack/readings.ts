import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Host, RunningGateway } from "../../test/lab/index.ts";
import { residentKib } from "../calls/processor-time.ts";

/** Resident memory and deny lists after so many seconds. */
export interface Reading {
  readonly second: number;
  readonly gatewayKib: number;
  readonly planeKib: number;
  /** Lines of both deny lists. */
  readonly denied: number;
}

const READINGS = 20;
const SETTLE_MS = 10_000;
const POLL_MS = 100;

/** Reads some twenty times in so many seconds, until it is told to stop. */
export function readThrough(gateway: RunningGateway, seconds: number): () => Reading[] {
  const readings: Reading[] = [];
  const began = performance.now();
  const read = (): void => {
    const { pid } = gateway.program;
    const gatewayKib = residentKib([pid], "alone");
    readings.push({
      second: Math.round((performance.now() - began) / 1000),
      gatewayKib,
      planeKib: residentKib([pid], "family") - gatewayKib,
      denied: Object.values(deniedByRule(gateway)).reduce((sum, count) => sum + count, 0),
    });
  };
  read();
  const timer = setInterval(read, (seconds * 1000) / READINGS);
  return () => {
    clearInterval(timer);
    read();
    return readings;
  };
}

/** Lines of the deny lists as they are written down, by the rule that put them there. */
export function deniedByRule({ settingsFile }: RunningGateway): Record<string, number> {
  const file = join(dirname(settingsFile), "data", "denied.sqlite");
  const database = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
  try {
    const counts: Record<string, number> = {};
    for (const { text } of database.prepare("SELECT text FROM denied").all()) {
      const { rule } = JSON.parse(String(text)) as { rule: string };
      counts[rule] = (counts[rule] ?? 0) + 1;
    }
    return counts;
  } finally {
    database.close();
  }
}

/** Ports of RTP that are bound on the gateway's host. */
export function boundPorts(host: Host, { portMin, portMax }: { portMin: number; portMax: number }) {
  const ports = host.run("ss", "-Huna").matchAll(/:(\d+)\s+\S+:\*/g);
  return [...ports].filter(([, port]) => Number(port) >= portMin && Number(port) <= portMax).length;
}

/** How many stay bound once there is time to close them. */
export async function settled(count: () => number): Promise<number> {
  for (const limit = performance.now() + SETTLE_MS; ; ) {
    const now = count();
    if (now === 0 || performance.now() > limit) return now;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
