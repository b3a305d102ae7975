import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { MediaEvent, Stream } from "#media";
import { freePairs, LoopbackPeer, remoteOf, rtpPacket, streamBetween } from "./loopback-peer.ts";
import { type PlaneOptions, type PlaneProcess, startPlaneProcess } from "./plane-process.ts";

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
    assert.deepEqual(await restarted, {
      kind: "restarted",
      fingerprint: plane.fingerprint,
      fingerprint384: plane.fingerprint384,
    });
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

/** A gateway that opens a stream and is killed; the plane has its stderr, which closes with both. */
async function killedGateway(stream: Stream | undefined, outliving: PlaneOptions | undefined) {
  const script = `import { startPlaneProcess } from ${JSON.stringify(PLANE_PROCESS)};
    const plane = await startPlaneProcess(${JSON.stringify(outliving)});
    ${stream ? `plane.perform({ kind: "stream", stream: ${JSON.stringify(stream)} });` : ""}
    await plane.counters([]);
    process.stdout.write(String(plane.pid));`;
  const gateway = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [pid] = await once(gateway.stdout, "data");
  const died = once(gateway, "exit");
  // Before the end: a plane without streams may be gone as soon as its gateway.
  const ended = once(gateway.stderr, "close");
  assert.equal(isAlive(Number(pid)), true);
  gateway.kill("SIGKILL");
  await died;
  gateway.stderr.resume();
  return { pid: Number(pid), ended };
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "plane-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a plane whose gateway was killed ends by itself", async () => {
  const { ended } = await killedGateway(undefined, undefined);
  await ended;
});

test("a plane outlives its gateway, and the next one finds its streams as they are", () =>
  withFolder(async (folder) => {
    const rendezvous = join(folder, "plane.sock");
    await using outer = await LoopbackPeer.open();
    await using inner = await LoopbackPeer.open();
    const ports = await freePairs(2);
    const stream = streamBetween({
      caller: { port: ports[0]!, ...remoteOf(outer) },
      callee: { port: ports[1]!, ...remoteOf(inner) },
    });
    const { pid } = await killedGateway(stream, { rendezvous, outliveS: 60 });
    await outer.send(rtpPacket(1), stream.ends.caller);
    assert.deepEqual((await inner.next()).bytes, rtpPacket(1));
    const plane = await startPlaneProcess({ rendezvous, outliveS: 60 });
    assert.deepEqual([plane.pid, plane.found], [pid, [stream.id]]);
    await outer.send(rtpPacket(2), stream.ends.caller);
    assert.deepEqual((await inner.next()).bytes, rtpPacket(2));
    const [counters] = await plane.counters();
    assert.equal(counters?.ends.callee.packetsOut, 2);
    const closed = eventOf(plane);
    plane.perform({ kind: "close", id: stream.id });
    const last = await closed;
    assert.ok(last.kind === "closed" && last.counters.ends.caller.packetsIn === 2);
    await relays(plane, ports);
    await plane.close();
    const another = await startPlaneProcess({ rendezvous, outliveS: 60 });
    assert.notEqual(another.pid, pid);
    await another.close();
  }));

test("a plane that nobody comes for ends, at once where it has no streams", () =>
  withFolder(async (folder) => {
    const rendezvous = join(folder, "plane.sock");
    const ports = await freePairs(2);
    const stream = streamBetween({ caller: { port: ports[0]! }, callee: { port: ports[1]! } });
    await (await killedGateway(undefined, { rendezvous, outliveS: 3600 })).ended;
    await (await killedGateway(stream, { rendezvous, outliveS: 1 })).ended;
    const plane = await startPlaneProcess({ rendezvous, outliveS: 1 });
    assert.deepEqual(plane.found, []);
    await plane.close();
  }));

test("a plane whose gateway lives isn't taken over, and who tries is told", () =>
  withFolder(async (folder) => {
    const rendezvous = join(folder, "plane.sock");
    const plane = await startPlaneProcess({ rendezvous, outliveS: 60 });
    await assert.rejects(
      startPlaneProcess({ rendezvous, outliveS: 60 }),
      /in use by another gateway/,
    );
    await relays(plane, await freePairs(2));
    await plane.close();
  }));
