import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { Secret } from "#base";
import type { SrtpKey, SrtpSuite } from "#media";
import { type InProcessPlane, startInProcess } from "#media-plane";
import {
  freePairs,
  LoopbackPeer,
  remoteOf,
  rtcpPacket,
  rtpPacket,
  streamBetween,
} from "../../src/io/media-plane/loopback-peer.ts";
import { buildLibsrtpPeer, LibsrtpPeer, missingLibsrtp } from "../lab/index.ts";

// Another hand's SRTP at the other end of a stream: what libsrtp protects the plane opens, and the
// other way round.

const KEY_BYTES: Readonly<Record<SrtpSuite, number>> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AES_256_CM_HMAC_SHA1_80: 46,
  AES_256_CM_HMAC_SHA1_32: 46,
  AEAD_AES_128_GCM: 28,
  AEAD_AES_256_GCM: 44,
};
const [OURS, THEIRS, THEIR_NEXT] = [1, 2, 3];
const MKI = { value: 0x0102_0304, bytes: 4 };
// libsrtp's srtp_err_status_replay_fail.
const REPLAYED = "refused 9";
// The counter rolls over twice, by leaps that a receiver may take for losses.
const LEAP = 30_000;
const LEAPS = 6;

const bytesOf = (suite: SrtpSuite, seed: number): Buffer =>
  Buffer.from(Array.from({ length: KEY_BYTES[suite] }, (_, i) => (i * 7 + seed * 31) & 0xff));

describe("libsrtp as the other party", { skip: missingLibsrtp() }, () => {
  let folder: string;
  let program: string;
  let plane: InProcessPlane;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "libsrtp-"));
    program = buildLibsrtpPeer(folder);
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    plane = await startInProcess({ manualClock: true });
  });
  afterEach(() => plane.close());

  /** A telephone without keys, and libsrtp; RTP and RTCP on one port each. */
  async function call(suite: SrtpSuite, named = false) {
    const [plain, wire] = [await LoopbackPeer.open(), await LoopbackPeer.open()];
    const [a, b] = await freePairs(2);
    const keyOf = (seed: number): SrtpKey => ({
      suite,
      keySalt: new Secret(bytesOf(suite, seed).toString("base64")),
    });
    const { ends, ...stream } = streamBetween({
      caller: { port: a!, rtcpPort: a!, ...remoteOf(plain, plain) },
      callee: {
        ...{ port: b!, rtcpPort: b!, ...remoteOf(wire, wire) },
        srtp: {
          inbound: { ...keyOf(THEIRS), ...(named ? { mki: MKI } : {}) },
          outbound: keyOf(OURS),
        },
      },
    });
    plane.perform({ kind: "stream", stream: { ...stream, ends } });
    await plane.counters([]);
    const mki = Buffer.alloc(MKI.bytes);
    mki.writeUInt32BE(MKI.value);
    const libsrtp = new LibsrtpPeer(program, {
      ...{ suite, inbound: bytesOf(suite, OURS), outbound: bytesOf(suite, THEIRS) },
      ...(named ? { mki } : {}),
    });
    const partOf = (packet: Buffer) => (packet.length === rtcpPacket().length ? "rtcp" : "rtp");
    return {
      plain,
      wire,
      libsrtp,
      ends,
      /** What the telephone sends, as it is on the wire. */
      ours: async (packet: Buffer): Promise<Buffer> => {
        await plain.send(packet, ends.caller);
        return (await wire.next()).bytes;
      },
      /** What the telephone sends, as libsrtp hears it. */
      forth: async (packet: Buffer): Promise<Buffer | string> => {
        await plain.send(packet, ends.caller);
        return libsrtp.unprotect(partOf(packet), (await wire.next()).bytes);
      },
      /** What libsrtp sends, as the telephone hears it. */
      back: async (packet: Buffer): Promise<Buffer> => {
        await wire.send(await libsrtp.protect(partOf(packet), packet), ends.callee);
        return (await plain.next()).bytes;
      },
      /** The peer's re-INVITE brings another key of its own: libsrtp as it sends from then on. */
      renew: async (): Promise<LibsrtpPeer> => {
        const { srtp, ...callee } = ends.callee;
        const next = { ...callee, srtp: { ...srtp!, inbound: keyOf(THEIR_NEXT) } };
        const changed = { ...stream, ends: { ...ends, callee: next } };
        plane.perform({ kind: "stream", stream: changed });
        await plane.counters([]);
        const keys = { inbound: bytesOf(suite, OURS), outbound: bytesOf(suite, THEIR_NEXT) };
        return new LibsrtpPeer(program, { suite, ...keys });
      },
      drops: async (role: "caller" | "callee") => {
        const [counters] = await plane.counters([stream.id]);
        return counters?.ends[role].drops;
      },
      [Symbol.asyncDispose]: async (): Promise<void> => {
        await libsrtp[Symbol.asyncDispose]();
        await plain[Symbol.asyncDispose]();
        await wire[Symbol.asyncDispose]();
      },
    };
  }

  for (const suite of Object.keys(KEY_BYTES) as SrtpSuite[]) {
    test(`${suite}: RTP and RTCP both ways`, async () => {
      await using way = await call(suite);
      for (const packet of [rtpPacket(1), rtcpPacket(), rtpPacket(2), rtcpPacket()]) {
        assert.deepEqual(await way.forth(packet), packet);
        assert.deepEqual(await way.back(packet), packet);
      }
    });

    test(`${suite}: the rollover counter is each source's own, both ways`, async () => {
      await using way = await call(suite);
      for (let n = 0; n < LEAPS; n++) {
        const packet = rtpPacket((65_000 + n * LEAP) & 0xffff);
        assert.deepEqual(await way.forth(packet), packet);
        assert.deepEqual(await way.back(packet), packet);
        // Another source, as after a hold, begins at zero.
        const another = rtpPacket(n, 0x8765_4321);
        assert.deepEqual(await way.forth(another), another);
        assert.deepEqual(await way.back(another), another);
      }
    });

    test(`${suite}: nothing is heard twice, on either side`, async () => {
      await using way = await call(suite);
      const ours = await way.ours(rtpPacket(1));
      assert.deepEqual(await way.libsrtp.unprotect("rtp", ours), rtpPacket(1));
      assert.equal(await way.libsrtp.unprotect("rtp", ours), REPLAYED);
      await way.plain.send(rtpPacket(1), way.ends.caller);
      assert.deepEqual(await way.forth(rtpPacket(2)), rtpPacket(2));
      assert.deepEqual(await way.drops("caller"), { replayed: 1 });

      for (const packet of [rtpPacket(1), rtcpPacket()]) {
        const theirs = await way.libsrtp.protect(packet.length > 8 ? "rtp" : "rtcp", packet);
        await way.wire.send(theirs, way.ends.callee);
        await way.wire.send(theirs, way.ends.callee);
        assert.deepEqual((await way.plain.next()).bytes, packet);
      }
      assert.deepEqual(await way.back(rtpPacket(2)), rtpPacket(2));
      assert.deepEqual(await way.drops("callee"), { replayed: 2 });
    });

    test(`${suite}: another key in the midst of a call makes no gap`, async () => {
      await using way = await call(suite);
      const packets = Array.from({ length: 12 }, (_, i) => rtpPacket((65_530 + i) & 0xffff));
      const [before, underWay, after] = [
        packets.slice(0, 4),
        packets.slice(4, 8),
        packets.slice(8),
      ];
      for (const packet of before) assert.deepEqual(await way.back(packet), packet);
      // Sent under the former key, and still on the way when the new one is agreed.
      const late: Buffer[] = [];
      for (const packet of underWay) late.push(await way.libsrtp.protect("rtp", packet));
      await using next = await way.renew();
      for (const [i, packet] of after.entries()) {
        await way.wire.send(await next.protect("rtp", packet), way.ends.callee);
        assert.deepEqual((await way.plain.next()).bytes, packet);
        await way.wire.send(late[i]!, way.ends.callee);
        assert.deepEqual((await way.plain.next()).bytes, underWay[i]);
        assert.deepEqual(await way.forth(rtpPacket(i)), rtpPacket(i));
      }
      assert.deepEqual(await way.drops("callee"), {});
    });

    test(`${suite}: its packets name their key (MKI)`, async () => {
      await using way = await call(suite, true);
      for (const packet of [rtpPacket(1), rtcpPacket(), rtpPacket(2)]) {
        assert.deepEqual(await way.back(packet), packet);
      }
      const another = await way.libsrtp.protect("rtp", rtpPacket(3));
      const at = another.indexOf(Buffer.from([1, 2, 3, 4]), 12);
      another[at + 3]! ^= 1;
      await way.wire.send(another, way.ends.callee);
      assert.deepEqual(await way.back(rtpPacket(4)), rtpPacket(4));
      assert.deepEqual(await way.drops("callee"), { unauthentic: 1 });
    });
  }
});
