import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Secret } from "#base";
import type { DtlsEnd, IceEnd, MediaEvent, Role, Stream, StreamEnd } from "#media";
import { checkFrom } from "./ice-peer.ts";
import { type InProcessPlane, startInProcess } from "./in-process.ts";
import {
  freePairs,
  LoopbackPeer,
  ownAddress,
  remoteOf,
  rtcpPacket,
  rtpPacket,
  streamBetween,
} from "./loopback-peer.ts";

// Two streams of one plane, back to back: the first is active in DTLS, the second passive. Between
// them stands a wire that sees all, and loses what a test says.

const DTLS_MIN = 20;
const DTLS_MAX = 63;
const isDtls = (bytes: Buffer): boolean => bytes[0]! >= DTLS_MIN && bytes[0]! <= DTLS_MAX;

const planes: InProcessPlane[] = [];
afterEach(async () => {
  for (const plane of planes.splice(0)) await plane.close();
});

/** Waits for what the plane says, in any order. */
class Ear {
  readonly heard: MediaEvent[] = [];
  readonly #waiting: (() => void)[] = [];

  hear(event: MediaEvent): void {
    this.heard.push(event);
    for (const look of this.#waiting.splice(0)) look();
  }

  async of(kind: MediaEvent["kind"], id: string): Promise<MediaEvent> {
    for (;;) {
      const event = this.heard.find((one) => one.kind === kind && "id" in one && one.id === id);
      if (event) return event;
      const other = this.heard.find((one) => one.kind === "failed" && one.role === undefined);
      if (other) assert.fail(`expected ${kind} of ${id}, heard ${JSON.stringify(other)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

interface Options {
  /** Of the datagrams of DTLS in order, from both: which are lost. */
  readonly lost?: (n: number) => boolean;
  readonly active?: Partial<DtlsEnd>;
  readonly passive?: Partial<DtlsEnd>;
  readonly ice?: IceEnd;
  /** Whether the wire carries anything at all, from the beginning. */
  readonly held?: boolean;
}

/** Plain — [active] — wire — [passive] — plain. */
async function twoStreams(options: Options = {}) {
  const plane = await startInProcess();
  planes.push(plane);
  const ear = new Ear();
  plane.onEvent((event) => ear.hear(event));
  const peers = await Promise.all(Array.from({ length: 5 }, () => LoopbackPeer.open()));
  const [plain, wire, wireToo, plainToo, thief] = peers as [
    LoopbackPeer,
    LoopbackPeer,
    LoopbackPeer,
    LoopbackPeer,
    LoopbackPeer,
  ];
  const localAddress = ownAddress();
  const [a, b, c, d] = await freePairs(4, localAddress);
  const mux = (port: number) => ({ localAddress, port, rtcpPort: port });
  const fingerprints = [{ hash: "sha-256", value: plane.fingerprint }] as const;
  const active: DtlsEnd = { role: "active", fingerprints, ...options.active };
  const passive: DtlsEnd = { role: "passive", fingerprints, ...options.passive };
  const first = streamBetween(
    {
      caller: { ...mux(a!), ...remoteOf(plain, plain) },
      callee: { ...mux(b!), ...remoteOf(wire, wire), dtls: active },
    },
    { id: "first" },
  );
  const second = streamBetween(
    {
      caller: {
        ...mux(c!),
        ...remoteOf(wireToo, wireToo),
        dtls: passive,
        ...(options.ice ? { ice: options.ice } : {}),
      },
      callee: { ...mux(d!), ...remoteOf(plainToo, plainToo) },
    },
    { id: "second" },
  );
  const seen: Buffer[] = [];
  let sent = 0;
  const carry = async (from: LoopbackPeer, to: LoopbackPeer, end: StreamEnd): Promise<void> => {
    for (;;) {
      const { bytes } = await from.next();
      seen.push(bytes);
      if (isDtls(bytes) && options.lost?.(sent++)) continue;
      await to.send(bytes, end);
    }
  };
  const release = (): void => {
    void carry(wire, wireToo, second.ends.caller);
    void carry(wireToo, wire, first.ends.callee);
  };
  const perform = (stream: Stream): void => plane.perform({ kind: "stream", stream });
  perform(second);
  perform(first);
  await plane.counters([]);
  if (!options.held) release();
  const done = async (): Promise<void> => {
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  };
  const dropsOf = async (id: string, role: Role): Promise<Readonly<Record<string, number>>> =>
    (await plane.counters([id]))[0]!.ends[role].drops;
  return {
    ...{ plane, ear, plain, wire, wireToo, plainToo, thief, first, second, seen },
    ...{ release, perform, dropsOf },
    secured: () => Promise.all([ear.of("secured", "first"), ear.of("secured", "second")]),
    [Symbol.asyncDispose]: done,
  };
}

type Way = Awaited<ReturnType<typeof twoStreams>>;

async function crosses({ plain, plainToo, first, second }: Way, packet: Buffer): Promise<void> {
  await plain.send(packet, first.ends.caller);
  assert.deepEqual((await plainToo.next()).bytes, packet);
  await plainToo.send(packet, second.ends.callee);
  assert.deepEqual((await plain.next()).bytes, packet);
}

test("keys are made by DTLS, and nobody on the wire reads what they protect", async () => {
  await using way = await twoStreams();
  assert.deepEqual(await way.secured(), [
    { kind: "secured", id: "first", role: "callee", suite: "AEAD_AES_256_GCM" },
    { kind: "secured", id: "second", role: "caller", suite: "AEAD_AES_256_GCM" },
  ]);
  assert.ok(way.seen.every((bytes) => isDtls(bytes) && bytes.length <= 1200));
  await crosses(way, rtpPacket(1));
  await crosses(way, rtcpPacket());
  const media = way.seen.filter((bytes) => !isDtls(bytes));
  assert.equal(media.length, 4);
  assert.ok(media.every((bytes) => !bytes.includes(rtpPacket(1).subarray(12))));
});

test("without keys nothing passes, either way", async () => {
  await using way = await twoStreams({ held: true });
  await way.plain.send(rtpPacket(1), way.first.ends.caller);
  await way.wire.send(rtpPacket(2), way.first.ends.callee);
  assert.deepEqual(await way.dropsOf("first", "caller"), { "no-keys": 1 });
  assert.deepEqual(await way.dropsOf("first", "callee"), { "no-keys": 1 });
  assert.equal(way.plain.waiting, 0);
  way.release();
  await way.secured();
  await crosses(way, rtpPacket(3));
});

const OTHER = { hash: "sha-256", value: Array(32).fill("00").join(":") } as const;

for (const [who, options] of [
  ["active", { active: { fingerprints: [OTHER] } }],
  ["passive", { passive: { fingerprints: [OTHER] } }],
] as const) {
  test(`a certificate that isn't the description's gives no keys to who is ${who}`, async () => {
    await using way = await twoStreams(options);
    const [wrong, told] =
      who === "active" ? (["first", "second"] as const) : (["second", "first"] as const);
    const failed = await way.ear.of("failed", wrong);
    const role = wrong === "first" ? "callee" : "caller";
    assert.deepEqual(failed, { kind: "failed", id: wrong, role, why: "dtls-fingerprint" });
    const alerted = await way.ear.of("failed", told);
    assert.match(alerted.kind === "failed" ? alerted.why : "", /^dtls-alert-\d+$/);
    await way.plain.send(rtpPacket(1), way.first.ends.caller);
    assert.deepEqual(await way.dropsOf("first", "caller"), { "no-keys": 1 });
  });
}

test("a ClientHello from elsewhere is dropped unread, and loses nothing (attack case E3)", async () => {
  await using way = await twoStreams({ held: true });
  const { bytes: hello } = await way.wire.next();
  for (let i = 0; i < 3; i++) await way.thief.send(hello, way.second.ends.caller);
  assert.deepEqual(await way.dropsOf("second", "caller"), { "foreign-source": 3 });
  await way.wireToo.send(hello, way.second.ends.caller);
  way.release();
  await way.secured();
  await crosses(way, rtpPacket(1));
  assert.equal(way.thief.waiting, 0);
});

test("another source after a hold is heard by the same keys, and so is the first again (attack case E5)", async () => {
  await using way = await twoStreams();
  await way.secured();
  for (const [sequence, ssrc] of [
    [65_535, 1],
    [0, 1],
    [40_000, 2],
    [1, 1],
  ] as const) {
    await crosses(way, rtpPacket(sequence, ssrc));
  }
});

test("with ICE, DTLS is heard from an address that passed a check alone (attack case E3)", async () => {
  const password = "a password of twenty-two";
  const ice: IceEnd = { ufrag: "ours", password: new Secret(password), remoteUfrag: "theirs" };
  await using way = await twoStreams({ held: true, ice });
  const { bytes: hello } = await way.wire.next();
  // The described address is no better than another: nobody there has shown the password.
  await way.wireToo.send(hello, way.second.ends.caller);
  assert.deepEqual(await way.dropsOf("second", "caller"), { "foreign-source": 1 });
  const check = { username: "ours:theirs", password, nominates: true };
  await checkFrom(way.wireToo, way.second.ends.caller, check);
  await way.wireToo.send(hello, way.second.ends.caller);
  way.release();
  await way.secured();
  await crosses(way, rtpPacket(1));
});

for (let lost = 0; lost < 4; lost++) {
  test(`datagram ${lost + 1} of the handshake may be lost`, async () => {
    await using way = await twoStreams({ lost: (n) => n === lost });
    await way.secured();
    await crosses(way, rtpPacket(1));
  });
}

test("who hangs up says so, and nothing passes any more", async () => {
  await using way = await twoStreams();
  await way.secured();
  way.plane.perform({ kind: "close", id: "first" });
  const role = "caller";
  const told = await way.ear.of("unsecured", "second");
  assert.deepEqual(told, { kind: "unsecured", id: "second", role, why: "dtls-closed" });
  await way.plainToo.send(rtpPacket(1), way.second.ends.callee);
  assert.deepEqual(await way.dropsOf("second", "callee"), { "no-keys": 1 });
});

test("RTCP on a port of its own has an association of its own, and joins who has one port", async () => {
  const plane = await startInProcess();
  planes.push(plane);
  const ear = new Ear();
  plane.onEvent((event) => ear.hear(event));
  await using rtp = await LoopbackPeer.open();
  await using rtcp = await LoopbackPeer.open();
  await using onOne = await LoopbackPeer.open();
  const localAddress = ownAddress();
  const [a, b, c, d] = await freePairs(4, localAddress);
  const fingerprints = [{ hash: "sha-256", value: plane.fingerprint }] as const;
  const towards = (port: number, peer: number, role: DtlsEnd["role"]) => ({
    ...{ localAddress, port, remoteAddress: localAddress, remotePort: peer },
    ...{ remoteRtcpPort: peer + 1, dtls: { role, fingerprints } },
  });
  const outer = { localAddress, port: a!, ...remoteOf(rtp, rtcp) };
  const inner = { localAddress, port: d!, rtcpPort: d!, ...remoteOf(onOne, onOne) };
  const first = { caller: outer, callee: towards(b!, c!, "active") };
  const second = { caller: towards(c!, b!, "passive"), callee: inner };
  plane.perform({ kind: "stream", stream: streamBetween(second, { id: "second" }) });
  plane.perform({ kind: "stream", stream: streamBetween(first, { id: "first" }) });
  await Promise.all([ear.of("secured", "first"), ear.of("secured", "second")]);
  await rtp.send(rtpPacket(1), outer);
  assert.deepEqual((await onOne.next()).bytes, rtpPacket(1));
  // Nothing tells when the other association has its keys: until then reports are lost.
  while (onOne.waiting === 0) {
    await rtcp.send(rtcpPacket(), { localAddress, port: a! + 1 });
    await plane.counters([]);
  }
  assert.deepEqual((await onOne.next()).bytes, rtcpPacket());
  await onOne.send(rtcpPacket(7), inner);
  assert.deepEqual((await rtcp.next()).bytes, rtcpPacket(7));
  assert.equal(rtp.waiting, 0);
});

test("the same description again goes on, another fingerprint begins anew", async () => {
  await using way = await twoStreams();
  await way.secured();
  way.perform(way.first);
  await crosses(way, rtpPacket(1));
  const dtls: DtlsEnd = { role: "active", fingerprints: [OTHER] };
  const callee = { ...way.first.ends.callee, dtls };
  way.perform({ ...way.first, ends: { ...way.first.ends, callee } });
  await way.ear.of("unsecured", "second");
  await way.plain.send(rtpPacket(2), way.first.ends.caller);
  assert.deepEqual(await way.dropsOf("first", "caller"), { "no-keys": 1 });
});

test("DTLS beside keys of the description, or without a fingerprint, is refused by name", async () => {
  await using way = await twoStreams();
  const dtls: DtlsEnd = { role: "active", fingerprints: [] };
  const callee = { ...way.first.ends.callee, dtls };
  way.perform({ ...way.first, id: "third", ends: { ...way.first.ends, callee } });
  const failed = await way.ear.of("failed", "third");
  assert.deepEqual(failed, { kind: "failed", id: "third", why: "dtls-keys" });
});
