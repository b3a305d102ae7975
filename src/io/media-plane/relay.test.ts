import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { type EndCounters, type MediaEvent, NOTHING_COUNTED, type Role, type Stream } from "#media";
import { addon } from "#native";
import { type InProcessPlane, startInProcess } from "./in-process.ts";
import {
  freePairs,
  LoopbackPeer,
  remoteOf,
  rtcpPacket,
  rtpPacket,
  streamBetween,
} from "./loopback-peer.ts";

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

async function open(stream: Stream): Promise<Stream> {
  plane.perform({ kind: "stream", stream });
  await settled();
  return stream;
}

async function counted(role: Role, id = "call-1:0"): Promise<EndCounters> {
  const [counters] = await plane.counters([id]);
  assert.ok(counters);
  return counters.ends[role];
}

/** A stream between two peers with RTP and RTCP each. */
async function fourPeers(others: Partial<Stream> = {}) {
  const [outer, outerRtcp, inner, innerRtcp] = await Promise.all(
    Array.from({ length: 4 }, () => LoopbackPeer.open()),
  );
  const [a, b] = await freePairs(2);
  const wishes = {
    caller: { port: a!, ...remoteOf(outer!, outerRtcp) },
    callee: { port: b!, ...remoteOf(inner!, innerRtcp) },
  };
  const stream = await open(streamBetween(wishes, others));
  const peers = [outer!, outerRtcp!, inner!, innerRtcp!];
  const done = async (): Promise<void> => {
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  };
  return {
    outer: outer!,
    outerRtcp: outerRtcp!,
    inner: inner!,
    innerRtcp: innerRtcp!,
    stream,
    [Symbol.asyncDispose]: done,
  };
}

test("RTP passes both ways, byte for byte, from the port that its receiver knows", async () => {
  await using peers = await fourPeers();
  const { outer, inner, stream } = peers;
  await outer.send(rtpPacket(1), stream.ends.caller);
  assert.deepEqual(await inner.next(), { bytes: rtpPacket(1), from: stream.ends.callee.port });
  await inner.send(rtpPacket(9), stream.ends.callee);
  assert.deepEqual(await outer.next(), { bytes: rtpPacket(9), from: stream.ends.caller.port });
  const both = { ...NOTHING_COUNTED, packetsIn: 1, bytesIn: 172, packetsOut: 1, payloadType: 0 };
  assert.deepEqual(await counted("caller"), both);
  assert.deepEqual(await counted("callee"), both);
});

test("RTCP passes both ways on its own ports", async () => {
  await using peers = await fourPeers();
  const { outerRtcp, innerRtcp, stream } = peers;
  const outerEnd = { ...stream.ends.caller, port: stream.ends.caller.rtcpPort };
  const innerEnd = { ...stream.ends.callee, port: stream.ends.callee.rtcpPort };
  await outerRtcp.send(rtcpPacket(), outerEnd);
  assert.deepEqual(await innerRtcp.next(), { bytes: rtcpPacket(), from: innerEnd.port });
  await innerRtcp.send(rtcpPacket(), innerEnd);
  assert.deepEqual(await outerRtcp.next(), { bytes: rtcpPacket(), from: outerEnd.port });
  assert.equal((await counted("caller")).rtcpIn, 1);
  assert.equal((await counted("callee")).packetsOut, 0);
});

test("rtcp-mux on one side, two ports on the other", async () => {
  await using outer = await LoopbackPeer.open();
  await using inner = await LoopbackPeer.open();
  await using innerRtcp = await LoopbackPeer.open();
  const [a, b] = await freePairs(2);
  const wishes = {
    caller: { port: a!, rtcpPort: a!, ...remoteOf(outer, outer) },
    callee: { port: b!, ...remoteOf(inner, innerRtcp) },
  };
  const { ends } = await open(streamBetween(wishes));
  await outer.send(rtcpPacket(), ends.caller);
  assert.equal((await innerRtcp.next()).from, ends.callee.rtcpPort);
  await outer.send(rtpPacket(1), ends.caller);
  assert.equal((await inner.next()).from, ends.callee.port);
  await innerRtcp.send(rtcpPacket(), { ...ends.callee, port: ends.callee.rtcpPort });
  assert.deepEqual(await outer.next(), { bytes: rtcpPacket(), from: ends.caller.port });
});

test("a burst is relayed whole and in order", async () => {
  await using peers = await fourPeers();
  const { outer, inner, stream } = peers;
  const sequences = Array.from({ length: 40 }, (_, i) => i);
  await Promise.all(sequences.map((i) => outer.send(rtpPacket(i), stream.ends.caller)));
  for (const i of sequences) assert.deepEqual((await inner.next()).bytes, rtpPacket(i));
});

test("what is no RTP is dropped by name and never passes", async () => {
  await using peers = await fourPeers();
  const { outer, outerRtcp, inner, stream } = peers;
  const stun = Buffer.alloc(20);
  const padded = rtpPacket(1);
  padded[0]! |= 0x20;
  padded[padded.length - 1] = 255;
  const contributors = rtpPacket(1).subarray(0, 12);
  contributors[0]! |= 0x0f;
  const faulty = [stun, rtpPacket(1).subarray(0, 11), padded, contributors, rtcpPacket()];
  for (const bytes of [...faulty, Buffer.alloc(0)]) await outer.send(bytes, stream.ends.caller);
  await outer.send(Buffer.alloc(9300, rtpPacket(1)), stream.ends.caller);
  const rtcpEnd = { ...stream.ends.caller, port: stream.ends.caller.rtcpPort };
  const overlong = rtcpPacket();
  overlong[3] = 2;
  for (const bytes of [rtpPacket(1), overlong]) await outerRtcp.send(bytes, rtcpEnd);
  await outer.send(rtpPacket(7), stream.ends.caller);
  assert.deepEqual((await inner.next()).bytes, rtpPacket(7));
  const { packetsIn, drops } = await counted("caller");
  assert.equal(packetsIn, 1);
  assert.deepEqual(drops, { "not-rtp": 6, "bad-rtcp": 2, "too-long": 1 });
});

test("an opaque stream passes whatever comes, on one port", async () => {
  await using peers = await fourPeers({ kind: "opaque" });
  const { outer, inner, stream } = peers;
  await outer.send(Buffer.from("UDPTL"), stream.ends.caller);
  assert.equal((await inner.next()).bytes.toString(), "UDPTL");
  await using odd = await LoopbackPeer.open("127.0.0.1", stream.ends.caller.rtcpPort);
  assert.ok(odd.port);
});

test("media crosses from IPv4 to IPv6 and back", async () => {
  await using outer = await LoopbackPeer.open();
  await using inner = await LoopbackPeer.open("::1");
  const [[a], [b]] = await Promise.all([freePairs(1), freePairs(1, "::1")]);
  const wishes = {
    caller: { port: a!, ...remoteOf(outer) },
    callee: { port: b!, localAddress: "::1", ...remoteOf(inner) },
  };
  const { ends } = await open(streamBetween(wishes));
  await outer.send(rtpPacket(1), ends.caller);
  assert.equal((await inner.next()).from, b);
  await inner.send(rtpPacket(2), ends.callee);
  assert.equal((await outer.next()).from, a);
});

test("nothing is sent to an end before its place is known, nor while it is on hold", async () => {
  await using outer = await LoopbackPeer.open();
  await using inner = await LoopbackPeer.open();
  const [a, b] = await freePairs(2);
  const known = { port: b!, ...remoteOf(inner) };
  const outerEnd = { port: a!, ...remoteOf(outer) };
  const stream = await open(streamBetween({ caller: outerEnd, callee: { port: b! } }));
  await inner.send(rtpPacket(1), stream.ends.callee);
  await outer.send(rtpPacket(1), stream.ends.caller);
  assert.deepEqual((await counted("callee")).drops, { "not-agreed": 1 });
  assert.deepEqual((await counted("caller")).drops, { "no-target": 1 });

  await open(streamBetween({ caller: outerEnd, callee: known }));
  await outer.send(rtpPacket(2), stream.ends.caller);
  assert.deepEqual((await inner.next()).bytes, rtpPacket(2));

  // On hold by a zero address it hears nothing, but what it plays to the other goes on.
  await open(streamBetween({ caller: outerEnd, callee: { port: b! } }));
  await outer.send(rtpPacket(3), stream.ends.caller);
  await inner.send(rtpPacket(3), stream.ends.callee);
  assert.deepEqual((await outer.next()).bytes, rtpPacket(3));
  assert.deepEqual((await counted("caller")).drops, { "no-target": 2 });
  assert.equal(inner.waiting, 0);
});

test("packets that never came are counted, over a sender's restart too", async () => {
  await using peers = await fourPeers();
  const { outer, stream } = peers;
  for (const sequence of [65_534, 65_535, 2, 1]) {
    await outer.send(rtpPacket(sequence), stream.ends.caller);
  }
  assert.equal((await counted("caller")).lost, 1);
  for (const sequence of [500, 503]) await outer.send(rtpPacket(sequence, 77), stream.ends.caller);
  assert.equal((await counted("caller")).lost, 3);
});

test("new ports take over, and the old ones are free with their counters told", async () => {
  await using peers = await fourPeers();
  const { outer, inner, stream } = peers;
  await outer.send(rtpPacket(1), stream.ends.caller);
  await inner.next();
  const [port] = await freePairs(1);
  const moved = { ...stream.ends.caller, port: port!, rtcpPort: port! + 1 };
  const next = await open({ ...stream, ends: { ...stream.ends, caller: moved } });
  const [closed] = events;
  assert.ok(events.length === 1 && closed?.kind === "closed");
  assert.equal(closed.counters.ends.caller.packetsIn, 1);
  assert.equal(closed.counters.ends.callee.packetsOut, 1);
  for (const old of [stream.ends.caller.port, stream.ends.caller.rtcpPort]) {
    await using again = await LoopbackPeer.open("127.0.0.1", old);
    assert.equal(again.port, old);
  }
  await outer.send(rtpPacket(2), next.ends.caller);
  assert.deepEqual((await inner.next()).bytes, rtpPacket(2));
  assert.equal((await counted("caller")).packetsIn, 1);
});

test("a closed stream tells its counters and frees its ports; its number serves the next", async () => {
  await using peers = await fourPeers();
  const { outer, inner, stream } = peers;
  await outer.send(rtpPacket(1), stream.ends.caller);
  await inner.next();
  plane.perform({ kind: "close", id: stream.id });
  await open({ ...stream, id: "call-2:0" });
  assert.equal(events.length, 1);
  assert.ok(events[0]?.kind === "closed" && events[0].counters.id === "call-1:0");
  assert.equal(events[0].counters.ends.caller.packetsIn, 1);
  await outer.send(rtpPacket(5), stream.ends.caller);
  assert.deepEqual((await inner.next()).bytes, rtpPacket(5));
  assert.equal((await counted("caller", "call-2:0")).packetsIn, 1);
  assert.deepEqual(await plane.counters(["call-1:0"]), []);
});

test("a port that is taken fails by name, and changes nothing", async () => {
  await using peers = await fourPeers();
  const { outer, inner, stream } = peers;
  const moved = { ...stream.ends.caller, port: outer.port, rtcpPort: outer.port };
  await open({ ...stream, ends: { ...stream.ends, caller: moved } });
  assert.deepEqual(events, [{ kind: "failed", id: stream.id, why: "port-in-use" }]);
  await outer.send(rtpPacket(1), stream.ends.caller);
  assert.deepEqual((await inner.next()).bytes, rtpPacket(1));

  events.length = 0;
  await open({ ...stream, id: "call-2:0" });
  plane.perform({ kind: "close", id: "call-2:0" });
  await settled();
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["failed", "closed"],
  );
});

test("addresses that can't serve fail by name", async () => {
  const [a, b] = await freePairs(2);
  const good = { port: b! };
  const bad = [
    { port: a!, localAddress: "203.0.113.9" },
    { port: a!, localAddress: "localhost" },
    { port: a!, remoteAddress: "::1", remotePort: 9 },
    { port: a!, remoteAddress: "pbx.example", remotePort: 9 },
    { port: a!, remoteAddress: "127.0.0.1", remotePort: 0 },
  ];
  for (const wish of bad) await open(streamBetween({ caller: wish, callee: good }));
  assert.deepEqual(
    events.map((event) => event.kind === "failed" && event.why),
    ["address-not-available", "local-address", "address-family", "remote-address", "remote-port"],
  );
});

test("closing what was never open is answered too", async () => {
  plane.perform({ kind: "close", id: "call-9:0" });
  await settled();
  assert.ok(events[0]?.kind === "closed" && events[0].counters.id === "call-9:0");
});

test("a silent stream is told once, and again only after it spoke", async () => {
  await using peers = await fourPeers({ silenceS: 10 });
  const { outerRtcp, innerRtcp, stream } = peers;
  plane.advance(9000);
  await settled();
  await outerRtcp.send(rtcpPacket(), { ...stream.ends.caller, port: stream.ends.caller.rtcpPort });
  await innerRtcp.next();
  plane.advance(9000);
  await settled();
  assert.deepEqual(events, [], "RTCP is a sign of life");
  plane.advance(2000);
  plane.advance(20_000);
  await settled();
  assert.deepEqual(events, [{ kind: "silent", id: stream.id, forS: 11 }]);
  await outerRtcp.send(rtcpPacket(), { ...stream.ends.caller, port: stream.ends.caller.rtcpPort });
  await innerRtcp.next();
  plane.advance(10_000);
  await settled();
  assert.equal(events.length, 2);
});

test("a stranger's packets are no sign of life", async () => {
  await using peers = await fourPeers({ silenceS: 10 });
  await using stranger = await LoopbackPeer.open();
  plane.advance(9000);
  await settled();
  await stranger.send(rtpPacket(1), peers.stream.ends.caller);
  await settled();
  plane.advance(2000);
  await settled();
  assert.equal(events.length, 1);
});

test("E4: who never sent is sent little, and again all as soon as it sends", async () => {
  await using peers = await fourPeers();
  const { outer, inner, innerRtcp, stream } = peers;
  for (let sequence = 0; sequence < 1500; sequence++) {
    await outer.send(rtpPacket(sequence), stream.ends.caller);
    await inner.next();
  }
  await outer.send(rtpPacket(1500), stream.ends.caller);
  assert.deepEqual((await counted("caller")).drops, { unconfirmed: 1 });
  // The same place again changes nothing.
  await open(stream);
  await outer.send(rtpPacket(1501), stream.ends.caller);
  assert.deepEqual((await counted("caller")).drops, { unconfirmed: 2 });
  await innerRtcp.send(rtcpPacket(), {
    ...stream.ends.callee,
    port: stream.ends.callee.rtcpPort,
  });
  await peers.outerRtcp.next();
  await outer.send(rtpPacket(1502), stream.ends.caller);
  assert.deepEqual((await inner.next()).bytes, rtpPacket(1502));
});

test("counters of every stream come at once", async () => {
  await using first = await fourPeers();
  await using second = await fourPeers({ id: "call-2:0" });
  const all = await plane.counters();
  assert.deepEqual(
    all.map(({ id }) => id),
    [first.stream.id, second.stream.id],
  );
});

test("the addon's socket option takes what a socket can", async () => {
  assert.equal(addon().setDscp(-1, 4, 46), false);
});
