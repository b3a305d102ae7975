import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant, seededRandom } from "#base";
import { findAttribute, isSdpFailure, type MediaSection, parseSdp } from "#sdp";
import {
  CallMedia,
  type KeyExchange,
  type MediaCommand,
  type MediaFacts,
  newIce,
  newKey,
  otherRole,
  PortPool,
  type Role,
  type Stream,
  type StreamEnd,
  SUITES_OF,
  sdpMask,
  type VoiceEncryption,
} from "./index.ts";

// Whatever two peers make of DTLS, ICE and keys: the plane is told nothing that it would refuse, and
// nothing of one leg's protection stands in what the other is told.

const NOW = instant(1_000_000);
const OURS = Array(32).fill("FA").join(":");
const PASSWORD = "abcdefghijklmnopqrstuv";
const CM80 = "AES_CM_128_HMAC_SHA1_80";

/** What each peer says of itself, and nobody else may be told. */
const WORDS = {
  caller: { fingerprint: Array(32).fill("01").join(":"), ufrag: "callers", host: "198.51.100.7" },
  callee: { fingerprint: Array(32).fill("02").join(":"), ufrag: "callees", host: "10.0.0.20" },
} as const;
const KEYS = {
  caller: "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
  callee: "PS1uQCVeeCFCanVmcjkpPywjNWhcYydAcXk2MzkK",
} as const;

const part = fc.record({
  profile: fc.constantFrom(
    "RTP/AVP",
    "RTP/AVPF",
    "RTP/SAVP",
    "UDP/TLS/RTP/SAVP",
    "UDP/TLS/RTP/SAVPF",
    "udptl",
  ),
  dtls: fc.boolean(),
  sdes: fc.boolean(),
  ice: fc.boolean(),
  mux: fc.boolean(),
  setup: fc.constantFrom("actpass", "active", "passive", "holdconn"),
  anew: fc.boolean(),
});
type Part = typeof part extends fc.Arbitrary<infer T> ? T : never;

function lineOf({ profile, dtls, sdes, ice, mux, setup, anew }: Part, role: Role): string[] {
  const { fingerprint, ufrag } = WORDS[role];
  if (profile === "udptl") return ["m=image 4000 udptl t38"];
  return [
    `m=audio 4000 ${profile} 0`,
    ...(dtls ? [`a=fingerprint:sha-256 ${fingerprint}`, `a=setup:${setup}`] : []),
    ...(sdes ? [`a=crypto:1 ${CM80} inline:${KEYS[role]}`] : []),
    ...(ice ? [`a=ice-ufrag:${ufrag}${anew ? "x" : ""}`, `a=ice-pwd:${PASSWORD}`] : []),
    ...(mux ? ["a=rtcp-mux"] : []),
  ];
}

const description = (role: Role, lines: readonly string[]): string =>
  [
    "v=0",
    "o=x 1 1 IN IP4 192.0.2.99",
    "s=-",
    `c=IN IP4 ${WORDS[role].host}`,
    "t=0 0",
    ...lines,
    "",
  ].join("\r\n");

/** An answer that takes what it is offered as far as it can, or declines it. */
function answerTo(relayed: string, role: Role, wish: Part): string {
  const sdp = parseSdp(relayed);
  assert.ok(!isSdpFailure(sdp), "what we send is a description");
  const answer = ({ line, lines }: MediaSection): string[] => {
    const offers = (name: string): boolean => findAttribute(lines, name) !== undefined;
    const setup = wish.setup === "active" ? "active" : "passive";
    const profile = line.protocol;
    if (line.port === 0) return [`m=${line.media} 0 ${profile} ${line.formats.join(" ")}`];
    const taken = { ...wish, profile, setup } as Part;
    if (!/AVP/.test(profile)) return [`m=${line.media} 4000 ${profile} ${line.formats.join(" ")}`];
    const dtls = offers("fingerprint") && (wish.dtls || profile.includes("TLS"));
    const sdes = offers("crypto") && (wish.sdes || profile.includes("SAVP"));
    return lineOf({ ...taken, dtls, sdes, ice: wish.ice && offers("ice-ufrag") }, role);
  };
  return description(role, sdp.media.flatMap(answer));
}

/** What native/src/stream.cc would refuse. */
function assertSound({ kind, ends }: Stream): void {
  for (const end of [ends.caller, ends.callee]) {
    const { ice, dtls, srtp, port, rtcpPort } = end;
    if (kind === "opaque") assert.ok(!ice && !dtls && !srtp, "keys-of-opaque");
    if (ice) assert.equal(rtcpPort, port, "no-rtcp-mux");
    if (ice) assert.ok(ice.ufrag.length >= 4 && ice.password.reveal().length >= 22);
    if (dtls) assert.ok(!srtp && dtls.fingerprints.length > 0, "dtls-keys");
    if (!ice && end.remoteAddress !== undefined) assert.notEqual(end.remotePort, 0);
  }
}

const isOfPeer = (end: StreamEnd, role: Role): boolean =>
  (end.dtls?.fingerprints ?? []).every(({ value }) => value === WORDS[role].fingerprint) &&
  (end.ice?.remoteUfrag ?? WORDS[role].ufrag).startsWith(WORDS[role].ufrag);

function assertNothingCrosses(sdp: string, to: Role): void {
  const { fingerprint, ufrag, host } = WORDS[otherRole(to)];
  for (const word of [fingerprint, ufrag, host, KEYS[otherRole(to)]]) {
    assert.ok(!sdp.includes(word), `${word} in ${sdp}`);
  }
}

const random = seededRandom(5);
const voice = fc.constantFrom<VoiceEncryption>("required", "preferred", "off");
const exchange = fc.constantFrom<KeyExchange>("sdes", "dtls", "webrtc");
const settings = fc.record({
  voice: fc.record({ public: voice, private: voice }),
  exchange: fc.record({ public: exchange, private: exchange }),
  portChange: fc.boolean(),
});

const factsOf = (wish: typeof settings extends fc.Arbitrary<infer T> ? T : never): MediaFacts => ({
  sides: {
    public: { localAddress: "192.0.2.10", advertisedAddress: "203.0.113.1", latch: true },
    private: { localAddress: "10.0.0.1", advertisedAddress: "10.0.0.1", latch: false },
  },
  dscp: { audio: 46, video: 34 },
  srtp: {
    voice: wish.voice,
    exchange: wish.exchange,
    suites: SUITES_OF["aes-128"],
    newKey: (suite) => newKey(suite, random),
    fingerprint: () => OURS,
  },
  newIce: () => newIce(random),
  mask: sdpMask({ public: [], private: [] }),
  portChange: wish.portChange,
  opaque: true,
  silenceS: 60,
});

const step = fc.oneof(
  fc.record({
    kind: fc.constant("offer" as const),
    role: fc.constantFrom<Role>("caller", "callee"),
    parts: fc.array(part, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("answer" as const), early: fc.boolean(), wish: part }),
  fc.record({
    kind: fc.constant("retold" as const),
    role: fc.constantFrom<Role>("caller", "callee"),
    wish: part,
  }),
  fc.record({ kind: fc.constant("abandon" as const) }),
);

test("whatever peers make of DTLS, ICE and keys, the plane is told what it can do", () => {
  fc.assert(
    fc.property(settings, fc.boolean(), fc.array(step, { maxLength: 20 }), (wish, tls, steps) => {
      const pool = new PortPool({ portMin: 20_000, portMax: 20_199 });
      const sides = { caller: "public", callee: "private" } as const;
      const legs = { sides, tls: { caller: tls, callee: tls } };
      const media = CallMedia.begin("call", legs, factsOf(wish), pool);
      const perform = (commands: readonly MediaCommand[]): void => {
        for (const command of commands) {
          if (command.kind !== "stream") continue;
          assertSound(command.stream);
          const { caller, callee } = command.stream.ends;
          assert.ok(isOfPeer(caller, "caller") && isOfPeer(callee, "callee"));
        }
      };
      let open: { from: Role; sdp: string } | undefined;
      for (const one of steps) {
        if (one.kind === "abandon") perform(media.abandonOffer(NOW));
        else if (one.kind === "retold") {
          const told = media.lastTold(one.role);
          if (told) perform(media.retold(answerTo(told, one.role, one.wish), one.role));
        } else {
          const from = one.kind === "offer" ? one.role : open && otherRole(open.from);
          if (from === undefined) continue;
          const outcome =
            one.kind === "offer"
              ? media.relayOffer(
                  description(
                    from,
                    one.parts.flatMap((each) => lineOf(each, from)),
                  ),
                  from,
                  NOW,
                )
              : media.relayAnswer(
                  answerTo(open!.sdp, from, one.wish),
                  from,
                  NOW,
                  one.early ? "early" : "final",
                );
          if (outcome.kind === "refused") continue;
          perform(outcome.commands);
          assertNothingCrosses(outcome.sdp, otherRole(from));
          if (one.kind === "offer") open = { from, sdp: outcome.sdp };
        }
        for (const stream of media.streams) assertSound(stream);
      }
      media.close(NOW);
      assert.equal(pool.held, 0);
    }),
    { numRuns: 1500 },
  );
});
