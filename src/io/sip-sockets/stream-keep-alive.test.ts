import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import type { Destination } from "#sip";
import type { SocketLimits } from "./configuration.ts";
import { RecordedEvents } from "./recorded-events.ts";
import { SipSockets } from "./sip-sockets.ts";

const HELLO = "MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n";
const ALIVE: Partial<SocketLimits> = { keepAliveS: 0.02, pongMs: 30 };

async function open(limits: Partial<SocketLimits>) {
  const events = new RecordedEvents();
  const listener = { side: "public", transport: "tcp", address: "127.0.0.1", port: 0 } as const;
  const sockets = await SipSockets.open({ listeners: [{ ...listener, dscp: 0 }], limits }, events);
  return { events, sockets, port: sockets.listening[0]!.port };
}

/** A server that does with each connection what a peer might do, and counts the pings it reads. */
async function peerThat(answers: (pings: number) => string) {
  const pings: (() => void)[] = [];
  let seen = 0;
  const server = createServer((socket) => {
    socket.setEncoding("latin1").on("data", (text) => {
      if (String(text) !== "\r\n\r\n") return;
      seen += 1;
      socket.write(answers(seen));
      for (const wake of pings.splice(0)) wake();
    });
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const to: Destination = {
    side: "public",
    transport: "tcp",
    address: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
  };
  const until = async (count: number): Promise<void> => {
    while (seen < count) await new Promise<void>((wake) => pings.push(wake));
  };
  return { server, to, until };
}

test("a peer that never answers keep-alives is kept: it need not know them", async () => {
  const { events, sockets } = await open(ALIVE);
  const { server, to, until } = await peerThat(() => "");
  sockets.send(to, HELLO);
  await until(6);
  assert.deepEqual(events.left, []);
  await sockets.close();
  server.close();
});

test("a peer that has answered keep-alives and answers no more is cut off", async () => {
  const { events, sockets } = await open(ALIVE);
  const { server, to } = await peerThat((pings) => (pings <= 3 ? "\r\n" : ""));
  sockets.send(to, HELLO);
  assert.equal((await events.next("closed")).why, "ping unanswered");
  await sockets.close();
  server.close();
});

test("a ping that is asked for is told when it is answered, and ends the flow when it isn't", async () => {
  const { events, sockets } = await open({ pongMs: 30 });
  const answers = [HELLO, "\r\n"];
  const server = createServer((socket) => {
    socket.on("data", () => socket.write(answers.shift() ?? "")).on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const to = { side: "public", transport: "tcp", address: "127.0.0.1", port } as const;
  sockets.send(to, HELLO);
  const { flow } = await events.next("received");
  sockets.ping(flow.id);
  assert.equal((await events.next("pong")).flow.id, flow.id);
  sockets.ping(flow.id);
  assert.equal((await events.next("closed")).why, "ping unanswered");
  await sockets.close();
  server.close();
});

test("a peer that pings too is answered, and not taken for one that answers", async () => {
  const { events, sockets } = await open(ALIVE);
  const { server, to, until } = await peerThat((pings) => (pings === 1 ? "\r\n\r\n" : ""));
  sockets.send(to, HELLO);
  await events.next("keep-alive");
  await until(6);
  assert.equal(sockets.connections, 1);
  await sockets.close();
  server.close();
});

test("who connected to us keeps the flow alive, not we", async () => {
  const { events, sockets, port } = await open({ ...ALIVE, idleS: 0.1 });
  const peer = connect(port, "127.0.0.1").setEncoding("latin1");
  let heard = "";
  peer.on("data", (text) => {
    heard += text;
  });
  peer.write(HELLO);
  assert.equal((await events.next("closed")).why, "idle");
  assert.equal(heard, "");
  await sockets.close();
});
