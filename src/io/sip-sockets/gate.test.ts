import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import type { Side, Transport } from "#sip";
import { RecordedEvents } from "./recorded-events.ts";
import { SipSockets } from "./sip-sockets.ts";

const message = (body: string): string =>
  `MESSAGE sip:a@b SIP/2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Sockets with a gate that lets in whom the test says. */
class Gated extends RecordedEvents {
  readonly asked: string[] = [];
  denied: (port: number) => boolean = () => false;

  admits(side: Side, address: string, port: number): boolean {
    this.asked.push(`${side} ${address}`);
    return !this.denied(port);
  }
}

async function gated(transport: Transport) {
  const events = new Gated();
  const side = "public" as const;
  const listeners = [{ side, transport, address: "127.0.0.1", port: 0, dscp: 0 }];
  const sockets = await SipSockets.open({ listeners }, events);
  return { events, sockets, port: sockets.listening[0]!.port };
}

function bare(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  return socket;
}

const ended = (peer: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (peer.closed) resolve();
    else peer.resume().once("close", () => resolve());
  });

test("D1: a datagram of a denied place is nobody's: no message, no STUN, no keep-alive", async () => {
  const { events, sockets, port } = await gated("udp");
  const [bad, good] = [createSocket("udp4"), createSocket("udp4")];
  for (const socket of [bad, good]) await once(socket.bind(0, "127.0.0.1"), "listening");
  events.denied = (from) => from === bad.address().port;
  const stun = Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Array(12).fill(7)]);
  for (const bytes of [message("1"), "\r\n\r\n", stun]) bad.send(bytes, port, "127.0.0.1");
  good.send(message("2"), port, "127.0.0.1");
  assert.equal((await events.next("received")).text, message("2"));
  assert.deepEqual(events.left, []);
  assert.deepEqual(events.asked, new Array(4).fill("public 127.0.0.1"));
  bad.close();
  good.close();
  await sockets.close();
});

test("D1: of datagrams that wait together each has its own source, and the denied ones' are not read", async () => {
  const { events, sockets, port } = await gated("udp");
  const hosts = ["127.0.0.4", "127.0.0.5", "127.0.0.6"];
  const peers = hosts.map(() => createSocket("udp4"));
  for (const [i, peer] of peers.entries()) await once(peer.bind(0, hosts[i]), "listening");
  const bad = peers[1]!.address().port;
  events.denied = (from) => from === bad;
  // More than one batch, by turns of one, two and three in a row.
  const wanted: string[] = [];
  for (let i = 0; i < 90; i++) {
    const nth = Math.floor(i / (1 + (i % 3))) % 3;
    const body = `${hosts[nth]} ${peers[nth]!.address().port} ${i}`;
    peers[nth]!.send(message(body), port, "127.0.0.1");
    if (nth !== 1) wanted.push(`${body} ${hosts[nth]} ${peers[nth]!.address().port}`);
  }
  const heard: string[] = [];
  for (const _ of wanted) {
    const { flow, text } = await events.next("received");
    const body = text.slice(text.lastIndexOf("\n") + 1);
    heard.push(`${body} ${flow.remoteAddress} ${flow.remotePort}`);
  }
  assert.deepEqual(heard, wanted);
  assert.deepEqual(events.left, []);
  for (const peer of peers) peer.close();
  await sockets.close();
});

test("D1: who is denied can't connect, and loses the connections that it has at its next word", async () => {
  const { events, sockets, port } = await gated("tcp");
  const [standing, quiet] = [bare(port), bare(port)];
  standing.write(message("1"));
  quiet.write(message("2"));
  await events.next("received");
  await events.next("received");
  events.denied = () => true;
  const late = bare(port);
  await ended(late);
  assert.equal((await events.next("refused")).refusal.why, "denied");
  standing.write(message("3"));
  await ended(standing);
  assert.equal((await events.next("closed")).why, "denied");
  assert.equal(sockets.connections, 1);
  sockets.closeDenied("denied", (_side, _address, from) => !events.denied(from));
  await ended(quiet);
  assert.equal((await events.next("closed")).why, "denied");
  assert.deepEqual(events.left, []);
  await sockets.close();
});

test("of several connections those of denied places alone are ended", async () => {
  const { events, sockets, port } = await gated("tcp");
  const peers = [bare(port), bare(port), bare(port)];
  for (const peer of peers) {
    peer.write(message("1"));
    await events.next("received");
  }
  const bad = peers[1]!.localPort;
  events.denied = (from) => from === bad;
  sockets.closeDenied("denied", (_side, _address, from) => !events.denied(from));
  await ended(peers[1]!);
  assert.equal((await events.next("closed")).flow.remotePort, bad);
  assert.equal(sockets.connections, 2);
  for (const peer of peers) peer.destroy();
  await sockets.close();
});

test("what we opened ourselves isn't asked for, though its address be denied", async () => {
  const here = await gated("tcp");
  const there = await gated("tcp");
  here.events.denied = () => true;
  const to = {
    side: "public",
    transport: "tcp",
    address: "127.0.0.1",
    port: there.port,
  } as const;
  here.sockets.send(to, message("1"));
  const { flow } = await there.events.next("received");
  const { remoteAddress, remotePort, id } = flow;
  there.sockets.send({ ...to, address: remoteAddress, port: remotePort, flow: id }, message("2"));
  assert.equal((await here.events.next("received")).text, message("2"));
  here.sockets.closeDenied("denied", () => false);
  assert.equal(here.sockets.connections, 1);
  await here.sockets.close();
  await there.sockets.close();
});
