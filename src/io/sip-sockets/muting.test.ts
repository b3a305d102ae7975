import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { Source } from "./configuration.ts";
import { DatagramFilter } from "./datagram-filter.ts";
import { RecordedEvents } from "./recorded-events.ts";
import { SipSockets } from "./sip-sockets.ts";

const listenerAt = (address: string, port = 0, side: "public" | "private" = "public") => ({
  side,
  transport: "udp" as const,
  address,
  port,
  dscp: 0,
});

const message = (body: string): string =>
  `MESSAGE sip:a@b SIP/2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

async function opened(context: TestContext, address: string) {
  const events = new RecordedEvents();
  const sockets = await SipSockets.open({ listeners: [listenerAt(address)] }, events);
  context.after(() => sockets.close());
  const { port } = sockets.listening[0]!;
  const peer = async (from = address): Promise<Socket> => {
    const socket = createSocket(from.includes(":") ? "udp6" : "udp4").bind(0, from);
    await once(socket, "listening");
    context.after(() => socket.close());
    return socket;
  };
  const heard = async (from: Socket, body: string): Promise<void> => {
    from.send(message(body), port, address);
    assert.equal((await events.next("received")).text, message(body));
  };
  /** Leaves before what `after` sends: a datagram that isn't kept has been dropped by then. */
  const unheard = async (from: Socket, after: Socket): Promise<void> => {
    const dropped = sockets.dropped;
    await new Promise((resolve) => from.send(message("in vain"), port, address, resolve));
    await heard(after, "after it");
    assert.equal(sockets.dropped, dropped + 1);
    assert.deepEqual(events.left, []);
  };
  const mute = async (...sources: readonly Source[]): Promise<void> => {
    sockets.mute(sources);
    await new Promise(process.nextTick);
  };
  return { sockets, port, peer, heard, unheard, mute };
}

test("D1: a muted source reaches nobody, others of its network do, and it does once it isn't", async (t) => {
  const { peer, heard, unheard, mute } = await opened(t, "127.0.0.1");
  const [bad, good] = [await peer("127.0.0.5"), await peer("127.0.0.4")];
  await heard(bad, "before");
  await mute({ side: "public", address: "127.0.0.5" });
  await unheard(bad, good);
  await mute({ side: "public", address: "127.0.0.6" });
  await heard(bad, "another is meant now");
  await mute();
  await heard(bad, "nobody is");
});

for (const address of ["127.0.0.1", "::1"]) {
  test(`D8: of an address one port alone is muted (${address})`, async (t) => {
    const { peer, heard, unheard, mute } = await opened(t, address);
    const [bad, good] = [await peer(), await peer()];
    await mute({ side: "public", address, port: bad.address().port });
    await unheard(bad, good);
    await mute({ side: "private", address, port: bad.address().port });
    await heard(bad, "the other side's");
  });
}

test("D1: an IPv6 block is muted whole", async (t) => {
  const { peer, heard, unheard, mute } = await opened(t, "::1");
  const [bad, good] = [await peer(), await peer()];
  const { port } = good.address();
  await mute({ side: "public", address: "::1", port: port === 1 ? 2 : 1 });
  await heard(bad, "another port");
  await mute({ side: "public", address: "::/64", port: bad.address().port });
  await unheard(bad, good);
  await mute({ side: "public", address: "2001:db8::/64" });
  await heard(bad, "another block");
});

test("a socket that a change opens, or gives to another side, drops what is muted there", async (t) => {
  const { sockets, port, peer, unheard, heard, mute } = await opened(t, "127.0.0.1");
  const [bad, good] = [await peer("127.0.0.5"), await peer("127.0.0.4")];
  await mute({ side: "public", address: "127.0.0.5" });
  await sockets.apply({ listeners: [] });
  await sockets.apply({ listeners: [listenerAt("127.0.0.1", port)] });
  await unheard(bad, good);
  await sockets.apply({ listeners: [listenerAt("127.0.0.1", port, "private")] });
  await heard(bad, "on the other side");
});

test("as many are muted as the system has room for, and none by a filter of before", () => {
  const patterns = Array.from({ length: 100 }, (_, i) => ({
    block: { bytes: [10, 0, 0, i], prefix: 32 },
  }));
  let room = 0;
  const taken: number[] = [];
  const socket = {
    steer: () => true,
    filter(program: Uint32Array): boolean {
      const isTaken = program.length <= room;
      if (isTaken) taken.push(program.length);
      return isTaken;
    },
  };
  const filter = new DatagramFilter(socket, 4);
  assert.equal(filter.drop(patterns), 0);
  room = 4 * 100;
  assert.equal(filter.drop(patterns), 50);
  room = 4 * 10_000;
  assert.equal(filter.drop(patterns), 100);
  assert.equal(filter.drop([]), 0);
  assert.equal(taken.at(-1), 0);
  const many = Array.from({ length: 5000 }, (_, i) => ({
    block: { bytes: [10, 0, i >> 8, i & 255], prefix: 32 },
    port: 5060,
  }));
  assert.equal(filter.drop(many), 625);
});
