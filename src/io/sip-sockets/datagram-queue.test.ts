import assert from "node:assert/strict";
import { test } from "node:test";
import type { Datagrams } from "#native";
import type { Destination } from "#sip";
import { DatagramQueue } from "./datagram-queue.ts";

const to: Destination = { side: "public", transport: "udp", address: "127.0.0.1", port: 5060 };
const nothingFails = (): void => assert.fail("a datagram failed");

/** A socket that takes some datagrams and then has no room for the rest of the turn. */
class BusySocket implements Datagrams {
  readonly fd = 0;
  readonly dropped = 0;
  readonly port = 0;
  readonly sent: string[] = [];
  longest = 0;
  #room = 0;

  makeRoom(datagrams: number): void {
    this.#room = datagrams;
  }

  send(texts: readonly string[], _hosts: unknown, _ports: unknown, from: number): [number] {
    this.longest = Math.max(this.longest, texts.length);
    const taken = texts.slice(from, from + this.#room);
    this.sent.push(...taken);
    this.#room -= taken.length;
    return [taken.length];
  }

  filter(): boolean {
    return true;
  }

  steer(): boolean {
    return true;
  }

  close(): void {}
}

test("keeps no text that has gone, however long it is busy", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const socket = new BusySocket();
  const queue = new DatagramQueue(socket, nothingFails);
  const turn = (room: number): void => {
    socket.makeRoom(room);
    t.mock.timers.tick(1);
  };
  let put = 0;
  const add = (count: number): void => {
    for (let i = 0; i < count; i++) queue.put(to, `text ${put++}`, undefined);
  };
  add(200);
  await new Promise<void>((done) => process.nextTick(done));
  for (let i = 0; i < 300; i++) {
    add(100);
    turn(100);
  }
  turn(200);
  const all = Array.from({ length: put }, (_, i) => `text ${i}`);
  assert.deepEqual(socket.sent, all);
  assert.ok(socket.longest < 2_000, `${socket.longest} texts were held`);
});
