import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { EndCounters, Format, MediaEvent, Stream } from "#media";
import { type InProcessPlane, startInProcess } from "./in-process.ts";
import { freePairs, LoopbackPeer, remoteOf, rtpPacket, streamBetween } from "./loopback-peer.ts";

const EVENTS = 101;
const FORMATS: readonly Format[] = [
  { payloadType: 0, encoding: "pcmu", clockHz: 8000 },
  { payloadType: EVENTS, encoding: "telephone-event", clockHz: 8000 },
];

let plane: InProcessPlane;
let events: MediaEvent[];

beforeEach(async () => {
  plane = await startInProcess({ manualClock: true });
  events = [];
  plane.onEvent((event) => events.push(event));
});
afterEach(() => plane.close());

/** Resolves when the plane has done all it was told, and events have come. */
const settled = (): Promise<unknown> => plane.counters([]);

async function pass(ms: number): Promise<void> {
  plane.advance(ms);
  await settled();
}

/** A caller and a callee, RTP and RTCP on one port each. */
async function call(id = "call-1:0", others: Partial<Stream> = {}) {
  const caller = await LoopbackPeer.open();
  const callee = await LoopbackPeer.open();
  const [a, b] = await freePairs(2);
  const wish = (port: number, peer: LoopbackPeer) => ({
    ...{ port, rtcpPort: port, formats: FORMATS },
    ...remoteOf(peer, peer),
  });
  const wishes = { caller: wish(a!, caller), callee: wish(b!, callee) };
  const stream = streamBetween(wishes, { id, ...others });
  plane.perform({ kind: "stream", stream });
  await settled();
  return {
    caller,
    callee,
    stream,
    /** One packet of the caller's, heard by the callee. */
    say: async (packet: Buffer): Promise<void> => {
      await caller.send(packet, stream.ends.caller);
      await callee.next();
    },
    reply: async (packet: Buffer): Promise<void> => {
      await callee.send(packet, stream.ends.callee);
      await caller.next();
    },
    counted: async (): Promise<Ends> => {
      const [counters] = await plane.counters([id]);
      assert.ok(counters);
      return counters.ends;
    },
    async [Symbol.asyncDispose]() {
      await caller[Symbol.asyncDispose]();
      await callee[Symbol.asyncDispose]();
    },
  };
}

type Ends = Readonly<Record<"caller" | "callee", EndCounters>>;

/** A report block's last sender report, and how long ago it came, in 1/65536 s. */
function report(type: 200 | 201, middle: number, last: number, keptFor: number): Buffer {
  const head = type === 200 ? 28 : 8;
  const packet = Buffer.alloc(head + 24);
  packet.writeUInt16BE(0x8100 | type, 0);
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
  if (type === 200) packet.writeUInt32BE(middle, 10);
  packet.writeUInt32BE(last, head + 16);
  packet.writeUInt32BE(keptFor, head + 20);
  return packet;
}

function digit(sequence: number, timestamp: number): Buffer {
  const packet = rtpPacket(sequence).subarray(0, 16);
  packet[1] = EVENTS;
  packet.writeUInt32BE(timestamp, 4);
  packet.writeUInt32BE(0x050a_00a0, 12);
  return packet;
}

test("what came late, twice or never is counted for the end that sent it", async () => {
  await using one = await call();
  for (const sequence of [1, 2, 4, 3, 3, 6, 9]) await one.say(rtpPacket(sequence));
  const { caller, callee } = await one.counted();
  assert.equal(caller.packetsIn, 7);
  assert.deepEqual([caller.lost, caller.reordered, caller.duplicates], [3, 1, 1]);
  assert.deepEqual([callee.lost, callee.reordered, callee.duplicates], [0, 0, 0]);
});

test("jitter is told by the codec's clock, of late and in the mean", async () => {
  await using one = await call();
  assert.equal((await one.counted()).caller.jitterMs, undefined);
  await one.say(rtpPacket(1));
  for (let sequence = 2; sequence < 6; sequence++) {
    await pass(20);
    await one.say(rtpPacket(sequence));
  }
  assert.equal((await one.counted()).caller.jitterMs, 0);
  await pass(36);
  await one.say(rtpPacket(6));
  const { caller, callee } = await one.counted();
  assert.ok(Math.abs(caller.jitterMs! - 1) < 1e-9);
  assert.ok(Math.abs(caller.jitterMeanMs! - 0.2) < 1e-9);
  assert.equal(callee.jitterMs, undefined);
});

test("another source begins its own account and leaves the former one's as it is", async () => {
  await using one = await call();
  for (const sequence of [1, 2, 4]) await one.say(rtpPacket(sequence, 1));
  await pass(5000);
  for (const sequence of [700, 701]) {
    await one.say(rtpPacket(sequence, 2));
    await pass(20);
  }
  const { caller } = await one.counted();
  assert.deepEqual([caller.packetsIn, caller.lost, caller.jitterMs], [5, 1, 0]);
});

test("digits are counted, each once", async () => {
  await using one = await call();
  for (const sequence of [1, 2, 3]) await one.say(digit(sequence, 800));
  for (const sequence of [4, 5]) await one.say(digit(sequence, 2400));
  await one.say(rtpPacket(6));
  const { caller } = await one.counted();
  assert.deepEqual([caller.dtmfEvents, caller.payloadType], [2, 0]);
});

test("the round trip to each peer is what it didn't keep a sender report for", async () => {
  await using one = await call();
  await one.say(report(200, 0x1234_5678, 0, 0));
  await pass(540);
  // Kept for half a second: 40 ms there and back.
  await one.reply(report(200, 0x9abc_def0, 0x1234_5678, 0x8000));
  await pass(110);
  await one.say(report(201, 0, 0x9abc_def0, 0));
  const { caller, callee } = await one.counted();
  assert.deepEqual([callee.roundTripMs, callee.roundTripMeanMs], [40, 40]);
  assert.equal(caller.roundTripMs, 110);
});

const batches = (): string[][] =>
  events.flatMap((event) =>
    event.kind === "figures" ? [event.streams.map(({ id }) => id).sort()] : [],
  );

test("every few seconds one batch tells of the streams that heard something", async () => {
  await using one = await call("call-1:0");
  await using two = await call("call-2:0");
  plane.perform({ kind: "figures", everyS: 5 });
  await pass(4000);
  assert.deepEqual(batches(), []);
  await pass(1000);
  assert.deepEqual(batches(), [["call-1:0", "call-2:0"]]);
  await pass(1000);
  await two.say(rtpPacket(1));
  await pass(4000);
  assert.deepEqual(batches().slice(1), [["call-2:0"]]);
  await pass(10_000);
  assert.equal(batches().length, 2);
  await one.say(rtpPacket(1));
  plane.perform({ kind: "figures", everyS: 0 });
  await pass(10_000);
  assert.equal(batches().length, 2);
});

test("a batch of many streams is one event, and a stream that closes meanwhile is told of", async () => {
  const pairs = await freePairs(400, "127.0.0.91");
  const ids = pairs.slice(0, 200).map((_, i) => `call-${i}:0`);
  for (const [i, id] of ids.entries()) {
    const end = (port: number) => ({ port, rtcpPort: port, localAddress: "127.0.0.91" });
    const wishes = { caller: end(pairs[2 * i]!), callee: end(pairs[2 * i + 1]!) };
    plane.perform({ kind: "stream", stream: streamBetween(wishes, { id }) });
  }
  plane.perform({ kind: "figures", everyS: 1 });
  await pass(1000);
  for (const id of ids) plane.perform({ kind: "close", id });
  await settled();
  const closedBefore = events
    .slice(
      0,
      events.findIndex(({ kind }) => kind === "figures"),
    )
    .flatMap((event) => (event.kind === "closed" ? [event.counters.id] : []));
  assert.equal(batches().length, 1);
  assert.deepEqual([...new Set([...batches()[0]!, ...closedBefore])].sort(), ids.toSorted());
  assert.equal(events.filter(({ kind }) => kind === "closed").length, 200);
});
