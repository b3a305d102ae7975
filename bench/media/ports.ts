import { setImmediate as nextTurn } from "node:timers/promises";
import type { Stream } from "#media";
import { startPlaneProcess } from "#media-plane";
import { cpuUs } from "./cpu-time.ts";

// What the ports of a call cost: opened at the offer, changed at the answer, closed at the end,
// with its last counters read. CPU of both processes, in µs per call.

const CALLS = 20_000;
const CALLS_PER_TURN = 4;
const CONCURRENT = 100;
const PORT_FIRST = 20_000;

const plane = await startPlaneProcess();
const waiting = new Map<string, () => void>();
plane.onEvent((event) => {
  if (event.kind === "failed") throw new Error(`a port could not be opened: ${event.why}`);
  if (event.kind === "closed") waiting.get(event.counters.id)?.();
});

function stream(call: number, answered: boolean): Stream {
  const port = PORT_FIRST + (call % 1000) * 4;
  const common = { localAddress: "127.0.0.1", latch: false, dscp: 46 };
  const remote = { remoteAddress: "127.0.0.1", remotePort: 9000, remoteRtcpPort: 9001 };
  return {
    id: `call-${call}:0`,
    callId: `call-${call}`,
    kind: "rtp",
    silenceS: 60,
    ends: {
      caller: { ...common, port, rtcpPort: port + 1, ...remote },
      callee: { ...common, port: port + 2, rtcpPort: port + 3, ...(answered ? remote : {}) },
    },
  };
}

async function run(calls: number): Promise<void> {
  const closed: Promise<void>[] = [];
  for (let call = 0; call < calls + 2 * CONCURRENT; call++) {
    if (call < calls) plane.perform({ kind: "stream", stream: stream(call, false) });
    const answered = call - CONCURRENT;
    if (answered >= 0 && answered < calls) {
      plane.perform({ kind: "stream", stream: stream(answered, true) });
    }
    const ended = call - 2 * CONCURRENT;
    if (ended >= 0) {
      const { id } = stream(ended, true);
      closed.push(new Promise((resolve) => waiting.set(id, resolve)));
      plane.perform({ kind: "close", id });
      if (ended >= CONCURRENT) waiting.delete(stream(ended - CONCURRENT, true).id);
    }
    if (call % CALLS_PER_TURN === 0) await nextTurn();
    if (closed.length === CONCURRENT) await Promise.all(closed.splice(0));
  }
  await Promise.all(closed);
}

await run(CALLS / 10);
const before = [cpuUs(process.pid), cpuUs(plane.pid!)] as const;
await run(CALLS);
const gateway = (cpuUs(process.pid) - before[0]) / CALLS;
const host = (cpuUs(plane.pid!) - before[1]) / CALLS;
await plane.close();
const round = (us: number): number => Math.round(us * 10) / 10;
console.log(
  JSON.stringify({
    calls: CALLS,
    gatewayUs: round(gateway),
    planeUs: round(host),
    sumUs: round(gateway + host),
  }),
);
