import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { MediaEvent } from "#media";
import { freePairs, LoopbackPeer, remoteOf, rtpPacket, streamBetween } from "./loopback-peer.ts";
import { type PlaneProcess, startPlaneProcess } from "./plane-process.ts";

/** What the kernel says of each thread of a process. */
function statusOfThreads(pid: number): Map<string, string>[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    return new Map(
      text
        .trim()
        .split("\n")
        .map((line) => line.split(/:\s*/) as [string, string]),
    );
  });
}

/** The soft and the hard limit of a process. */
function limitOf(pid: number | "self", name: string): string[] {
  const text = readFileSync(`/proc/${pid}/limits`, "utf8");
  const line = text.split("\n").find((each) => each.startsWith(name));
  return line!.slice(name.length).trim().split(/\s+/).slice(0, 2);
}

async function plane(): Promise<PlaneProcess & AsyncDisposable> {
  const started = await startPlaneProcess();
  return Object.assign(started, { [Symbol.asyncDispose]: () => started.close() });
}

test("no thread of the plane has a privilege, or can get one", async () => {
  await using running = await plane();
  const threads = statusOfThreads(running.pid!);
  // The runtime's own, the loop and its watchdog.
  assert.ok(threads.length >= 3);
  for (const status of threads) {
    assert.equal(status.get("NoNewPrivs"), "1");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) {
      assert.equal(status.get(set), "0".repeat(16), set);
    }
  }
});

test("every thread of the plane may call what a relay needs, and no more", async () => {
  await using running = await plane();
  for (const status of statusOfThreads(running.pid!)) assert.equal(status.get("Seccomp"), "2");
});

test("the plane writes no core, and opens all files that it may", async () => {
  await using running = await plane();
  assert.deepEqual(limitOf(running.pid!, "Max core file size"), ["0", "0"]);
  const [soft, hard] = limitOf(running.pid!, "Max open files").map(Number);
  assert.equal(soft, hard);
  assert.ok(hard! >= Number(limitOf("self", "Max open files")[1]));
});

test("a plane under these restrictions opens ports, relays by them and closes them", async () => {
  await using running = await plane();
  for (const address of ["127.0.0.1", "::1"]) {
    await using outer = await LoopbackPeer.open(address);
    await using inner = await LoopbackPeer.open(address);
    const [one, other] = await freePairs(2, address);
    const stream = streamBetween({
      caller: { localAddress: address, port: one!, ...remoteOf(outer) },
      callee: { localAddress: address, port: other!, ...remoteOf(inner) },
    });
    running.perform({ kind: "stream", stream });
    await running.counters([]);
    await outer.send(rtpPacket(1), stream.ends.caller);
    assert.deepEqual((await inner.next()).bytes, rtpPacket(1));
    const closed = new Promise<MediaEvent>((resolve) => running.onEvent(resolve));
    running.perform({ kind: "close", id: stream.id });
    assert.equal((await closed).kind, "closed");
  }
});

test("a plane that no longer takes its commands is ended, and comes back", async () => {
  await using running = await plane();
  const { pid } = running;
  const restarted = new Promise<MediaEvent>((resolve) => running.onEvent(resolve));
  process.kill(pid!, "SIGSTOP");
  const stream = streamBetween({ caller: { port: 30_000 }, callee: { port: 30_002 } });
  // More than it may leave unread, one turn of the event loop after the other.
  for (let turn = 0; turn < 40 && running.pid === pid; turn++) {
    for (let i = 0; i < 20_000; i++) running.perform({ kind: "stream", stream });
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await restarted).kind, "restarted");
  assert.notEqual(running.pid, pid);
});
