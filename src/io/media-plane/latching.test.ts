import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { MediaEvent, Stream, StreamEnd } from "#media";
import { type InProcessPlane, startInProcess } from "./in-process.ts";
import {
  freePairs,
  LoopbackPeer,
  type Packet,
  remoteOf,
  rtcpPacket,
  rtpPacket,
  streamBetween,
} from "./loopback-peer.ts";

// Attack case E1: who may send into a stream, and who may draw it to himself. The public end is
// the one under attack; the private peer hears what passes.

const LEARNING_MS = 5000;

let plane: InProcessPlane;
let events: MediaEvent[];
let inner: LoopbackPeer;
let agreed: LoopbackPeer;
let stream: Stream;
const strangers: LoopbackPeer[] = [];

beforeEach(async () => {
  plane = await startInProcess({ manualClock: true });
  events = [];
  plane.onEvent((event) => events.push(event));
  inner = await LoopbackPeer.open();
  agreed = await LoopbackPeer.open();
});

afterEach(async () => {
  for (const peer of [inner, agreed, ...strangers.splice(0)]) await peer[Symbol.asyncDispose]();
  await plane.close();
});

/** Opens the stream with a caller end like this. */
async function open(end: Partial<StreamEnd>): Promise<void> {
  const [a, b] = await freePairs(2);
  const wishes = {
    caller: { port: a!, ...remoteOf(agreed), remoteRtcpPort: 9, ...end },
    callee: { port: b!, ...remoteOf(inner), remoteRtcpPort: 9 },
  };
  stream = streamBetween(wishes);
  plane.perform({ kind: "stream", stream });
  await plane.counters([]);
}

/** The peer's description changes the caller end. */
async function agree(end: Partial<StreamEnd>): Promise<void> {
  stream = { ...stream, ends: { ...stream.ends, caller: { ...stream.ends.caller, ...end } } };
  plane.perform({ kind: "stream", stream });
  await plane.counters([]);
}

async function stranger(address = "127.0.0.2"): Promise<LoopbackPeer> {
  const peer = await LoopbackPeer.open(address);
  strangers.push(peer);
  return peer;
}

/** Whether what a peer sends from outside arrives inside. */
async function passes(peer: LoopbackPeer, bytes: Buffer = rtpPacket(1)): Promise<boolean> {
  const before = await taken();
  await peer.send(bytes, stream.ends.caller);
  const passed = (await taken()) > before;
  if (passed) assert.deepEqual((await inner.next()).bytes, bytes);
  return passed;
}

async function taken(): Promise<number> {
  const [counters] = await plane.counters([stream.id]);
  return counters!.ends.caller.packetsIn;
}

/** Who hears what comes from inside. */
async function hears(): Promise<LoopbackPeer> {
  await inner.send(rtpPacket(99), stream.ends.callee);
  const peers = [agreed, ...strangers];
  const heard = (peer: LoopbackPeer): Promise<[LoopbackPeer, Packet]> =>
    peer.next().then((packet) => [peer, packet]);
  const [peer, packet] = await Promise.race(peers.map(heard));
  assert.deepEqual(packet.bytes, rtpPacket(99));
  return peer;
}

const drops = async (): Promise<unknown> =>
  (await plane.counters([stream.id]))[0]!.ends.caller.drops;

test("strict: the agreed address and port, and no other", async () => {
  await open({});
  assert.equal(await passes(await stranger()), false);
  assert.equal(await passes(await stranger("127.0.0.1")), false);
  assert.equal(await passes(agreed), true);
  assert.deepEqual(await drops(), { "foreign-source": 2 });
  assert.equal(await hears(), agreed);
  assert.deepEqual(events, []);
});

test("learning: the first valid packet decides, and nobody else gets in or hears", async () => {
  await open({ latch: true });
  const phone = await stranger();
  await (await stranger("127.0.0.3")).send(Buffer.from("not RTP"), stream.ends.caller);
  assert.equal(await passes(phone), true);
  const { address, port } = phone;
  assert.deepEqual(events, [{ kind: "latched", id: stream.id, role: "caller", address, port }]);
  assert.equal(await passes(await stranger("127.0.0.3")), false);
  assert.equal(await passes(await stranger("127.0.0.2")), false);
  assert.equal(await hears(), phone);
});

test("an attacker who was first gives way to the agreed source, in the first seconds", async () => {
  await open({ latch: true });
  const attacker = await stranger();
  assert.equal(await passes(attacker), true);
  plane.advance(LEARNING_MS - 1);
  assert.equal(await passes(agreed), true);
  assert.equal(await passes(attacker), false);
  assert.equal(await hears(), agreed);
});

test("a source on the agreed host is better than one elsewhere, and the agreed port best", async () => {
  await open({ latch: true });
  const sameHost = await stranger("127.0.0.1");
  assert.equal(await passes(await stranger()), true);
  assert.equal(await passes(sameHost), true);
  assert.equal(await passes(await stranger("127.0.0.1")), false);
  assert.equal(await passes(agreed), true);
  assert.equal(await passes(sameHost), false);
});

test("after the first seconds nobody takes the place, however well founded", async () => {
  await open({ latch: true });
  const phone = await stranger();
  assert.equal(await passes(phone), true);
  plane.advance(LEARNING_MS);
  assert.equal(await passes(agreed), false);
  assert.equal(await hears(), phone);
});

test("the same description again doesn't open learning, nor does a hold", async () => {
  await open({ latch: true });
  const phone = await stranger();
  assert.equal(await passes(phone), true);
  plane.advance(LEARNING_MS);
  const { remoteAddress, remotePort, ...held } = stream.ends.caller;
  const { ends } = stream;
  plane.perform({ kind: "stream", stream: { ...stream, ends: { ...ends, caller: held } } });
  plane.perform({ kind: "stream", stream });
  assert.equal(await passes(await stranger("127.0.0.3")), false);
  assert.equal(await passes(phone), true);
  assert.equal(await hears(), phone);
});

test("a new description opens learning, which packets of the old source don't win", async () => {
  await open({ latch: true });
  const before = await stranger();
  assert.equal(await passes(before), true);
  plane.advance(LEARNING_MS);
  await agree({ remotePort: (await stranger("127.0.0.1")).port });
  assert.equal(await passes(before), true, "what is on its way still passes");
  const after = await stranger("127.0.0.4");
  assert.equal(await passes(after), true);
  assert.equal(await passes(before), false);
  assert.equal(await hears(), after);
});

test("a peer that only changed its description and not its source is taken back", async () => {
  await open({ latch: true });
  const phone = await stranger();
  assert.equal(await passes(phone), true);
  await agree({ remotePort: (await stranger("127.0.0.1")).port });
  assert.equal(await passes(phone), true);
  plane.advance(LEARNING_MS);
  assert.equal(await passes(phone), true);
  assert.equal(await hears(), phone);
  assert.equal(await passes(await stranger("127.0.0.5")), false);
});

test("RTCP comes from where media comes from", async () => {
  await open({ latch: true });
  const rtcpEnd = { ...stream.ends.caller, port: stream.ends.caller.rtcpPort };
  const phone = await stranger();
  assert.equal(await passes(phone), true);
  await (await stranger("127.0.0.3")).send(rtcpPacket(), rtcpEnd);
  assert.deepEqual(await drops(), { "foreign-source": 1 });
  await (await stranger("127.0.0.2")).send(rtcpPacket(), rtcpEnd);
  const [counters] = await plane.counters([stream.id]);
  assert.equal(counters!.ends.caller.rtcpIn, 1);
});

test("before anything is agreed nothing is learnt", async () => {
  const { remoteAddress, remotePort, ...unknown } = {
    ...remoteOf(agreed),
    latch: true,
  };
  const [a, b] = await freePairs(2);
  stream = streamBetween({
    caller: { port: a!, ...unknown },
    callee: { port: b!, ...remoteOf(inner) },
  });
  plane.perform({ kind: "stream", stream });
  assert.equal(await passes(await stranger()), false);
  assert.deepEqual(await drops(), { "not-agreed": 1 });
});
