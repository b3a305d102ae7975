import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instant, Secret, seededRandom } from "#base";
import { findAttribute, hasAttribute, type MediaSection, parseSdp, type Sdp } from "#sdp";
import {
  CallMedia,
  type DtlsEnd,
  type KeyExchange,
  type MediaFacts,
  newKey,
  PortPool,
  type Role,
  type Stream,
  SUITES_OF,
  sdpMask,
  type VoiceEncryption,
} from "./index.ts";

// DTLS-SRTP and ICE in the descriptions of a call: each leg for itself.

const NOW = instant(1_000_000);
const OURS = Array(32).fill("FA").join(":");
const THEIRS = Array(32).fill("01").join(":");
const OTHERS = Array(32).fill("02").join(":");
const PASSWORD = "abcdefghijklmnopqrstuv";
const KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

interface Wish {
  readonly encryption?: Partial<Record<Role, VoiceEncryption>>;
  readonly exchange?: Partial<Record<Role, KeyExchange>>;
  readonly tls?: boolean;
  readonly fingerprint?: string;
  readonly portChange?: boolean;
}

const random = seededRandom(3);

/** A call of the public side with the private one; the plane's streams as they stand. */
class Bench {
  readonly media: CallMedia;
  readonly pool = new PortPool({ portMin: 20_000, portMax: 20_099 });
  readonly plane = new Map<string, Stream>();

  constructor({ encryption, exchange, tls = true, fingerprint = OURS, portChange }: Wish = {}) {
    let words = 0;
    const facts: MediaFacts = {
      sides: {
        public: { localAddress: "192.0.2.10", advertisedAddress: "203.0.113.1", latch: true },
        private: { localAddress: "10.0.0.1", advertisedAddress: "10.0.0.1", latch: false },
      },
      dscp: { audio: 46, video: 34 },
      mask: sdpMask({ public: [], private: [] }),
      srtp: {
        voice: {
          public: encryption?.caller ?? "preferred",
          private: encryption?.callee ?? "preferred",
        },
        exchange: { public: exchange?.caller ?? "sdes", private: exchange?.callee ?? "sdes" },
        suites: SUITES_OF["aes-128"],
        newKey: (suite) => newKey(suite, random),
        fingerprint: (hash) => (hash === "sha-384" ? `${fingerprint}:EF` : fingerprint),
      },
      newIce: () => ({ ufrag: `ours${++words}`, password: new Secret(`${PASSWORD}${words}`) }),
      portChange: portChange ?? false,
      opaque: true,
      silenceS: 60,
    };
    const sides = { caller: "public", callee: "private" } as const;
    this.media = CallMedia.begin(
      "call",
      { sides, tls: { caller: tls, callee: tls } },
      facts,
      this.pool,
    );
  }

  offer(text: string, from: Role = "caller"): Sdp {
    return this.#take(this.media.relayOffer(text, from, NOW));
  }

  answer(text: string, from: Role = "callee"): Sdp {
    return this.#take(this.media.relayAnswer(text, from, NOW));
  }

  why(text: string, from: Role = "caller"): string {
    const outcome =
      this.media.offerPending && this.media.state.exchange?.from !== from
        ? this.media.relayAnswer(text, from, NOW)
        : this.media.relayOffer(text, from, NOW);
    return outcome.kind === "refused" ? `${outcome.why} ${outcome.what}` : outcome.kind;
  }

  get stream(): Stream {
    assert.equal(this.plane.size, 1);
    return [...this.plane.values()][0]!;
  }

  #take(outcome: ReturnType<CallMedia["relayOffer"]>): Sdp {
    assert.ok(outcome.kind === "relayed", JSON.stringify(outcome));
    for (const command of outcome.commands) {
      if (command.kind === "stream") this.plane.set(command.stream.id, command.stream);
      else if (command.kind === "close") this.plane.delete(command.id);
    }
    return parseSdp(outcome.sdp) as Sdp;
  }
}

const text = (address: string, ...lines: string[]): string =>
  ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", `c=IN IP4 ${address}`, "t=0 0", ...lines, ""].join(
    "\r\n",
  );

/** A telephone's line. */
const phone = (profile = "RTP/AVP", ...lines: string[]): string =>
  text("10.0.0.20", `m=audio 4000 ${profile} 8`, ...lines);

const dtls = (setup: string, fingerprint = THEIRS): string[] => [
  `a=fingerprint:sha-256 ${fingerprint}`,
  `a=setup:${setup}`,
  "a=tls-id:89aed1c2b3f4a5968778695a4b3c2d1e",
];

const secure = (setup: string, ...lines: string[]): string =>
  phone("UDP/TLS/RTP/SAVP", "a=rtcp-mux", ...dtls(setup), ...lines);

interface Browser {
  readonly setup?: string;
  readonly ufrag?: string;
  readonly fingerprint?: string;
  readonly more?: readonly string[];
}

/** A browser's line: nothing is known of addresses yet, and candidates may trickle in. */
const browser = ({ setup = "actpass", ufrag = "theirs", fingerprint, more = [] }: Browser = {}) =>
  [
    "v=0",
    "o=- 46117 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "a=extmap-allow-mixed",
    "a=msid-semantic: WMS",
    "m=audio 9 UDP/TLS/RTP/SAVPF 8 111",
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=candidate:1 1 udp 2113937151 198.51.100.77 50000 typ host generation 0",
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${PASSWORD}`,
    "a=ice-options:trickle",
    ...dtls(setup, fingerprint),
    "a=mid:0",
    "a=sendrecv",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=rtpmap:111 opus/48000/2",
    "a=rtcp-fb:111 transport-cc",
    ...more,
    "",
  ].join("\r\n");

const first = (sdp: Sdp): MediaSection => sdp.media[0]!;

/** What a line says of protection and of its pair. */
function told(sdp: Sdp) {
  const { line, lines } = first(sdp);
  const of = (name: string) => findAttribute(lines, name);
  return {
    protocol: line.protocol,
    fingerprint: of("fingerprint"),
    setup: of("setup"),
    crypto: of("crypto") !== undefined,
    ufrag: of("ice-ufrag"),
    lite: hasAttribute(sdp.session, "ice-lite"),
    mux: hasAttribute(lines, "rtcp-mux"),
  };
}

const PLAIN = {
  fingerprint: undefined,
  setup: undefined,
  crypto: false,
  ufrag: undefined,
  lite: false,
};
const strong = (value: string) => [{ hash: "sha-256", value }] as const;
const dtlsEnd = (role: DtlsEnd["role"], value = THEIRS): DtlsEnd => ({
  role,
  fingerprints: strong(value),
});

describe("a browser calls a telephone", () => {
  test("it is answered by DTLS over ICE lite, and the telephone sees neither", () => {
    const bench = new Bench({ encryption: { callee: "off" } });
    const offer = bench.offer(browser());
    assert.deepEqual(told(offer), { ...PLAIN, protocol: "RTP/AVP", mux: true });
    const answer = bench.answer(phone());
    assert.deepEqual(told(answer), {
      protocol: "UDP/TLS/RTP/SAVPF",
      fingerprint: `sha-256 ${OURS}`,
      setup: "active",
      crypto: false,
      ufrag: "ours1",
      lite: true,
      mux: true,
    });
    const { port } = bench.stream.ends.caller;
    const { lines } = first(answer);
    const candidate = `1 1 udp 2130706431 203.0.113.1 ${port} typ host`;
    assert.equal(findAttribute(lines, "candidate"), candidate);
    assert.ok(hasAttribute(lines, "end-of-candidates"));
    assert.equal(findAttribute(lines, "mid"), "0");
  });

  test("the plane is told its part, and that the telephone has none", () => {
    const bench = new Bench();
    bench.offer(browser());
    bench.answer(phone());
    const { caller, callee } = bench.stream.ends;
    assert.deepEqual(caller.dtls, dtlsEnd("active"));
    assert.equal(caller.ice?.remoteUfrag, "theirs");
    assert.equal(caller.rtcpPort, caller.port);
    assert.deepEqual([callee.dtls, callee.ice, callee.srtp], [undefined, undefined, undefined]);
    assert.deepEqual([callee.rtcpPort, callee.remoteRtcpPort], [callee.port + 1, 4001]);
  });

  test("no candidate, no address and no fingerprint of it crosses, nor does an address not known yet", () => {
    const offer = JSON.stringify(new Bench().offer(browser()));
    for (const word of [
      "198.51.100.77",
      "candidate",
      "ice-",
      THEIRS,
      "tls-id",
      "0.0.0.0",
      "BUNDLE",
    ]) {
      assert.ok(!offer.includes(word), word);
    }
  });

  test("feedback stays behind with voice, and crosses with video, both by the plain profile", () => {
    const bench = new Bench();
    const video = [
      "m=video 9 UDP/TLS/RTP/SAVPF 96",
      "c=IN IP4 0.0.0.0",
      `a=ice-ufrag:theirs`,
      `a=ice-pwd:${PASSWORD}`,
      ...dtls("actpass"),
      "a=mid:1",
      "a=rtcp-mux",
      "a=rtcp-fb:96 nack pli",
    ];
    const [voice, picture] = bench.offer(browser({ more: video })).media;
    assert.deepEqual(
      [
        voice!.line.protocol,
        hasAttribute(voice!.lines, "rtcp-fb"),
        hasAttribute(voice!.lines, "rtcp-rsize"),
      ],
      ["RTP/AVP", false, false],
    );
    assert.deepEqual(
      [picture!.line.protocol, findAttribute(picture!.lines, "rtcp-fb")],
      ["RTP/AVP", "96 nack pli"],
    );
    // In the bundle is one line alone: each has a transport of its own (RFC 9143 §7.3).
    const { media } = bench.answer(
      text(
        "10.0.0.20",
        "m=audio 4000 RTP/AVP 8",
        "m=video 5000 RTP/AVP 96",
        "a=rtcp-fb:96 nack pli",
      ),
    );
    assert.deepEqual(
      media.map(({ lines }) => findAttribute(lines, "mid")),
      ["0", "1"],
    );
    assert.notEqual(media[0]!.line.port, media[1]!.line.port);
    assert.equal(findAttribute(media[1]!.lines, "rtcp-fb"), "96 nack pli");
  });
});

describe("a telephone calls a browser", () => {
  const called = { exchange: { callee: "webrtc" } } as const;

  test("it is offered all that browsers insist on", () => {
    const bench = new Bench(called);
    const offer = bench.offer(phone());
    assert.deepEqual(told(offer), {
      protocol: "UDP/TLS/RTP/SAVPF",
      fingerprint: `sha-256 ${OURS}`,
      setup: "actpass",
      crypto: false,
      ufrag: "ours1",
      lite: true,
      mux: true,
    });
    assert.ok(hasAttribute(first(offer).lines, "rtcp-mux-only"));
    // Its checks may be faster than its answer.
    assert.deepEqual(bench.stream.ends.callee.ice?.remoteUfrag, undefined);
    assert.equal(bench.stream.ends.callee.rtcpPort, bench.stream.ends.callee.port);
  });

  test("its answer says who begins", () => {
    for (const [setup, role] of [
      ["active", "passive"],
      ["passive", "active"],
    ] as const) {
      const bench = new Bench(called);
      bench.offer(phone());
      const answer = bench.answer(browser({ setup }));
      assert.deepEqual(told(answer), { ...PLAIN, protocol: "RTP/AVP", mux: false });
      assert.deepEqual(bench.stream.ends.callee.dtls, dtlsEnd(role));
      assert.equal(bench.stream.ends.callee.ice?.remoteUfrag, "theirs");
    }
  });
});

describe("a bundle", () => {
  const group = (sdp: Sdp) => sdp.session.filter((line) => line.startsWith("a=group"));
  const mid = (sdp: Sdp) => findAttribute(first(sdp).lines, "mid");

  test("has one line, the first that is accepted, and none crosses", () => {
    const bench = new Bench();
    assert.deepEqual(group(bench.offer(browser())), []);
    const answer = bench.answer(phone("RTP/AVP", "a=mid:audio"));
    assert.deepEqual([group(answer), mid(answer)], [["a=group:BUNDLE 0"], "0"]);
  });

  test("isn't answered where none was offered", () => {
    const bench = new Bench();
    bench.offer(browser().replace("a=group:BUNDLE 0\r\n", ""));
    const answer = bench.answer(phone());
    assert.deepEqual([group(answer), mid(answer)], [[], "0"]);
  });

  test("is offered to browsers, whose lines keep their names", () => {
    const bench = new Bench({ exchange: { callee: "webrtc" } });
    const offer = bench.offer(phone("RTP/AVP", "a=mid:audio"));
    assert.deepEqual([group(offer), mid(offer)], [["a=group:BUNDLE 0"], "0"]);
    const called = new Bench();
    called.offer(
      browser().replace("a=group:BUNDLE 0", "a=group:BUNDLE x").replace("a=mid:0", "a=mid:x"),
    );
    called.answer(phone());
    const again = called.offer(phone(), "callee");
    assert.deepEqual([group(again), mid(again)], [["a=group:BUNDLE x"], "x"]);
  });
});

describe("DTLS without ICE", () => {
  test("is offered alone where SRTP must be, else beside plain RTP (RFC 8643)", () => {
    for (const [encryption, protocol] of [
      ["required", "UDP/TLS/RTP/SAVP"],
      ["preferred", "RTP/AVP"],
    ] as const) {
      const bench = new Bench({ encryption: { callee: encryption }, exchange: { callee: "dtls" } });
      const { fingerprint, setup, protocol: offered, ufrag, mux } = told(bench.offer(phone()));
      assert.deepEqual([offered, fingerprint, setup], [protocol, `sha-256 ${OURS}`, "actpass"]);
      assert.deepEqual([ufrag, mux], [undefined, true]);
      bench.answer(phone(protocol, "a=rtcp-mux", ...dtls("active")));
      assert.deepEqual(bench.stream.ends.callee.dtls, dtlsEnd("passive"));
    }
  });

  test("may be declined where it needn't be, and must be taken where it must", () => {
    const preferred = new Bench({ exchange: { callee: "dtls" } });
    preferred.offer(phone());
    preferred.answer(phone());
    assert.equal(preferred.stream.ends.callee.dtls, undefined);
    const required = new Bench({
      encryption: { callee: "required" },
      exchange: { callee: "dtls" },
    });
    required.offer(phone());
    assert.equal(required.why(phone(), "callee"), "media-encryption-required answered-plain");
    assert.equal(
      required.why(phone("UDP/TLS/RTP/SAVP"), "callee"),
      "bad-sdp answer-without-fingerprint",
    );
  });

  test("has two associations where RTCP has a port of its own", () => {
    const bench = new Bench({ exchange: { callee: "dtls" } });
    bench.offer(phone("UDP/TLS/RTP/SAVP", ...dtls("actpass")));
    assert.equal(told(bench.answer(phone("RTP/AVP", ...dtls("active")))).mux, false);
    for (const { port, rtcpPort, remoteRtcpPort, dtls: association } of Object.values(
      bench.stream.ends,
    )) {
      assert.deepEqual([rtcpPort, remoteRtcpPort], [port + 1, 4001]);
      assert.ok(association);
    }
  });

  test("joins keys of the description, each leg with its own", () => {
    const bench = new Bench({ encryption: { callee: "required" } });
    const offer = told(bench.offer(secure("actpass")));
    assert.deepEqual(
      [offer.protocol, offer.crypto, offer.fingerprint],
      ["RTP/SAVP", true, undefined],
    );
    const crypto = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`;
    const answer = told(bench.answer(phone("RTP/SAVP", crypto)));
    assert.deepEqual([answer.crypto, answer.fingerprint], [false, `sha-256 ${OURS}`]);
    const { caller, callee } = bench.stream.ends;
    assert.deepEqual([caller.dtls, caller.srtp], [dtlsEnd("active"), undefined]);
    assert.equal(callee.srtp?.inbound.keySalt.reveal(), KEY);
  });

  test("on both legs is two associations: no fingerprint of a peer passes", () => {
    const bench = new Bench({ encryption: { callee: "required" }, exchange: { callee: "dtls" } });
    assert.ok(!JSON.stringify(bench.offer(secure("actpass"))).includes(THEIRS));
    const answer = bench.answer(
      phone("UDP/TLS/RTP/SAVP", "a=rtcp-mux", ...dtls("passive", OTHERS)),
    );
    assert.ok(!JSON.stringify(answer).includes(OTHERS));
    const { caller, callee } = bench.stream.ends;
    assert.deepEqual([caller.dtls, callee.dtls], [dtlsEnd("active"), dtlsEnd("active", OTHERS)]);
  });

  test("a peer that offers keys and DTLS gets what its leg is offered", () => {
    const crypto = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`;
    const both = phone("RTP/AVP", "a=rtcp-mux", crypto, ...dtls("actpass"));
    for (const exchange of ["sdes", "dtls"] as const) {
      const bench = new Bench({ exchange: { caller: exchange } });
      bench.offer(both);
      bench.answer(phone());
      const { srtp, dtls: association } = bench.stream.ends.caller;
      assert.deepEqual(
        [srtp !== undefined, association !== undefined],
        [exchange === "sdes", exchange === "dtls"],
      );
    }
  });

  for (const [setup, role] of [
    ["actpass", "active"],
    ["active", "passive"],
    ["passive", "active"],
  ] as const) {
    test(`the answer to ${setup} is ${role}`, () => {
      const bench = new Bench();
      bench.offer(secure(setup));
      assert.equal(told(bench.answer(phone())).setup, role);
      assert.deepEqual(bench.stream.ends.caller.dtls, dtlsEnd(role));
    });
  }
});

describe("what can't be is refused by name", () => {
  const NOT = "media-encryption-not-available";
  const profile = "UDP/TLS/RTP/SAVP";
  const cases: [string, Wish, string, string][] = [
    [
      "encryption is off",
      { encryption: { caller: "off" } },
      secure("actpass"),
      `${NOT} ${profile}`,
    ],
    ["the plane has no certificate", { fingerprint: "" }, secure("actpass"), `${NOT} ${profile}`],
    [
      "no fingerprint",
      {},
      phone(profile, "a=rtcp-mux", "a=setup:actpass"),
      `${NOT} no-fingerprint-to-rely-on`,
    ],
    [
      "a fingerprint by SHA-1 alone",
      {},
      phone(profile, "a=rtcp-mux", `a=fingerprint:sha-1 ${THEIRS.slice(0, 59)}`, "a=setup:actpass"),
      `${NOT} no-fingerprint-to-rely-on`,
    ],
    ["a connection that is held", {}, secure("holdconn"), `${NOT} no-fingerprint-to-rely-on`],
    ["DTLS over TCP", {}, phone("TCP/TLS/RTP/SAVP", ...dtls("actpass")), `${NOT} TCP/TLS/RTP/SAVP`],
    [
      "fax over DTLS",
      {},
      text("10.0.0.20", "m=image 4000 UDP/TLS/UDPTL t38"),
      `${NOT} UDP/TLS/UDPTL`,
    ],
  ];
  for (const [name, wish, offer, why] of cases) {
    test(name, () => assert.equal(new Bench(wish).why(offer), why));
  }

  test("an answer that leaves open who begins", () => {
    const bench = new Bench({ exchange: { callee: "webrtc" } });
    bench.offer(phone());
    assert.equal(bench.why(browser({ setup: "actpass" }), "callee"), "bad-sdp answer-with-setup");
  });
});

describe("a call by DTLS and ICE that goes on", () => {
  const connected = (wish: Wish = {}): Bench => {
    const bench = new Bench(wish);
    bench.offer(browser());
    bench.answer(phone());
    return bench;
  };

  for (const portChange of [false, true]) {
    test(`the browser's re-INVITE keeps ports, words and parts${portChange ? ", though ports should change" : ""}`, () => {
      const bench = connected({ portChange });
      const before = bench.stream;
      bench.offer(browser());
      bench.answer(phone());
      assert.deepEqual(bench.stream, before);
    });

    test(`so does the telephone's${portChange ? ", though ports should change" : ""}`, () => {
      const bench = connected({ portChange });
      const before = bench.stream;
      const offer = told(bench.offer(phone(), "callee"));
      // What is offered the browser is what it showed that it can, whatever its side's way.
      assert.deepEqual(offer, {
        protocol: "UDP/TLS/RTP/SAVPF",
        fingerprint: `sha-256 ${OURS}`,
        setup: "actpass",
        crypto: false,
        ufrag: "ours1",
        lite: true,
        mux: true,
      });
      bench.answer(browser({ setup: "passive" }), "caller");
      assert.deepEqual(bench.stream.ends.caller, before.ends.caller);
    });
  }

  test("a part that was passive stays so under actpass", () => {
    const bench = new Bench();
    bench.offer(secure("active"));
    bench.answer(phone());
    bench.offer(secure("actpass"));
    assert.equal(told(bench.answer(phone())).setup, "passive");
  });

  test("another fingerprint is another association", () => {
    const bench = connected();
    bench.offer(browser({ fingerprint: OTHERS }));
    bench.answer(phone());
    assert.deepEqual(bench.stream.ends.caller.dtls, dtlsEnd("active", OTHERS));
  });

  test("another name of the browser is a restart of ICE, and gets other words", () => {
    const bench = connected();
    const { port } = bench.stream.ends.caller;
    bench.offer(browser({ ufrag: "anew" }));
    const answer = bench.answer(phone());
    const { ice } = bench.stream.ends.caller;
    assert.deepEqual(
      [told(answer).ufrag, ice?.ufrag, ice?.remoteUfrag],
      ["ours2", "ours2", "anew"],
    );
    assert.equal(bench.stream.ends.caller.port, port);
  });

  test("an offer that came to nothing leaves all as it was", () => {
    const bench = connected();
    const before = bench.stream;
    bench.offer(browser({ ufrag: "anew", fingerprint: OTHERS }));
    for (const command of bench.media.abandonOffer(NOW)) {
      if (command.kind === "stream") bench.plane.set(command.stream.id, command.stream);
    }
    assert.deepEqual(bench.stream, before);
  });

  test("a call that is told again keeps its pair, and takes a certificate anew", () => {
    const bench = connected();
    for (const command of bench.media.retold(
      browser({ setup: "passive", fingerprint: OTHERS }),
      "caller",
    )) {
      if (command.kind === "stream") bench.plane.set(command.stream.id, command.stream);
    }
    const { dtls: association, ice } = bench.stream.ends.caller;
    assert.deepEqual([association, ice?.remoteUfrag], [dtlsEnd("active", OTHERS), "theirs"]);
  });

  test("a call whose keys DTLS made doesn't outlive the plane", () => {
    assert.equal(connected().media.isProtected, true);
  });

  test("a leg that agreed on plain RTP isn't offered what browsers insist on", () => {
    const bench = new Bench({ exchange: { caller: "webrtc" } });
    bench.offer(phone());
    bench.answer(phone());
    assert.equal(told(bench.offer(phone(), "callee")).protocol, "RTP/AVP");
  });
});

describe("ICE is agreed where both can", () => {
  const ice = ["a=ice-ufrag:theirs", `a=ice-pwd:${PASSWORD}`];
  const answered = (offer: string) => {
    const bench = new Bench();
    bench.offer(offer);
    return { told: told(bench.answer(phone())), end: bench.stream.ends.caller };
  };

  test("with plain RTP too, as telephones have it", () => {
    const { told: answer, end } = answered(phone("RTP/AVP", "a=rtcp-mux", ...ice));
    assert.deepEqual([answer.protocol, answer.ufrag, answer.lite], ["RTP/AVP", "ours1", true]);
    assert.equal(end.remotePort, 9);
  });

  const without: [string, string][] = [
    ["no words of it", phone()],
    ["two ports", phone("RTP/AVP", ...ice)],
    ["a password too short", phone("RTP/AVP", "a=rtcp-mux", ice[0]!, "a=ice-pwd:short")],
    ["a name too short", phone("RTP/AVP", "a=rtcp-mux", "a=ice-ufrag:abc", ice[1]!)],
    ["words bent on the way", phone("RTP/AVP", "a=rtcp-mux", "a=ice-mismatch", ...ice)],
    [
      "another lite agent",
      phone("RTP/AVP", "a=rtcp-mux", ...ice).replace("s=-", "s=-\r\na=ice-lite"),
    ],
  ];
  for (const [name, offer] of without) {
    test(`an offer with ${name} is answered without`, () => {
      const { told: answer, end } = answered(offer);
      assert.deepEqual([answer.ufrag, answer.lite, end.ice], [undefined, false, undefined]);
      assert.deepEqual([end.remoteAddress, end.remotePort], ["10.0.0.20", 4000]);
    });
  }

  test("an answer without it goes where it says", () => {
    const bench = new Bench({ exchange: { callee: "webrtc" } });
    bench.offer(phone());
    bench.answer(phone("UDP/TLS/RTP/SAVPF", "a=rtcp-mux", ...dtls("active")));
    const { ice: pair, remotePort } = bench.stream.ends.callee;
    assert.deepEqual([pair, remotePort], [undefined, 4000]);
  });
});

describe("attack cases", () => {
  test("E3: whoever offers ICE has its DTLS heard over a checked pair alone", () => {
    const bench = new Bench();
    bench.offer(browser());
    bench.answer(phone());
    const { dtls: association, ice, remoteAddress } = bench.stream.ends.caller;
    assert.ok(association && ice);
    assert.equal(remoteAddress, "0.0.0.0");
  });

  test("E4: neither candidates nor c= of an offer with ICE make the relay send anywhere", () => {
    const bench = new Bench();
    const victim = "198.51.100.200";
    const remote = `a=candidate:2 1 udp 1 ${victim} 53 typ host`;
    const offer = browser({ more: [remote] }).replace("c=IN IP4 0.0.0.0", `c=IN IP4 ${victim}`);
    bench.offer(offer);
    bench.answer(phone());
    assert.ok(!JSON.stringify([...bench.plane.values()]).includes(victim));
  });

  test("E4: without ICE the address of DTLS is judged as any other", () => {
    const offer = secure("actpass").replace("c=IN IP4 10.0.0.20", "c=IN IP4 127.0.0.1");
    assert.equal(new Bench().why(offer), "sdp-target loopback");
  });

  test("E6: a call by DTLS that came to nothing gives its ports back", () => {
    const bench = new Bench();
    bench.offer(browser());
    assert.equal(bench.pool.held, 2);
    bench.media.close(NOW);
    assert.equal(bench.pool.held, 0);
  });

  test("E7: without TLS a leg is offered DTLS, and never a key", () => {
    for (const exchange of ["dtls", "webrtc"] as const) {
      const bench = new Bench({ tls: false, exchange: { callee: exchange } });
      const offer = told(bench.offer(secure("actpass")));
      assert.deepEqual([offer.crypto, offer.setup], [false, "actpass"]);
      assert.equal(bench.media.givesKeys("callee"), false);
    }
  });

  test("E7: words of ICE are each leg's own", () => {
    const bench = new Bench({ exchange: { callee: "webrtc" } });
    const offer = told(bench.offer(browser()));
    const answer = told(bench.answer(browser({ setup: "active", ufrag: "third" })));
    assert.equal(new Set(["theirs", "third", offer.ufrag, answer.ufrag]).size, 4);
  });
});

test("a browser that joins another call is told another fingerprint there, and goes on with that", () => {
  const bench = new Bench();
  const said = (outcome: ReturnType<CallMedia["relayOffer"]>): string | undefined => {
    assert.ok(outcome.kind === "relayed");
    return /a=fingerprint:(\S+ \S+)/.exec(outcome.sdp)?.[1];
  };
  bench.offer(browser());
  bench.answer(phone());
  const [short, long] = [`sha-256 ${OURS}`, `sha-384 ${OURS}:EF`];
  const joined = bench.media.successor("caller", bench.media.end("caller"));
  assert.equal(said(joined.relayOffer(phone(), "callee", NOW)), long);
  joined.relayAnswer(browser({ setup: "active" }), "caller", NOW);
  // In the same stream neither its own offer nor ours begins anew.
  assert.equal(said(joined.relayOffer(browser(), "caller", NOW)), undefined);
  assert.equal(said(joined.relayAnswer(phone(), "callee", NOW)), long);
  assert.equal(said(joined.relayOffer(phone(), "callee", NOW)), long);
  joined.relayAnswer(browser({ setup: "active" }), "caller", NOW);
  // And in the next it does.
  const next = joined.successor("caller", joined.end("caller"));
  assert.equal(said(next.relayOffer(phone(), "callee", NOW)), short);
});
