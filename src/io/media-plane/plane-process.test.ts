import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { MediaEvent, Stream } from "#media";
import { freePairs, LoopbackPeer, remoteOf, rtpPacket, streamBetween } from "./loopback-peer.ts";
import { type PlaneProcess, startPlaneProcess } from "./plane-process.ts";

const PLANE_PROCESS = fileURLToPath(new URL("plane-process.ts", import.meta.url));

/** The next event of a plane. */
const eventOf = (plane: PlaneProcess): Promise<MediaEvent> =>
  new Promise((resolve) => plane.onEvent(resolve));

/** Sends one packet through a stream between two new peers; fails by timeout if it is lost. */
async function relays(plane: PlaneProcess, ports: readonly number[]): Promise<void> {
  await using outer = await LoopbackPeer.open();
  await using inner = await LoopbackPeer.open();
  const stream: Stream = streamBetween({
    caller: { port: ports[0]!, ...remoteOf(outer) },
    callee: { port: ports[1]!, ...remoteOf(inner) },
  });
  plane.perform({ kind: "stream", stream });
  await plane.counters([]);
  await outer.send(rtpPacket(1), stream.ends.caller);
  assert.deepEqual((await inner.next()).bytes, rtpPacket(1));
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("media goes through a process of its own, which ends with the plane", async () => {
  const plane = await startPlaneProcess();
  const { pid } = plane;
  assert.ok(pid !== undefined && pid !== process.pid && plane.callsMax > 0);
  await relays(plane, await freePairs(2));
  const [counters] = await plane.counters();
  assert.equal(counters?.ends.callee.packetsOut, 1);
  await plane.close();
  assert.equal(isAlive(pid), false);
});

test("a plane that is killed comes back, says so, and takes the same ports again", async () => {
  const plane = await startPlaneProcess();
  const ports = await freePairs(2);
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await relays(plane, ports);
    const { pid } = plane;
    const restarted = eventOf(plane);
    process.kill(pid!, signal);
    assert.deepEqual(await restarted, { kind: "restarted", fingerprint: plane.fingerprint });
    assert.notEqual(plane.pid, pid);
    assert.deepEqual(await plane.counters(), []);
  }
  await relays(plane, ports);
  await plane.close();
});

test("what is closed while the plane dies is closed", async () => {
  const plane = await startPlaneProcess();
  await relays(plane, await freePairs(2));
  const events: MediaEvent[] = [];
  const back = new Promise<void>((resolve) =>
    plane.onEvent((event) => {
      events.push(event);
      if (event.kind === "restarted") resolve();
    }),
  );
  process.kill(plane.pid!, "SIGSTOP");
  plane.perform({ kind: "close", id: "call-1:0" });
  const counters = plane.counters();
  process.kill(plane.pid!, "SIGKILL");
  assert.deepEqual(await counters, []);
  await back;
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["closed", "restarted"],
  );
  await plane.close();
});

test("a Ctrl-C isn't for the plane: the gateway drains first", async () => {
  const plane = await startPlaneProcess();
  const { pid } = plane;
  process.kill(pid!, "SIGINT");
  await relays(plane, await freePairs(2));
  assert.equal(plane.pid, pid);
  await plane.close();
});

test("a plane whose gateway was killed ends by itself", async () => {
  const script = `import { startPlaneProcess } from ${JSON.stringify(PLANE_PROCESS)};
    const plane = await startPlaneProcess();
    process.stdout.write(String(plane.pid));`;
  const gateway = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [pid] = await once(gateway.stdout, "data");
  assert.equal(isAlive(Number(pid)), true);
  gateway.kill("SIGKILL");
  // The plane has the same stderr: it closes when both are gone.
  gateway.stderr.resume();
  await once(gateway.stderr, "close");
});
