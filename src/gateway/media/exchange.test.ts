import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant } from "#base";
import { isSdpFailure, parseSdp } from "#sdp";
import type { Side } from "#sip";
import {
  CallMedia,
  type MediaCommand,
  type MediaFacts,
  otherRole,
  PortPool,
  type Role,
  type Stream,
  sdpMask,
} from "./index.ts";

const FACTS: MediaFacts = {
  sides: {
    public: { localAddress: "192.0.2.10", advertisedAddress: "203.0.113.1", latch: true },
    private: { localAddress: "10.0.0.1", advertisedAddress: "10.0.0.1", latch: false },
  },
  dscp: { audio: 46, video: 34 },
  mask: sdpMask({ public: [], private: [] }),
  portChange: true,
  opaque: true,
  silenceS: 60,
};

const PLAIN = { encryption: "off", exchange: "sdes", keysInSdp: false } as const;
const NO_TLS = { caller: false, callee: false };

const PEER: Readonly<Record<Side, string>> = { public: "198.51.100.7", private: "10.0.0.20" };

const LINES = [
  "audio 4000 RTP/AVP 0",
  "audio 4000 RTP/AVP 0\r\na=rtcp-mux",
  "audio 4000 RTP/AVP 0\r\na=sendonly",
  "audio 0 RTP/AVP 0",
  "audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1j",
  "video 5000 RTP/AVP 96",
  "image 6000 udptl t38",
  "message 7000 TCP/MSRP *",
];

const describe = (side: Side, lines: readonly string[]): string =>
  [
    "v=0",
    `o=x 1 1 IN IP4 ${PEER[side]}`,
    "s=-",
    `c=IN IP4 ${PEER[side]}`,
    "t=0 0",
    ...lines.map((line) => `m=${line}`),
    "",
  ].join("\r\n");

const side = fc.constantFrom<Side>("public", "private");
const role = fc.constantFrom<Role>("caller", "callee");
const lines = fc.array(fc.constantFrom(...LINES), { maxLength: 4 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("offer" as const), role, lines }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      accept: fc.nat(15),
      early: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant("settle" as const) }),
  fc.record({ kind: fc.constant("abandon" as const) }),
  fc.record({ kind: fc.constant("revive" as const) }),
  fc.record({ kind: fc.constant("succeed" as const), role, side }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(12_000) }),
);

/** The plane as it would be after these commands, and the invariants that must hold then. */
class Plane {
  readonly streams = new Map<string, Stream>();

  perform(commands: readonly MediaCommand[]): void {
    for (const command of commands) {
      if (command.kind === "stream") this.streams.set(command.stream.id, command.stream);
      if (command.kind !== "close") continue;
      assert.ok(this.streams.delete(command.id), "only an open stream is closed");
    }
  }

  check(media: CallMedia, pool: PortPool): void {
    assert.equal(pool.held, 2 * this.streams.size, "ports held are live streams");
    const known = media.streams.map((stream) => [stream.id, stream] as const);
    assert.deepEqual(new Map(known), this.streams, "the plane knows what the call thinks it does");
    const ports = [...this.streams.values()].flatMap(({ ends }) => [
      ends.caller.port,
      ends.callee.port,
    ]);
    assert.equal(new Set(ports).size, ports.length, "no port has two streams");
  }
}

/** The answer to the offer that this leg was sent: each usable line accepted by a bit. */
function answerTo(relayed: string, from: Side, accept: number): string {
  const sdp = parseSdp(relayed);
  assert.ok(!isSdpFailure(sdp), "what we send is a description");
  return describe(
    from,
    sdp.media.map(({ line }, i) => {
      const port = line.port !== 0 && (accept >> i) & 1 ? 8000 + 2 * i : 0;
      return `${line.media} ${port} ${line.protocol} ${line.formats.join(" ")}`;
    }),
  );
}

test("whatever offers and answers come, no port leaks and the plane stays in step", () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.constantFrom(20_011, 20_099),
      fc.record({ caller: side, callee: side }),
      fc.array(step, { maxLength: 40 }),
      (portChange, portMax, sides, steps) => {
        const pool = new PortPool({ portMin: 20_000, portMax });
        const facts = { ...FACTS, portChange };
        let media = CallMedia.begin("call", { sides, tls: NO_TLS }, facts, pool);
        const sideOf = (leg: Role): Side => media.end(leg).side;
        const plane = new Plane();
        let now = instant(1_000_000);
        let open: { from: Role; sdp: string } | undefined;
        for (const one of steps) {
          if (one.kind === "offer") {
            const outcome = media.relayOffer(describe(sideOf(one.role), one.lines), one.role, now);
            if (outcome.kind === "relayed") {
              open = { from: one.role, sdp: outcome.sdp };
              plane.perform(outcome.commands);
            }
          } else if (one.kind === "answer" && open) {
            const from = otherRole(open.from);
            const outcome = media.relayAnswer(
              answerTo(open.sdp, sideOf(from), one.accept),
              from,
              now,
              one.early ? "early" : "final",
            );
            assert.ok(outcome.kind === "relayed", JSON.stringify(outcome));
            plane.perform(outcome.commands);
          } else if (one.kind === "settle") plane.perform(media.settle(now));
          else if (one.kind === "abandon") {
            plane.perform(media.abandonOffer(now));
            if (!media.state.exchange) open = undefined;
          } else if (one.kind === "revive") {
            media = new CallMedia(JSON.parse(JSON.stringify(media.state)), facts, pool);
          } else if (one.kind === "succeed") {
            const origin = { sessionId: "77", version: 0, body: "" };
            const next = media.successor(one.role, { side: one.side, voice: PLAIN, origin });
            plane.perform(media.close(now));
            media = next;
            open = undefined;
          } else if (one.kind === "wait") now = instant(now + one.ms);
          plane.check(media, pool);
        }
        plane.perform(media.close(now));
        plane.check(media, pool);
        assert.equal(pool.held, 0);
      },
    ),
    { numRuns: 1500 },
  );
});

test("whatever a peer writes, with the mask on no address of its side comes through, nor a key", () => {
  const secret = fc.constantFrom(PEER.private, "fd00::20", "::ffff:10.0.0.20", "user@desk");
  const attribute = fc.tuple(
    fc.constantFrom(
      "a=x:",
      "a=candidate:1 1 udp 1 ",
      "a=rtcp:9 IN IP4 ",
      "a=crypto:",
      "b=X:",
      "i=",
      "u=",
      "a=ssrc:1 cname:",
      "z=",
      "r=",
      "a=mid:",
      "a=",
    ),
    fc.string({ maxLength: 12, unit: fc.constantFrom("a", "1", ":", ".", " ", "/", ";", "=") }),
    secret,
    fc.string({ maxLength: 8, unit: fc.constantFrom(" ", ";", ",", "]", "/", "z") }),
  );
  fc.assert(
    fc.property(fc.array(attribute, { maxLength: 8 }), fc.nat(8), (attributes, at) => {
      const hostile = attributes.map((parts) => parts.join(""));
      const text = describe("private", []).trimEnd().split("\r\n");
      const all = [
        ...text,
        ...hostile.slice(0, at),
        "m=audio 4000 RTP/AVP 0",
        ...hostile.slice(at),
        "",
      ];
      const pool = new PortPool({ portMin: 20_000, portMax: 20_099 });
      const sides = { caller: "public", callee: "private" } as const;
      const outcome = CallMedia.begin("call", { sides, tls: NO_TLS }, FACTS, pool).relayOffer(
        all.join("\r\n"),
        "callee",
        instant(0),
      );
      if (outcome.kind === "refused") return;
      for (const leak of ["10.0.0.", "fd00", "desk", "crypto"])
        assert.ok(!outcome.sdp.includes(leak), outcome.sdp);
    }),
    { numRuns: 1500 },
  );
});
