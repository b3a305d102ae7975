import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Secret } from "#base";
import type { EndCounters, Role, SrtpKey, SrtpSuite, Stream, StreamEnd } from "#media";
import { type InProcessPlane, startInProcess } from "./in-process.ts";
import {
  freePairs,
  LoopbackPeer,
  remoteOf,
  rtcpPacket,
  rtpPacket,
  streamBetween,
} from "./loopback-peer.ts";

// Two streams of one plane, back to back: what the first protects, the second opens. Between them
// stands a peer that sees what is on the wire.

let plane: InProcessPlane;
beforeEach(async () => {
  plane = await startInProcess({ manualClock: true });
});
afterEach(() => plane.close());

const KEY_BYTES: Readonly<Record<SrtpSuite, number>> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AES_256_CM_HMAC_SHA1_80: 46,
  AES_256_CM_HMAC_SHA1_32: 46,
  AEAD_AES_128_GCM: 28,
  AEAD_AES_256_GCM: 44,
};

const keyOf = (suite: SrtpSuite, seed: number): SrtpKey => ({
  suite,
  keySalt: new Secret(Buffer.alloc(KEY_BYTES[suite], seed).toString("base64")),
});

const FORTH = 1;
const BACK = 2;

/** Plain — [one end of ours] — wire — [another] — plain; each peer with RTP and RTCP on one port. */
async function twoStreams(suite: SrtpSuite, options: { latch?: boolean } = {}) {
  const [plain, wire, wireToo, plainToo] = await Promise.all(
    Array.from({ length: 4 }, () => LoopbackPeer.open()),
  );
  const [a, b, c, d] = await freePairs(4);
  const mux = (port: number) => ({ port, rtcpPort: port });
  const forth = keyOf(suite, FORTH);
  const back = keyOf(suite, BACK);
  const first = streamBetween(
    {
      caller: { ...mux(a!), ...remoteOf(plain!, plain!) },
      callee: { ...mux(b!), ...remoteOf(wire!, wire!), srtp: { inbound: back, outbound: forth } },
    },
    { id: "first" },
  );
  const second = streamBetween(
    {
      caller: {
        ...mux(c!),
        ...remoteOf(wireToo!, wireToo!),
        latch: options.latch ?? false,
        srtp: { inbound: forth, outbound: back },
      },
      callee: { ...mux(d!), ...remoteOf(plainToo!, plainToo!) },
    },
    { id: "second" },
  );
  perform(first);
  perform(second);
  await plane.counters([]);
  const peers = [plain!, wire!, wireToo!, plainToo!];
  const done = async (): Promise<void> => {
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  };
  return {
    plain: plain!,
    wire: wire!,
    wireToo: wireToo!,
    plainToo: plainToo!,
    first: first.ends,
    second: second.ends,
    streams: { first, second },
    [Symbol.asyncDispose]: done,
  };
}

const perform = (stream: Stream): void => plane.perform({ kind: "stream", stream });

async function counted(id: string, role: Role): Promise<EndCounters> {
  const [counters] = await plane.counters([id]);
  assert.ok(counters);
  return counters.ends[role];
}

type Way = Awaited<ReturnType<typeof twoStreams>>;

/** What a plain packet looks like on the wire. */
async function protect({ plain, wire, first }: Way, packet: Buffer): Promise<Buffer> {
  await plain.send(packet, first.caller);
  return (await wire.next()).bytes;
}

async function opened({ wireToo, plainToo, second }: Way, safe: Buffer): Promise<Buffer> {
  await wireToo.send(safe, second.caller);
  return (await plainToo.next()).bytes;
}

for (const suite of Object.keys(KEY_BYTES) as SrtpSuite[]) {
  test(`${suite}: RTP and RTCP cross, and nobody on the wire reads them`, async () => {
    await using way = await twoStreams(suite);
    for (const packet of [rtpPacket(1), rtcpPacket(), rtpPacket(2), rtcpPacket()]) {
      const safe = await protect(way, packet);
      assert.equal(safe.includes(packet.subarray(12)), packet.length === 8);
      assert.ok(safe.length > packet.length);
      assert.deepEqual(await opened(way, safe), packet);
    }
    // The other direction has the other key.
    await way.plainToo.send(rtpPacket(7), way.second.callee);
    const { bytes } = await way.wireToo.next();
    await way.wire.send(bytes, way.first.callee);
    assert.deepEqual((await way.plain.next()).bytes, rtpPacket(7));
  });
}

const SUITE = "AES_CM_128_HMAC_SHA1_80";

test("a flood of invalid SRTP is counted and ends nothing (attack case E2)", async () => {
  await using way = await twoStreams(SUITE);
  const safe = await protect(way, rtpPacket(1));
  const spoilt = Buffer.from(safe);
  spoilt[20]! ^= 1;
  for (let i = 1; i <= 500; i++) {
    await way.wireToo.send(spoilt, way.second.caller);
    // No faster than the plane reads: what the system drops isn't counted.
    if (i % 50 === 0) await plane.counters([]);
  }
  await way.wireToo.send(rtpPacket(1), way.second.caller);
  assert.deepEqual(await opened(way, safe), rtpPacket(1));
  await way.wireToo.send(safe, way.second.caller);
  await way.wireToo.send(await protect(way, rtpPacket(2)), way.second.caller);
  assert.deepEqual((await way.plainToo.next()).bytes, rtpPacket(2));
  const { packetsIn, drops } = await counted("second", "caller");
  assert.deepEqual(
    { packetsIn, drops },
    { packetsIn: 2, drops: { unauthentic: 501, replayed: 1 } },
  );
});

test("who can't show the key is never learnt, whatever its address (attack case E1)", async () => {
  await using way = await twoStreams(SUITE, { latch: true });
  await using thief = await LoopbackPeer.open();
  await using phone = await LoopbackPeer.open();
  for (let i = 0; i < 5; i++) await thief.send(rtpPacket(i), way.second.caller);
  // The phone is behind NAT: not where its description says.
  await phone.send(await protect(way, rtpPacket(1)), way.second.caller);
  assert.deepEqual((await way.plainToo.next()).bytes, rtpPacket(1));
  await way.plainToo.send(rtpPacket(9), way.second.callee);
  await phone.next();
  assert.equal(thief.waiting, 0);
});

test("another source after a hold is heard, and so is the first again (attack case E5)", async () => {
  await using way = await twoStreams(SUITE);
  for (const [sequence, ssrc] of [
    [65_535, 1],
    [0, 1],
    [40_000, 2],
    [40_001, 2],
    [1, 1],
  ] as const) {
    const packet = rtpPacket(sequence, ssrc);
    assert.deepEqual(await opened(way, await protect(way, packet)), packet);
  }
});

test("a stream on new ports goes on counting where the former one of its peer was", async () => {
  await using way = await twoStreams(SUITE);
  // The counter has rolled over more often than anybody would guess.
  for (let n = 0; n < 4 * 65_536; n += 30_000) {
    await opened(way, await protect(way, rtpPacket(n & 0xffff)));
  }
  const [port] = await freePairs(1);
  const { second } = way.streams;
  const caller = { ...second.ends.caller, port: port!, rtcpPort: port! };
  const [inner] = await freePairs(1);
  const callee = { ...second.ends.callee, port: inner!, rtcpPort: inner! };
  // The peer's key comes with its answer, as it may.
  const { srtp: _srtp, ...bare } = caller;
  perform({ ...second, id: "third", ends: { caller: bare, callee } });
  perform({ ...second, id: "third", ends: { caller, callee } });
  await plane.counters([]);
  const next = rtpPacket((8 * 30_000 + 10) & 0xffff);
  await way.wireToo.send(await protect(way, next), caller);
  assert.deepEqual((await way.plainToo.next()).bytes, next);
});

test("a new key of the peer takes over, and what is under way is still heard", async () => {
  await using way = await twoStreams(SUITE);
  const underWay = await protect(way, rtpPacket(1));
  const late = await protect(way, rtpPacket(2));
  const next = keyOf(SUITE, 9);
  const { first, second } = way.streams;
  const withKey = (end: StreamEnd, key: "inbound" | "outbound"): StreamEnd => ({
    ...end,
    srtp: { ...end.srtp!, [key]: next },
  });
  perform({ ...first, ends: { ...first.ends, callee: withKey(first.ends.callee, "outbound") } });
  perform({ ...second, ends: { ...second.ends, caller: withKey(second.ends.caller, "inbound") } });
  await plane.counters([]);
  const anew = await protect(way, rtpPacket(3));
  assert.deepEqual(await opened(way, anew), rtpPacket(3));
  assert.deepEqual(await opened(way, underWay), rtpPacket(1));
  plane.advance(10_000);
  await plane.counters([]);
  await way.wireToo.send(late, way.second.caller);
  assert.deepEqual(await opened(way, await protect(way, rtpPacket(4))), rtpPacket(4));
  assert.deepEqual((await counted("second", "caller")).drops, { unauthentic: 1 });
});
