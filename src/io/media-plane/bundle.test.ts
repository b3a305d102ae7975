import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { EndCounters, Role, Stream } from "#media";
import { type InProcessPlane, startInProcess } from "./in-process.ts";
import { freePairs, LoopbackPeer, remoteOf, rtpPacket, streamBetween } from "./loopback-peer.ts";

// Two lines of one leg by one port, through real sockets (RFC 9143).

const VOICE = 8;
const PICTURE = 96;

let plane: InProcessPlane;
let outer: LoopbackPeer;
let voice: LoopbackPeer;
let picture: LoopbackPeer;
let lines: readonly Stream[];

beforeEach(async () => {
  plane = await startInProcess({ manualClock: true });
  [outer, voice, picture] = [
    await LoopbackPeer.open(),
    await LoopbackPeer.open(),
    await LoopbackPeer.open(),
  ];
  const [shared, one, other] = await freePairs(3);
  const line = (mid: string, port: number, peer: LoopbackPeer, payloadType: number): Stream =>
    streamBetween(
      {
        caller: {
          port: shared!,
          rtcpPort: shared!,
          ...remoteOf(outer, outer),
          bundle: { mid, midId: 4, ssrcs: [] },
        },
        callee: {
          port,
          ...remoteOf(peer),
          formats: [{ payloadType, encoding: "", clockHz: 8000 }],
        },
      },
      { id: `call-1:${mid}` },
    );
  lines = [line("0", one!, voice, VOICE), line("1", other!, picture, PICTURE)];
  for (const stream of lines) plane.perform({ kind: "stream", stream });
  await plane.counters([]);
});
afterEach(async () => {
  await plane.close();
  for (const peer of [outer, voice, picture]) await peer[Symbol.asyncDispose]();
});

const packet = (payloadType: number, sequence: number, ssrc: number): Buffer => {
  const bytes = rtpPacket(sequence, ssrc);
  bytes[1] = payloadType;
  return bytes;
};

async function counted(id: string, role: Role): Promise<EndCounters> {
  const [counters] = await plane.counters([id]);
  assert.ok(counters);
  return counters.ends[role];
}

test("what comes by one port goes to the line that it is of, and is counted there", async () => {
  const at = lines[0]!.ends.caller;
  await outer.send(packet(VOICE, 1, 11), at);
  await outer.send(packet(PICTURE, 1, 12), at);
  await outer.send(packet(VOICE, 2, 11), at);
  assert.equal((await voice.next()).bytes[1], VOICE);
  assert.equal((await picture.next()).bytes[1], PICTURE);
  assert.equal((await voice.next()).bytes.readUInt16BE(2), 2);
  assert.equal((await counted("call-1:0", "caller")).packetsIn, 2);
  assert.equal((await counted("call-1:1", "caller")).packetsIn, 1);
  assert.equal((await counted("call-1:1", "callee")).packetsOut, 1);
});

test("what leaves by one port bears the name of its line", async () => {
  for (const [i, peer] of [voice, picture].entries()) {
    await peer.send(packet(i === 0 ? VOICE : PICTURE, 1, 21 + i), lines[i]!.ends.callee);
    const { bytes, from } = await outer.next();
    assert.equal(from, lines[0]!.ends.caller.port);
    // An extension of one word: element 4 of one byte, the name.
    assert.equal(bytes.subarray(12, 20).toString("hex"), `bede0001403${i}0000`);
  }
});

test("a line can't send under a source of another's, nor say good-bye for it", async () => {
  const [one, other] = lines.map(({ ends }) => ends.callee);
  await voice.send(packet(VOICE, 1, 77), one!);
  await outer.next();
  await picture.send(packet(PICTURE, 1, 77), other!);
  await voice.send(packet(VOICE, 2, 77), one!);
  const { bytes } = await outer.next();
  assert.deepEqual([bytes[1], bytes.readUInt16BE(2)], [VOICE, 2]);
  assert.deepEqual((await counted("call-1:1", "callee")).drops, { "source-taken": 1 });
});

test("what is of no line is dropped by that name", async () => {
  await outer.send(packet(33, 1, 99), lines[0]!.ends.caller);
  await outer.send(packet(VOICE, 1, 11), lines[0]!.ends.caller);
  await voice.next();
  assert.deepEqual((await counted("call-1:0", "caller")).drops, { "no-line": 1 });
});

test("the port goes on with the other line when the one that had it closes", async () => {
  plane.perform({ kind: "close", id: "call-1:0" });
  await plane.counters([]);
  await outer.send(packet(PICTURE, 1, 12), lines[1]!.ends.caller);
  assert.equal((await picture.next()).bytes[1], PICTURE);
  await picture.send(packet(PICTURE, 1, 22), lines[1]!.ends.callee);
  assert.equal((await outer.next()).from, lines[1]!.ends.caller.port);
});

test("it closes with its last line", async () => {
  for (const { id } of lines) plane.perform({ kind: "close", id });
  await plane.counters([]);
  const { port, localAddress } = lines[0]!.ends.caller;
  const next = await LoopbackPeer.open(localAddress, port);
  await next[Symbol.asyncDispose]();
});
