import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Stream } from "#media";
import { LoopbackPeer, ownAddress, remoteOf, rtpPacket, streamBetween } from "./loopback-peer.ts";
import { startPlaneProcess } from "./plane-process.ts";

const CALLS = 2500;
const PORT_FIRST = 20_000;
const WARM_CALLS = 50;
/** Of the plane's own memory; the kernel's for four sockets is some 12 KiB more (bench:media). */
const KIB_PER_CALL_MAX = 28;

const residentKib = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);

test("10,000 ports are bound at once, each relays, and a call takes little memory", async (t) => {
  const plane = await startPlaneProcess();
  t.after(() => plane.close());
  if (plane.callsMax < CALLS) {
    t.skip(`the limit of open files carries ${plane.callsMax} calls, not ${CALLS}`);
    return;
  }
  const failed: string[] = [];
  plane.onEvent((event) => {
    if (event.kind === "failed") failed.push(`${event.id}: ${event.why}`);
  });
  await using outer = await LoopbackPeer.open();
  await using inner = await LoopbackPeer.open();
  const localAddress = ownAddress();
  const streams = Array.from({ length: CALLS }, (_, i): Stream => {
    const port = PORT_FIRST + 4 * i;
    const id = `call-${i}:0`;
    return streamBetween(
      {
        caller: { localAddress, port, ...remoteOf(outer) },
        callee: { localAddress, port: port + 2, ...remoteOf(inner) },
      },
      { id, callId: id },
    );
  });
  const open = async (some: readonly Stream[]): Promise<void> => {
    for (const stream of some) plane.perform({ kind: "stream", stream });
    await plane.counters([]);
  };
  await open(streams.slice(0, WARM_CALLS));
  const before = residentKib(plane.pid!);
  await open(streams.slice(WARM_CALLS));
  const perCall = (residentKib(plane.pid!) - before) / (CALLS - WARM_CALLS);
  assert.deepEqual(failed, []);
  assert.equal((await plane.counters()).length, CALLS);
  assert.ok(perCall <= KIB_PER_CALL_MAX, `${perCall.toFixed(1)} KiB a call`);
  for (const [i, stream] of streams.entries()) {
    await outer.send(rtpPacket(i), stream.ends.caller);
    assert.deepEqual(await inner.next(), {
      bytes: rtpPacket(i),
      from: stream.ends.callee.port,
    });
  }
});
