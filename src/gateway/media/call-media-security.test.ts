import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instant, seededRandom } from "#base";
import { findAttribute, type MediaSection, parseCrypto, parseSdp, type Sdp } from "#sdp";
import {
  CallMedia,
  type MediaFacts,
  newKey,
  otherRole,
  PortPool,
  type Role,
  type SrtpSuite,
  type Stream,
  SUITES_OF,
  type VoiceEncryption,
} from "./index.ts";

const NOW = instant(1_000_000);
const PEER: Readonly<Record<Role, string>> = { caller: "198.51.100.7", callee: "10.0.0.20" };
const CM80 = "AES_CM_128_HMAC_SHA1_80";

interface Wish {
  readonly caller?: VoiceEncryption;
  readonly callee?: VoiceEncryption;
  readonly type?: keyof typeof SUITES_OF;
  readonly plainSignalling?: Role;
  readonly portChange?: boolean;
  readonly opaqueInClear?: boolean;
}

const random = seededRandom(7);
const key = (suite: SrtpSuite): string => newKey(suite, random).keySalt.reveal();

/** A call between two legs; the plane's streams as they stand. */
class Bench {
  readonly media: CallMedia;
  readonly plane = new Map<string, Stream>();

  constructor(wish: Wish = {}) {
    const { caller = "preferred", callee = "preferred", type = "aes-128" } = wish;
    const facts: MediaFacts = {
      sides: {
        public: { localAddress: "192.0.2.10", advertisedAddress: "192.0.2.10", latch: true },
        private: { localAddress: "10.0.0.1", advertisedAddress: "10.0.0.1", latch: false },
      },
      dscp: { audio: 46, video: 34 },
      srtp: {
        voice: { public: caller, private: callee },
        exchange: { public: "sdes", private: "sdes" },
        fingerprint: () => "",
        suites: SUITES_OF[type],
        newKey: (suite) => newKey(suite, random),
      },
      portChange: wish.portChange ?? false,
      opaque: true,
      opaqueInClear: wish.opaqueInClear ?? false,
      silenceS: 60,
    };
    const plain = wish.plainSignalling;
    const tls = { caller: plain !== "caller", callee: plain !== "callee" };
    const sides = { caller: "public", callee: "private" } as const;
    const pool = new PortPool({ portMin: 20_000, portMax: 20_099 });
    this.media = CallMedia.begin("call", { sides, tls }, facts, pool);
  }

  offer(lines: string, from: Role = "caller"): MediaSection {
    return this.#take(this.media.relayOffer(description(from, lines), from, NOW));
  }

  answer(lines: string, from: Role = "callee"): MediaSection {
    return this.#take(this.media.relayAnswer(description(from, lines), from, NOW));
  }

  why(lines: string, from: Role = "caller"): string {
    const text = description(from, lines);
    const answers = this.media.offerPending && this.media.state.exchange?.from !== from;
    const outcome = answers
      ? this.media.relayAnswer(text, from, NOW)
      : this.media.relayOffer(text, from, NOW);
    return outcome.kind === "refused" ? `${outcome.why} ${outcome.what}` : outcome.kind;
  }

  get stream(): Stream {
    const streams = [...this.plane.values()];
    assert.equal(streams.length, 1);
    return streams[0]!;
  }

  /** The keys of an end as base64, or nothing. */
  keys(role: Role): { in: string; out: string } | undefined {
    const { srtp } = this.stream.ends[role];
    return srtp && { in: srtp.inbound.keySalt.reveal(), out: srtp.outbound.keySalt.reveal() };
  }

  #take(outcome: ReturnType<CallMedia["relayOffer"]>): MediaSection {
    assert.ok(outcome.kind === "relayed", JSON.stringify(outcome));
    for (const command of outcome.commands) {
      if (command.kind === "stream") this.plane.set(command.stream.id, command.stream);
      else if (command.kind === "close") this.plane.delete(command.id);
    }
    return (parseSdp(outcome.sdp) as Sdp).media[0]!;
  }
}

const description = (from: Role, lines: string): string =>
  `v=0\r\no=x 1 1 IN IP4 ${PEER[from]}\r\ns=-\r\nc=IN IP4 ${PEER[from]}\r\nt=0 0\r\n${lines}`;

const line = (profile: string, ...cryptos: string[]): string =>
  [`m=audio 4000 ${profile} 0`, ...cryptos.map((one) => `a=crypto:${one}`), ""].join("\r\n");

/** What a section says: its profile, and its keys by tag and suite. */
function told({ line: { protocol }, lines }: MediaSection) {
  const cryptos = lines
    .filter((one) => one.startsWith("a=crypto:"))
    .map((one) => parseCrypto(one.slice("a=crypto:".length))!);
  return {
    protocol,
    suites: cryptos.map(({ tag, suite }) => `${tag} ${suite}`),
    keys: cryptos.map(({ keys }) => keys[0]!.keySalt.reveal()),
  };
}

describe("each leg is protected for itself", () => {
  test("SRTP to SRTP: every key is its leg's own, and goes to the plane", () => {
    const bench = new Bench();
    const [theirs, answered] = [key(CM80), key(CM80)];
    const offer = told(bench.offer(line("RTP/SAVP", `7 ${CM80} inline:${theirs}`)));
    assert.equal(offer.protocol, "RTP/AVP");
    assert.deepEqual(offer.suites, [
      `1 ${CM80}`,
      "2 AEAD_AES_128_GCM",
      "3 AES_CM_128_HMAC_SHA1_32",
    ]);
    const answer = told(bench.answer(line("RTP/AVP", `1 ${CM80} inline:${answered}`)));
    assert.deepEqual([answer.protocol, answer.suites], ["RTP/SAVP", [`7 ${CM80}`]]);
    assert.deepEqual(bench.keys("caller"), { in: theirs, out: answer.keys[0] });
    assert.deepEqual(bench.keys("callee"), { in: answered, out: offer.keys[0] });
    assert.equal(new Set([theirs, answered, answer.keys[0], ...offer.keys]).size, 6);
  });

  test("SRTP to plain RTP, where the other leg declines, or its settings have none", () => {
    for (const callee of ["preferred", "off"] as const) {
      const bench = new Bench({ callee });
      const offer = told(bench.offer(line("RTP/SAVPF", `1 ${CM80} inline:${key(CM80)}`)));
      assert.equal(offer.protocol, "RTP/AVPF");
      assert.equal(offer.keys.length, callee === "off" ? 0 : 3);
      const answer = told(bench.answer(line("RTP/AVPF")));
      assert.equal(answer.protocol, "RTP/SAVPF");
      assert.notEqual(bench.keys("caller"), undefined);
      assert.equal(bench.keys("callee"), undefined);
    }
  });

  test("plain RTP to SRTP, where the other leg must have it", () => {
    const bench = new Bench({ callee: "required" });
    const offer = told(bench.offer(line("RTP/AVP")));
    assert.equal(offer.protocol, "RTP/SAVP");
    const answer = told(bench.answer(line("RTP/SAVP", `1 ${CM80} inline:${key(CM80)}`)));
    assert.deepEqual(answer, { protocol: "RTP/AVP", suites: [], keys: [] });
    assert.equal(bench.keys("caller"), undefined);
    assert.notEqual(bench.keys("callee"), undefined);
  });

  test("best effort: keys offered under the plain profile are taken", () => {
    const bench = new Bench({ callee: "off" });
    bench.offer(line("RTP/AVP", `1 ${CM80} inline:${key(CM80)}`));
    const answer = told(bench.answer(line("RTP/AVP")));
    assert.deepEqual([answer.protocol, answer.suites], ["RTP/AVP", [`1 ${CM80}`]]);
    assert.notEqual(bench.keys("caller"), undefined);
  });

  test("AES 256 is proposed first and chosen where it is offered, and 128 is better than none", () => {
    const bench = new Bench({ type: "aes-256" });
    const wide = "AES_256_CM_HMAC_SHA1_80";
    const cryptos = [`1 ${CM80} inline:${key(CM80)}`, `2 ${wide} inline:${key(wide)}`];
    const offer = told(bench.offer(line("RTP/SAVP", ...cryptos)));
    assert.deepEqual(offer.suites, [`1 ${wide}`, "2 AEAD_AES_256_GCM", `3 ${CM80}`]);
    const answer = told(bench.answer(line("RTP/AVP", `3 ${CM80} inline:${key(CM80)}`)));
    assert.deepEqual(answer.suites, [`2 ${wide}`]);
    assert.equal(bench.stream.ends.callee.srtp?.inbound.suite, CM80);
  });

  test("AES 256 is known by its former name too, and answered by the name that the peer has for it", () => {
    for (const mac of ["80", "32"]) {
      const bench = new Bench({ callee: "required", type: "aes-256" });
      const [former, now] = [`AES_CM_256_HMAC_SHA1_${mac}`, `AES_256_CM_HMAC_SHA1_${mac}`];
      const wide = key("AES_256_CM_HMAC_SHA1_80");
      const offer = told(bench.offer(line("RTP/SAVP", `3 ${former} inline:${wide}`)));
      assert.equal(offer.suites[0], "1 AES_256_CM_HMAC_SHA1_80");
      const theirs = `1 AES_CM_256_HMAC_SHA1_80 inline:${wide}`;
      assert.deepEqual(told(bench.answer(line("RTP/SAVP", theirs))).suites, [`3 ${former}`]);
      const { caller, callee } = bench.stream.ends;
      assert.deepEqual([caller.srtp?.inbound.suite, caller.srtp?.outbound.suite], [now, now]);
      assert.equal(callee.srtp?.inbound.suite, "AES_256_CM_HMAC_SHA1_80");
    }
  });

  test("who comes to prefer another suite in its re-INVITE is answered by it, and offered it later", () => {
    const bench = new Bench({ callee: "off" });
    const short = "AES_CM_128_HMAC_SHA1_32";
    bench.offer(line("RTP/SAVP", `1 ${CM80} inline:${key(CM80)}`));
    bench.answer(line("RTP/AVP"));
    const former = bench.keys("caller");
    const anew = key(short);
    bench.offer(line("RTP/SAVP", `1 ${short} inline:${anew}`));
    assert.deepEqual(told(bench.answer(line("RTP/AVP"))).suites, [`1 ${short}`]);
    assert.equal(bench.keys("caller")?.in, anew);
    assert.notEqual(bench.keys("caller")?.out, former?.out);
    const ours = bench.keys("caller")?.out;
    // RFC 4568 §7.1.4: what is offered in its turn is what is in use, by the key that it knows.
    const back = told(bench.offer(line("RTP/AVP"), "callee"));
    assert.deepEqual([back.protocol, back.suites, back.keys], ["RTP/SAVP", [`1 ${short}`], [ours]]);
    bench.answer(line("RTP/SAVP", `1 ${short} inline:${anew}`), "caller");
    assert.deepEqual(bench.keys("caller"), { in: anew, out: ours });
  });

  test("a key with a name (MKI) and a hint at the window are taken", () => {
    const bench = new Bench({ callee: "off" });
    const crypto = `1 ${CM80} inline:${key(CM80)}|2^31|5:4 WSH=128`;
    bench.offer(line("RTP/SAVP", crypto));
    bench.answer(line("RTP/AVP"));
    assert.deepEqual(bench.stream.ends.caller.srtp?.inbound.mki, { value: 5, bytes: 4 });
  });
});

/** RFC 4568 §6.3, but for hints. */
const CHANGES_OF_PACKETS = [
  "UNENCRYPTED_SRTP",
  "UNENCRYPTED_SRTCP",
  "UNAUTHENTICATED_SRTP",
  "FEC_ORDER=FEC_SRTP",
  "FEC_KEY=inline:WVNfX19zZW1j",
  "KDR=1",
  "WSH=64 KDR=24",
  "NOBODY_KNOWS=1",
];

describe("what can't be protected as it must is refused by name", () => {
  const cases: [string, Wish, string, string][] = [
    [
      "keys without TLS (attack case E7)",
      { plainSignalling: "caller" },
      line("RTP/SAVP", `1 ${CM80} inline:${key(CM80)}`),
      "media-encryption-not-available keys-without-tls",
    ],
    [
      "SRTP required without TLS",
      { caller: "required", plainSignalling: "caller" },
      line("RTP/AVP"),
      "media-encryption-required keys-without-tls",
    ],
    [
      "SRTP required without TLS on the other leg",
      { callee: "required", plainSignalling: "callee" },
      line("RTP/AVP"),
      "media-encryption-required keys-without-tls",
    ],
    [
      "plain where SRTP is required",
      { caller: "required" },
      line("RTP/AVP"),
      "media-encryption-required no-crypto",
    ],
    [
      "SRTP where it is off",
      { caller: "off" },
      line("RTP/SAVP", `1 ${CM80} inline:${key(CM80)}`),
      "media-encryption-not-available RTP/SAVP",
    ],
    [
      "a suite that nobody has",
      {},
      line("RTP/SAVP", `1 F8_128_HMAC_SHA1_80 inline:${key(CM80)}`),
      "media-encryption-not-available no-crypto-suite-in-common",
    ],
    ...CHANGES_OF_PACKETS.map((parameter): [string, Wish, string, string] => [
      `a parameter that changes packets: ${parameter}`,
      {},
      line("RTP/SAVP", `1 ${CM80} inline:${key(CM80)} ${parameter}`),
      "media-encryption-not-available crypto-parameters",
    ]),
    [
      "a key that is too short",
      {},
      line("RTP/SAVP", `1 ${CM80} inline:WVNfX19zZW1j`),
      "media-encryption-not-available no-crypto-suite-in-common",
    ],
  ];
  for (const [name, wish, offer, why] of cases) {
    test(name, () => assert.equal(new Bench(wish).why(offer), why));
  }

  test("an answer without a key where SRTP is required, or under its profile", () => {
    const required = new Bench({ callee: "required" });
    required.offer(line("RTP/AVP"));
    assert.equal(
      required.why(line("RTP/AVP"), "callee"),
      "media-encryption-required answered-plain",
    );
    const preferred = new Bench();
    preferred.offer(line("RTP/AVP"));
    assert.equal(preferred.why(line("RTP/SAVP"), "callee"), "bad-sdp answer-without-key");
  });

  for (const profile of ["RTP/SAVP", "RTP/AVP"]) {
    test(`an answer with parameters that change packets, by ${profile}`, () => {
      const bench = new Bench();
      bench.offer(line("RTP/AVP"));
      const crypto = `1 ${CM80} inline:${key(CM80)} UNENCRYPTED_SRTP`;
      assert.equal(
        bench.why(line(profile, crypto), "callee"),
        "bad-sdp answer-with-crypto-parameters",
      );
    });
  }

  test("an answer whose key is too short, by a profile that is plain", () => {
    const bench = new Bench();
    bench.offer(line("RTP/AVP"));
    const answer = line("RTP/AVP", `1 ${CM80} inline:WVNfX19zZW1j`);
    assert.equal(bench.why(answer, "callee"), "bad-sdp answer-with-bad-key");
  });

  test("a line that asks for none is taken before one with parameters that change packets", () => {
    const bench = new Bench({ callee: "off" });
    const usual = key(CM80);
    const cryptos = [
      `1 ${CM80} inline:${key(CM80)} UNENCRYPTED_SRTCP`,
      `2 ${CM80} inline:${usual} KDR=0`,
    ];
    bench.offer(line("RTP/SAVP", ...cryptos));
    const answer = told(bench.answer(line("RTP/AVP")));
    assert.deepEqual(answer.suites, [`2 ${CM80}`]);
    assert.equal(bench.keys("caller")?.in, usual);
  });

  test("an answer with another suite than that of its tag isn't agreement", () => {
    const bench = new Bench({ callee: "required" });
    bench.offer(line("RTP/AVP"));
    const crypto = `2 ${CM80} inline:${key(CM80)}`;
    assert.equal(bench.why(line("RTP/SAVP", crypto), "callee"), "bad-sdp answer-without-key");
  });

  test("no key of a leg is told to the other, and none at all without TLS", () => {
    const bench = new Bench({ plainSignalling: "callee" });
    const theirs = key(CM80);
    const offer = bench.offer(line("RTP/SAVP", `1 ${CM80} inline:${theirs}`));
    assert.equal(findAttribute(offer.lines, "crypto"), undefined);
    assert.equal(bench.media.givesKeys("callee"), false);
  });
});

describe("a call that goes on", () => {
  const secured = (wish: Wish = {}) => {
    const bench = new Bench(wish);
    const keys = { caller: key(CM80), callee: key(CM80) };
    const cryptoOf = (role: Role) => `1 ${CM80} inline:${keys[role]}`;
    bench.offer(line("RTP/SAVP", cryptoOf("caller")));
    bench.answer(line("RTP/AVP", cryptoOf("callee")));
    return { bench, keys, cryptoOf };
  };

  for (const from of ["caller", "callee"] as const) {
    test(`the ${from}'s re-INVITE keeps our keys while the ports stay`, () => {
      const { bench, cryptoOf } = secured();
      const before = [bench.keys("caller"), bench.keys("callee")];
      const offer = told(bench.offer(line("RTP/SAVP", cryptoOf(from)), from));
      assert.deepEqual(offer.keys, [before[from === "caller" ? 1 : 0]!.out]);
      bench.answer(line(offer.protocol, cryptoOf(otherRole(from))), otherRole(from));
      assert.deepEqual([bench.keys("caller"), bench.keys("callee")], before);
    });
  }

  for (const portChange of [false, true]) {
    for (const from of ["caller", "callee"] as const) {
      const how = portChange ? "on new ports" : "on the same ports";
      test(`a peer that named SRTP is offered no less by the ${from}'s re-INVITE, ${how}`, () => {
        const bench = new Bench({ portChange });
        const crypto = () => `1 ${CM80} inline:${key(CM80)}`;
        bench.offer(line("RTP/SAVP", crypto()));
        bench.answer(line("RTP/SAVP", crypto()));
        assert.equal(told(bench.offer(line("RTP/AVP"), from)).protocol, "RTP/SAVP");
      });
    }
  }

  test("a peer that named the plain profile, with keys or without, is asked by that again", () => {
    for (const cryptos of [[], [`1 ${CM80} inline:${key(CM80)}`]]) {
      const bench = new Bench();
      bench.offer(line("RTP/AVP", ...cryptos));
      bench.answer(line("RTP/AVP"));
      assert.equal(told(bench.offer(line("RTP/AVP"), "callee")).protocol, "RTP/AVP");
    }
  });

  test("fax in between leaves what a peer named", () => {
    const { bench, cryptoOf } = secured();
    const fax = "m=image 4000 udptl t38\r\n";
    bench.offer(fax, "callee");
    bench.answer(fax, "caller");
    const offer = told(bench.offer(line("RTP/AVP", cryptoOf("callee")), "callee"));
    assert.equal(offer.protocol, "RTP/SAVP");
  });

  test("new ports have new keys of ours: no two streams may share one", () => {
    const { bench, cryptoOf } = secured({ portChange: true });
    const before = [bench.keys("caller")!.out, bench.keys("callee")!.out];
    const offer = told(bench.offer(line("RTP/SAVP", cryptoOf("caller"))));
    bench.answer(line("RTP/AVP", cryptoOf("callee")));
    const after = [bench.keys("caller")!.out, bench.keys("callee")!.out];
    assert.equal(new Set([...before, ...after]).size, 4);
    assert.equal(offer.keys[0], after[1]);
  });

  test("a new key of the peer is taken, ours stays", () => {
    const { bench } = secured();
    const ours = bench.keys("caller")!.out;
    const next = key(CM80);
    bench.offer(line("RTP/SAVP", `1 ${CM80} inline:${next}`));
    bench.answer(line("RTP/AVP"));
    assert.deepEqual(bench.keys("caller"), { in: next, out: ours });
    assert.equal(bench.keys("callee"), undefined);
  });

  test("SRTP again after a plain spell has a new key: its packets begin to count anew", () => {
    const { bench, cryptoOf } = secured();
    const before = bench.keys("caller")!.out;
    bench.offer(line("RTP/AVP"));
    bench.answer(line("RTP/AVP", cryptoOf("callee")));
    assert.equal(bench.keys("caller"), undefined);
    bench.offer(line("RTP/SAVP", cryptoOf("caller")));
    bench.answer(line("RTP/AVP", cryptoOf("callee")));
    assert.notEqual(bench.keys("caller")!.out, before);
  });

  test("an offer that came to nothing leaves the keys as they were", () => {
    const { bench } = secured();
    const before = bench.keys("caller");
    bench.offer(line("RTP/SAVP", `1 ${CM80} inline:${key(CM80)}`));
    for (const command of bench.media.abandonOffer(NOW)) {
      if (command.kind === "stream") bench.plane.set(command.stream.id, command.stream);
    }
    assert.deepEqual(bench.keys("caller"), before);
  });
});

const FAX = "m=image 4002 udptl t38\r\na=T38FaxVersion:0\r\n";

describe("fax and what else has no keys, where a side must be encrypted", () => {
  for (const side of ["caller", "callee"] as const) {
    test(`doesn't go in the clear where that is the ${side}'s`, () => {
      const bench = new Bench({ [side]: "required" });
      assert.equal(bench.why(FAX), "media-encryption-required not-rtp");
      const voice = line("RTP/SAVP", `1 ${CM80} inline:${key(CM80)}`);
      bench.offer(voice + FAX);
      bench.answer(`${line("RTP/SAVP", `1 ${CM80} inline:${key(CM80)}`)}m=image 0 udptl t38\r\n`);
      assert.equal(bench.stream.kind, "rtp");
      // A call that would turn to fax stays what it was.
      assert.equal(bench.why(FAX, "callee"), "media-encryption-required not-rtp");
      assert.equal(bench.stream.kind, "rtp");
    });
  }

  test("does where the settings say so, or neither side must", () => {
    assert.equal(new Bench({ callee: "required", opaqueInClear: true }).why(FAX), "relayed");
    assert.equal(new Bench().why(FAX), "relayed");
  });
});
