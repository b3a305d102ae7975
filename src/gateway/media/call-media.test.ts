import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { type Instant, instant } from "#base";
import {
  CallMedia,
  type MediaCommand,
  type MediaFacts,
  PortPool,
  type Role,
  type Stream,
  sdpMask,
} from "./index.ts";

const NOW = instant(1_000_000);

const FACTS: MediaFacts = {
  sides: {
    public: { localAddress: "192.0.2.10", advertisedAddress: "203.0.113.1", latch: true },
    private: { localAddress: "10.0.0.1", advertisedAddress: "10.0.0.1", latch: false },
  },
  dscp: { audio: 46, video: 34 },
  mask: sdpMask({ public: [], private: ["pbx.example.lan"] }),
  portChange: false,
  opaque: true,
  silenceS: 60,
};

/** The operator calls the PBX. */
const LEGS = {
  sides: { caller: "public", callee: "private" },
  tls: { caller: true, callee: true },
} as const;

const OPERATOR = "198.51.100.7";
const PBX = "10.0.0.20";

interface Said {
  readonly address?: string;
  readonly media?: readonly string[];
}

/** A description as a phone would write it; m= lines may bring attributes after a semicolon. */
function sdp({ address = OPERATOR, media = ["audio 4000 RTP/AVP 0 101"] }: Said = {}): string {
  const type = address.includes(":") ? "IP6" : "IP4";
  const lines = [
    "v=0",
    `o=phone 77 3 IN ${type} ${address}`,
    "s=Phone 1.0",
    `c=IN ${type} ${address}`,
    "t=0 0",
  ];
  for (const one of media) {
    const [line, ...attributes] = one.split(";");
    lines.push(`m=${line}`, ...attributes.map((attribute) => `a=${attribute}`));
  }
  return `${lines.join("\r\n")}\r\n`;
}

const answerSdp = (...media: string[]): string =>
  sdp({
    address: PBX,
    ...(media.length > 0 ? { media } : { media: ["audio 6000 RTP/AVP 0 101"] }),
  });

/** One call, and a plane that does what it is told. */
class Bench {
  readonly pool: PortPool;
  readonly media: CallMedia;
  readonly plane = new Map<string, Stream>();
  now: Instant = NOW;

  constructor(facts: Partial<MediaFacts> = {}, portMax = 20_099) {
    this.pool = new PortPool({ portMin: 20_000, portMax });
    this.media = CallMedia.begin("call", LEGS, { ...FACTS, ...facts }, this.pool);
  }

  offer(text: string, from: Role = "caller"): string {
    return this.#take(this.media.relayOffer(text, from, this.now));
  }

  answer(text: string, from: Role = "callee", stage: "early" | "final" = "final"): string {
    return this.#take(this.media.relayAnswer(text, from, this.now, stage));
  }

  perform(commands: readonly MediaCommand[]): number {
    for (const command of commands) {
      if (command.kind === "stream") this.plane.set(command.stream.id, command.stream);
      if (command.kind !== "close") continue;
      assert.ok(this.plane.delete(command.id), "only an open stream is closed");
    }
    this.check();
    return commands.length;
  }

  /** Ports held are live streams, and the plane knows just these. */
  check(): void {
    assert.deepEqual(new Set(this.media.streams.map(({ id }) => id)), new Set(this.plane.keys()));
    assert.equal(this.pool.held, 2 * this.plane.size);
    const ports = [...this.plane.values()].flatMap(({ ends }) => [
      ends.caller.port,
      ends.callee.port,
    ]);
    assert.equal(new Set(ports).size, ports.length);
  }

  get streams(): Stream[] {
    return [...this.plane.values()];
  }

  #take(outcome: ReturnType<CallMedia["relayOffer"]>): string {
    assert.equal(outcome.kind, "relayed", JSON.stringify(outcome));
    assert.ok(outcome.kind === "relayed");
    this.perform(outcome.commands);
    return outcome.sdp;
  }
}

const lineOf = (text: string, start: string): string | undefined =>
  text.split("\r\n").find((line) => line.startsWith(start));
const linesOf = (text: string, start: string): string[] =>
  text.split("\r\n").filter((line) => line.startsWith(start));
const portOf = (text: string, i = 0): number => Number(linesOf(text, "m=")[i]!.split(" ")[1]);
const versionOf = (text: string): number => Number(lineOf(text, "o=")!.split(" ")[2]);

function refused(outcome: ReturnType<CallMedia["relayOffer"]>): string {
  assert.equal(outcome.kind, "refused", JSON.stringify(outcome));
  return outcome.kind === "refused" ? outcome.why : "";
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe("a first offer and its answer", () => {
  test("each side sees our address and ports, and the plane both peers", () => {
    const offer = bench.offer(sdp());
    const answer = bench.answer(answerSdp());
    const [stream] = bench.streams;
    assert.equal(lineOf(offer, "c="), "c=IN IP4 10.0.0.1");
    assert.equal(lineOf(answer, "c="), "c=IN IP4 203.0.113.1");
    assert.equal(portOf(offer), stream!.ends.callee.port);
    assert.equal(portOf(answer), stream!.ends.caller.port);
    assert.equal(lineOf(answer, "m="), `m=audio ${portOf(answer)} RTP/AVP 0 101`);
    const { caller: outer, callee: inner } = stream!.ends;
    assert.deepEqual(
      [outer.remoteAddress, outer.remotePort, outer.remoteRtcpPort],
      [OPERATOR, 4000, 4001],
    );
    assert.deepEqual(
      [inner.remoteAddress, inner.remotePort, inner.remoteRtcpPort],
      [PBX, 6000, 6001],
    );
    assert.deepEqual([outer.localAddress, inner.localAddress], ["192.0.2.10", "10.0.0.1"]);
    assert.deepEqual([outer.latch, inner.latch, outer.dscp], [true, false, 46]);
    assert.ok(outer.port % 2 === 0 && outer.rtcpPort === outer.port + 1);
    assert.ok(stream!.id.startsWith("call."));
  });

  test("ports are open as soon as the offer goes out, for early media", () => {
    bench.offer(sdp());
    const [stream] = bench.streams;
    assert.equal(stream!.ends.caller.remoteAddress, OPERATOR);
    assert.equal(stream!.ends.callee.remoteAddress, undefined);
    assert.equal(stream!.silenceS, 0);
  });

  test("voice is watched for silence once the call is answered, video never beside it", () => {
    bench.offer(sdp({ media: ["video 5000 RTP/AVP 96", "audio 4000 RTP/AVP 0"] }));
    bench.answer(answerSdp("video 7000 RTP/AVP 96", "audio 6000 RTP/AVP 0"));
    assert.deepEqual(
      bench.streams.map(({ silenceS, ends }) => [silenceS, ends.caller.dscp]),
      [
        [0, 34],
        [60, 46],
      ],
    );
  });

  test("from the PBX to the operator it is the same, the other way round", () => {
    const offer = bench.offer(sdp({ address: PBX }), "callee");
    const answer = bench.answer(sdp(), "caller");
    assert.equal(lineOf(offer, "c="), "c=IN IP4 203.0.113.1");
    assert.equal(lineOf(answer, "c="), "c=IN IP4 10.0.0.1");
    assert.equal(bench.streams[0]!.ends.callee.remoteAddress, PBX);
  });

  test("an offer in the 200 and its answer in the ACK", () => {
    const offer = bench.offer(sdp({ address: PBX }), "callee");
    assert.equal(bench.media.offerPending, true);
    bench.answer(sdp(), "caller");
    assert.equal(bench.media.offerPending, false);
    assert.equal(portOf(offer), bench.streams[0]!.ends.caller.port);
  });

  test("IPv4 on one side and IPv6 on the other", () => {
    const sides = {
      ...FACTS.sides,
      private: { localAddress: "fd00::1", advertisedAddress: "fd00::1", latch: false },
    };
    const mixed = new Bench({ sides });
    assert.equal(lineOf(mixed.offer(sdp()), "c="), "c=IN IP6 fd00::1");
    mixed.answer(sdp({ address: "fd00::20" }));
    assert.equal(mixed.streams[0]!.ends.callee.remoteAddress, "fd00::20");
    assert.equal(refused(mixed.media.relayOffer(sdp(), "callee", NOW)), "media-not-allowed");
  });

  test("payload types and unknown attributes pass as they are", () => {
    const media = [
      "audio 4000 RTP/AVPF 111 101;rtpmap:111 opus/48000/2;fmtp:111 useinbandfec=1;x-odd:1;ptime:20;sendrecv",
    ];
    const offer = bench.offer(sdp({ media }));
    const said = sdp({ media }).split("\r\n").slice(6);
    assert.deepEqual(offer.split("\r\n").slice(6), said);
    assert.match(lineOf(offer, "m=")!, /^m=audio \d+ RTP\/AVPF 111 101$/);
  });

  test("a repeated offer gets the same and takes nothing more", () => {
    const offer = bench.offer(sdp());
    const again = bench.media.relayOffer(sdp(), "caller", NOW);
    assert.deepEqual(again, { kind: "relayed", sdp: offer, commands: [] });
  });

  test("closing gives everything back", () => {
    bench.offer(sdp({ media: ["audio 4000 RTP/AVP 0", "video 5000 RTP/AVP 96"] }));
    assert.equal(bench.pool.held, 4);
    bench.perform(bench.media.close(NOW));
    assert.equal(bench.pool.held, 0);
    assert.deepEqual(bench.media.close(NOW), []);
  });
});

describe("streams that are refused", () => {
  test("by the answer: its ports are given back", () => {
    bench.offer(sdp({ media: ["audio 4000 RTP/AVP 0", "video 5000 RTP/AVP 96"] }));
    const answer = bench.answer(answerSdp("audio 6000 RTP/AVP 0", "video 0 RTP/AVP 96"));
    assert.equal(portOf(answer, 1), 0);
    assert.equal(bench.pool.held, 2);
  });

  test("by an old phone that leaves the line out", () => {
    bench.offer(sdp({ media: ["audio 4000 RTP/AVP 0", "video 5000 RTP/AVP 96"] }));
    const answer = bench.answer(answerSdp("audio 6000 RTP/AVP 0"));
    assert.deepEqual(linesOf(answer, "m=")[1], "m=video 0 RTP/AVP 96");
    assert.equal(bench.pool.held, 2);
  });

  test("encrypted beside plain: off towards the other side, and in the answer", () => {
    const crypto =
      "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    const offer = bench.offer(
      sdp({ media: [`audio 4000 RTP/SAVP 0;${crypto}`, `audio 4002 RTP/AVP 0;${crypto}`] }),
    );
    assert.equal(linesOf(offer, "m=")[0], "m=audio 0 RTP/SAVP 0");
    assert.deepEqual(linesOf(offer, "a=crypto"), []);
    assert.equal(bench.pool.held, 2);
    // Even a peer that turns it on again can't.
    const answer = bench.answer(answerSdp("audio 6000 RTP/SAVP 0", "audio 6002 RTP/AVP 0"));
    assert.equal(linesOf(answer, "m=")[0], "m=audio 0 RTP/SAVP 0");
    assert.notEqual(portOf(answer, 1), 0);
  });

  for (const profile of [
    "RTP/SAVP",
    "RTP/SAVPF",
    "UDP/TLS/RTP/SAVPF",
    "UDP/TLS/RTP/SAVP",
    "UDP/TLS/UDPTL",
    "UDP/DTLS/SCTP",
  ]) {
    test(`${profile} alone: refused by name`, () => {
      const offer = sdp({ media: [`audio 4000 ${profile} 0`] });
      assert.equal(
        refused(bench.media.relayOffer(offer, "caller", NOW)),
        "media-encryption-not-available",
      );
      assert.equal(bench.pool.held, 0);
    });
  }

  for (const line of [
    "message 4000 TCP/MSRP *",
    "application 4000 TCP/BFCP *",
    "audio 4000 TCP/RTP/AVP 0",
    "audio 4000/2 RTP/AVP 0",
  ]) {
    test(`${line}: not allowed`, () => {
      assert.equal(
        refused(bench.media.relayOffer(sdp({ media: [line] }), "caller", NOW)),
        "media-not-allowed",
      );
    });
  }

  test("T.38 and BFCP pass as opaque UDP on one port, or are refused by the setting", () => {
    const media = [
      "image 4000 udptl t38;T38FaxVersion:0",
      "application 4002 UDP/BFCP *;floorctrl:c-s",
    ];
    const offer = bench.offer(sdp({ media }));
    assert.deepEqual(linesOf(offer, "a="), ["a=T38FaxVersion:0", "a=floorctrl:c-s"]);
    const [fax, floor] = bench.streams;
    assert.deepEqual(
      [fax!.kind, fax!.ends.caller.dscp, floor!.ends.caller.dscp],
      ["opaque", 46, 34],
    );
    assert.equal(fax!.ends.caller.rtcpPort, fax!.ends.caller.port);
    const strict = new Bench({ opaque: false });
    assert.equal(
      refused(strict.media.relayOffer(sdp({ media }), "caller", NOW)),
      "media-not-allowed",
    );
  });

  test("no ports left: refused, and nothing is kept", () => {
    const small = new Bench({}, 20_005);
    const offer = sdp({ media: ["audio 4000 RTP/AVP 0", "video 5000 RTP/AVP 96"] });
    assert.equal(refused(small.media.relayOffer(offer, "caller", NOW)), "no-ports");
    assert.equal(small.pool.held, 0);
    small.offer(sdp());
  });

  test("an answer that doesn't fit, or to nothing, changes nothing", () => {
    assert.equal(refused(bench.media.relayAnswer(answerSdp(), "callee", NOW)), "bad-sdp");
    bench.offer(sdp());
    const before = JSON.stringify(bench.media.state);
    for (const bad of [
      "",
      answerSdp("video 6000 RTP/AVP 0"),
      answerSdp("audio 6000 RTP/AVP 0", "audio 6002 RTP/AVP 0"),
    ]) {
      assert.equal(refused(bench.media.relayAnswer(bad, "callee", NOW)), "bad-sdp");
    }
    assert.equal(refused(bench.media.relayAnswer(sdp(), "caller", NOW)), "bad-sdp");
    assert.equal(JSON.stringify(bench.media.state), before);
    bench.answer(answerSdp());
  });
});

describe("targets (E4)", () => {
  const cases: Readonly<Record<string, readonly [Said, string]>> = {
    loopback: [{ address: "127.0.0.1" }, "sdp-target"],
    multicast: [{ address: "224.2.0.1" }, "sdp-target"],
    broadcast: [{ address: "255.255.255.255" }, "sdp-target"],
    "our public address": [
      { address: "203.0.113.1", media: ["audio 20010 RTP/AVP 0"] },
      "sdp-target",
    ],
    "our bound address": [
      { address: "192.0.2.10", media: ["audio 20010 RTP/AVP 0"] },
      "sdp-target",
    ],
    "our private address": [
      { address: "10.0.0.1", media: ["audio 20010 RTP/AVP 0"] },
      "sdp-target",
    ],
    "our RTCP port": [
      { address: "10.0.0.1", media: ["audio 4000 RTP/AVP 0;rtcp:20011"] },
      "sdp-target",
    ],
    "an address in IPv6 clothes": [{ address: "::ffff:127.0.0.1" }, "sdp-target"],
    "another family": [{ address: "2001:db8::7" }, "media-not-allowed"],
  };
  for (const [name, [said, why]] of Object.entries(cases)) {
    test(`${name}: ${why}`, () => {
      assert.equal(refused(bench.media.relayOffer(sdp(said), "caller", NOW)), why);
      bench.offer(sdp());
      assert.equal(refused(bench.media.relayAnswer(sdp(said), "callee", NOW)), why);
      assert.equal(bench.pool.held, 2);
    });
  }

  test("our own SIP port, at each of our addresses", () => {
    const facing = new Bench({ signallingPorts: new Set([5060, 5061]) });
    for (const [address, port] of [
      ["203.0.113.1", 5060],
      ["10.0.0.1", 5061],
    ] as const) {
      const aimed = sdp({ address, media: [`audio ${port} RTP/AVP 0`] });
      assert.equal(refused(facing.media.relayOffer(aimed, "caller", NOW)), "sdp-target");
    }
    facing.offer(sdp({ media: ["audio 5060 RTP/AVP 0"] }));
  });

  test("the PBX, from outside, where what is described is where we send", () => {
    const pbx = new Set([PBX]);
    const strict = { ...FACTS.sides, public: { ...FACTS.sides.public, latch: false } };
    const aimed = sdp({ address: PBX });
    const refusing = new Bench({ sides: strict, pbx });
    assert.equal(refused(refusing.media.relayOffer(aimed, "caller", NOW)), "sdp-target");
    refusing.offer(sdp());
    // Behind a NAT others have that address too: what is learnt takes its place.
    new Bench({ pbx }).offer(aimed);
  });

  test("a host name isn't resolved", () => {
    const offer = sdp().replace("c=IN IP4 198.51.100.7", "c=IN IP4 media.example.net");
    assert.equal(refused(bench.media.relayOffer(offer, "caller", NOW)), "bad-sdp");
  });

  test("our private address behind a NAT", () => {
    const inner = { ...FACTS.sides.private, advertisedAddress: "10.9.9.9" };
    const natted = new Bench({ sides: { ...FACTS.sides, private: inner } });
    const offer = sdp({ address: "10.9.9.9", media: ["audio 20010 RTP/AVP 0"] });
    assert.equal(refused(natted.media.relayOffer(offer, "callee", NOW)), "sdp-target");
  });

  test("on one machine the PBX may be at our own address, outside our ports", () => {
    bench.offer(sdp({ address: "10.0.0.1", media: ["audio 40000 RTP/AVP 0"] }), "callee");
  });

  test("loopback is fine where we are on loopback ourselves", () => {
    const side = { localAddress: "127.0.0.1", advertisedAddress: "127.0.0.1", latch: false };
    const trial = new Bench({ sides: { public: side, private: side } });
    trial.offer(sdp({ address: "127.0.0.1" }));
    trial.answer(sdp({ address: "127.0.0.1", media: ["audio 6000 RTP/AVP 0"] }));
  });

  test("RTCP goes where a=rtcp says, but to no other address", () => {
    bench.offer(
      sdp({
        media: [
          "audio 4000 RTP/AVP 0;rtcp:4100",
          "audio 4002 RTP/AVP 0;rtcp:4100 IN IP4 198.51.100.9",
        ],
      }),
    );
    assert.deepEqual(
      bench.streams.map(({ ends }) => ends.caller.remoteRtcpPort),
      [4100, undefined],
    );
  });
});

describe("hold and resume", () => {
  const hold = (direction: string): string =>
    sdp({ media: [`audio 4000 RTP/AVP 0 101;${direction}`] });
  const held = (direction: string): string => answerSdp(`audio 6000 RTP/AVP 0 101;${direction}`);

  for (const [offered, answered] of [
    ["sendonly", "recvonly"],
    ["inactive", "inactive"],
  ] as const) {
    test(`${offered}: passes, and nobody wonders at the silence`, () => {
      bench.offer(sdp());
      bench.answer(answerSdp());
      assert.equal(bench.streams[0]!.silenceS, 60);
      assert.equal(lineOf(bench.offer(hold(offered)), "a="), `a=${offered}`);
      assert.equal(bench.streams[0]!.silenceS, 60);
      assert.equal(lineOf(bench.answer(held(answered)), "a="), `a=${answered}`);
      assert.equal(bench.streams[0]!.silenceS, 0);
      bench.offer(sdp());
      bench.answer(answerSdp());
      assert.equal(bench.streams[0]!.silenceS, 60);
      assert.equal(bench.streams[0]!.ends.caller.remoteAddress, OPERATOR);
    });
  }

  test("the old way, c=0.0.0.0: passes, and nothing is sent there", () => {
    bench.offer(sdp());
    bench.answer(answerSdp());
    const offer = bench.offer(sdp({ address: "0.0.0.0" }));
    assert.equal(lineOf(offer, "c="), "c=IN IP4 0.0.0.0");
    bench.answer(answerSdp());
    const [stream] = bench.streams;
    assert.deepEqual([stream!.ends.caller.remoteAddress, stream!.silenceS], [undefined, 0]);
    assert.equal(stream!.ends.callee.remoteAddress, PBX);
  });

  for (const answer of [
    answerSdp("audio 6000 RTP/AVP 0 101;inactive"),
    sdp({ address: "0.0.0.0" }),
  ]) {
    test(`by the answer alone: ${answer.includes("inactive") ? "inactive" : "0.0.0.0"}`, () => {
      bench.offer(sdp());
      bench.answer(answer);
      assert.equal(bench.streams[0]!.silenceS, 0);
    });
  }

  test("held by the called side", () => {
    bench.offer(sdp());
    bench.answer(answerSdp());
    bench.offer(answerSdp("audio 6000 RTP/AVP 0 101;sendonly"), "callee");
    bench.answer(sdp({ media: ["audio 4000 RTP/AVP 0 101;recvonly"] }), "caller");
    assert.equal(bench.streams[0]!.silenceS, 0);
  });
});

describe("renegotiation", () => {
  const established = (facts: Partial<MediaFacts> = {}, portMax?: number): Bench => {
    const call = new Bench(facts, portMax);
    call.offer(sdp());
    call.answer(answerSdp());
    return call;
  };

  test("without port change: the same ports, the new peer address only with the answer", () => {
    const call = established();
    const [before] = call.streams;
    const offer = call.offer(sdp({ address: "198.51.100.8" }));
    assert.equal(portOf(offer), before!.ends.callee.port);
    assert.deepEqual(call.streams, [before]);
    call.answer(answerSdp());
    assert.equal(call.streams[0]!.id, before!.id);
    assert.equal(call.streams[0]!.ends.caller.remoteAddress, "198.51.100.8");
  });

  test("with port change: new ports beside the old ones until the answer, then alone", () => {
    const call = established({ portChange: true });
    const [old] = call.streams;
    const offer = call.offer(sdp());
    assert.equal(call.streams.length, 2);
    assert.notEqual(portOf(offer), old!.ends.callee.port);
    const answer = call.answer(answerSdp());
    assert.notEqual(portOf(answer), old!.ends.caller.port);
    assert.equal(call.streams.length, 1);
    assert.equal(portOf(answer), call.streams[0]!.ends.caller.port);
    assert.equal(call.streams[0]!.silenceS, 60);
  });

  test("the first offer is no renegotiation", () => {
    const call = new Bench({ portChange: true });
    call.offer(sdp());
    assert.equal(call.pool.held, 2);
  });

  for (const portChange of [true, false]) {
    test(`a failed one leaves the call as it was (port change ${portChange})`, () => {
      const call = established({ portChange });
      const before = structuredClone(call.streams);
      call.offer(
        sdp({ address: "198.51.100.8", media: ["audio 4444 RTP/AVP 8", "video 5000 RTP/AVP 96"] }),
      );
      assert.ok(call.streams.length > 1);
      call.perform(call.media.abandonOffer(NOW));
      assert.deepEqual(call.streams, before);
      assert.deepEqual(call.media.abandonOffer(NOW), []);
    });

    test(`one that fails after an early answer, too (port change ${portChange})`, () => {
      const call = established({ portChange });
      const before = structuredClone(call.streams);
      call.offer(sdp({ address: "198.51.100.8" }));
      call.answer(answerSdp("audio 6666 RTP/AVP 0"), "callee", "early");
      assert.notDeepEqual(call.streams, before);
      call.perform(call.media.abandonOffer(NOW));
      assert.deepEqual(call.streams, before);
    });
  }

  test("without ports left the call goes on with those that it has", () => {
    const call = established({ portChange: true }, 20_003);
    const [before] = call.streams;
    call.offer(sdp());
    call.answer(answerSdp());
    assert.equal(call.streams[0]!.id, before!.id);
  });

  test("old ports rest before anyone gets them", () => {
    const call = established({ portChange: true }, 20_007);
    call.offer(sdp());
    call.answer(answerSdp());
    assert.equal(call.pool.held, 2);
    assert.equal(call.pool.take(1, NOW), undefined);
    assert.equal(call.pool.take(2, instant(NOW + 10_000))!.length, 2);
  });

  test("video comes and goes", () => {
    const call = established();
    const both = ["audio 4000 RTP/AVP 0 101", "video 5000 RTP/AVP 96"];
    call.offer(sdp({ media: both }));
    call.answer(answerSdp("audio 6000 RTP/AVP 0 101", "video 7000 RTP/AVP 96"));
    assert.equal(call.streams.length, 2);
    const off = call.offer(sdp({ media: [both[0]!, "video 0 RTP/AVP 96"] }));
    assert.equal(portOf(off, 1), 0);
    assert.equal(call.streams.length, 2);
    call.answer(answerSdp("audio 6000 RTP/AVP 0 101", "video 0 RTP/AVP 96"));
    assert.equal(call.streams.length, 1);
  });

  test("voice turns to fax on the same line, and back", () => {
    const call = established();
    const fax = "image 4000 udptl t38";
    call.offer(sdp({ media: [fax] }));
    assert.equal(call.streams[0]!.kind, "rtp");
    call.answer(answerSdp("image 6000 udptl t38"));
    const [stream] = call.streams;
    assert.deepEqual(
      [stream!.kind, stream!.ends.callee.rtcpPort, stream!.silenceS],
      ["opaque", stream!.ends.callee.port, 0],
    );
    call.offer(sdp());
    call.answer(answerSdp());
    assert.equal(call.streams[0]!.ends.caller.rtcpPort, call.streams[0]!.ends.caller.port + 1);
    assert.equal(call.streams[0]!.ends.caller.remoteRtcpPort, 4001);
  });

  test("fax beside voice on a line of its own, voice off", () => {
    const call = established();
    call.offer(sdp({ media: ["audio 0 RTP/AVP 0", "image 4000 udptl t38"] }));
    call.answer(answerSdp("audio 0 RTP/AVP 0", "image 6000 udptl t38"));
    assert.deepEqual(
      call.streams.map(({ kind }) => kind),
      ["opaque"],
    );
  });

  test("from the other side while one is open: glare", () => {
    const call = established();
    call.offer(sdp());
    assert.equal(refused(call.media.relayOffer(answerSdp(), "callee", NOW)), "offer-pending");
    call.answer(answerSdp());
    call.offer(answerSdp(), "callee");
    call.answer(sdp(), "caller");
  });

  test("another offer of the same side takes the place of one that nobody answered", () => {
    bench.offer(sdp({ media: ["audio 4000 RTP/AVP 0", "video 5000 RTP/AVP 96"] }));
    bench.offer(sdp());
    assert.equal(bench.streams.length, 1);
  });

  test("a refused one keeps the ports and the former agreement", () => {
    const call = established();
    const before = structuredClone(call.media.state);
    assert.equal(
      refused(call.media.relayOffer(sdp({ address: "127.0.0.1" }), "caller", NOW)),
      "sdp-target",
    );
    assert.deepEqual(call.media.state, before);
  });
});

describe("forks and early answers", () => {
  const VIDEO = ["audio 4000 RTP/AVP 0", "video 5000 RTP/AVP 96"];

  test("the latest answer counts, and the last settles", () => {
    bench.offer(sdp());
    bench.answer(answerSdp("audio 6000 RTP/AVP 0"), "callee", "early");
    assert.equal(bench.streams[0]!.ends.callee.remotePort, 6000);
    assert.equal(bench.streams[0]!.silenceS, 0);
    bench.answer(sdp({ address: "10.0.0.21", media: ["audio 7000 RTP/AVP 0"] }), "callee", "early");
    bench.answer(sdp({ address: "10.0.0.22", media: ["audio 8000 RTP/AVP 0"] }));
    const { remoteAddress, remotePort } = bench.streams[0]!.ends.callee;
    assert.deepEqual([remoteAddress, remotePort, bench.streams.length], ["10.0.0.22", 8000, 1]);
  });

  test("what one fork refuses, another may accept", () => {
    bench.offer(sdp({ media: VIDEO }));
    const early = bench.answer(
      answerSdp("audio 6000 RTP/AVP 0", "video 0 RTP/AVP 96"),
      "callee",
      "early",
    );
    assert.equal(portOf(early, 1), 0);
    assert.equal(bench.streams.length, 2);
    const final = bench.answer(answerSdp("audio 8000 RTP/AVP 0", "video 9000 RTP/AVP 96"));
    assert.equal(portOf(final, 1), bench.streams[1]!.ends.caller.port);
  });

  test("the same answer in 183 and 200 says the same, and starts the watch", () => {
    bench.offer(sdp());
    const early = bench.answer(answerSdp(), "callee", "early");
    const final = bench.media.relayAnswer(answerSdp(), "callee", NOW);
    assert.ok(final.kind === "relayed");
    assert.equal(final.sdp, early);
    assert.equal(bench.perform(final.commands), 1);
    assert.equal(bench.streams[0]!.silenceS, 60);
    assert.deepEqual(bench.media.relayAnswer(answerSdp(), "callee", NOW), {
      ...final,
      commands: [],
    });
  });

  test("a 200 without SDP settles what a reliable 18x said", () => {
    bench.offer(sdp({ media: VIDEO }));
    bench.answer(answerSdp("audio 6000 RTP/AVP 0", "video 0 RTP/AVP 96"), "callee", "early");
    bench.perform(bench.media.settle(NOW));
    assert.deepEqual(
      bench.streams.map(({ silenceS }) => silenceS),
      [60],
    );
    assert.deepEqual(bench.media.settle(NOW), []);
  });

  test("an UPDATE after an early answer begins the next exchange", () => {
    bench.offer(sdp({ media: VIDEO }));
    bench.answer(answerSdp("audio 6000 RTP/AVP 0", "video 0 RTP/AVP 96"), "callee", "early");
    bench.offer(sdp({ address: "198.51.100.8" }));
    assert.equal(bench.streams.length, 1);
    bench.answer(answerSdp());
    assert.equal(bench.streams[0]!.ends.caller.remoteAddress, "198.51.100.8");
  });

  test("with port change, too: the early ports go when the next answer comes", () => {
    const call = new Bench({ portChange: true });
    call.offer(sdp());
    call.answer(answerSdp(), "callee", "early");
    call.offer(answerSdp("audio 6000 RTP/AVP 0"), "callee");
    assert.equal(call.streams.length, 2);
    call.answer(sdp({ media: ["audio 4000 RTP/AVP 0"] }), "caller");
    assert.equal(call.streams.length, 1);
  });
});

describe("RTP and RTCP on one port", () => {
  const MUX = "audio 4000 RTP/AVP 0;rtcp-mux;rtcp:4001";

  test("with both legs", () => {
    const offer = bench.offer(sdp({ media: [MUX] }));
    assert.ok(offer.includes("a=rtcp-mux\r\n"));
    const answer = bench.answer(answerSdp("audio 6000 RTP/AVP 0;rtcp-mux"));
    assert.ok(answer.includes("a=rtcp-mux\r\n"));
    const { caller: outer, callee: inner } = bench.streams[0]!.ends;
    assert.deepEqual([outer.rtcpPort, inner.rtcpPort], [outer.port, inner.port]);
    assert.deepEqual([outer.remoteRtcpPort, inner.remoteRtcpPort], [4000, 6000]);
  });

  test("with one leg, and with the other on two", () => {
    bench.offer(sdp({ media: [MUX] }));
    assert.ok(bench.answer(answerSdp()).includes("a=rtcp-mux\r\n"));
    const { caller: outer, callee } = bench.streams[0]!.ends;
    assert.deepEqual([outer.rtcpPort, outer.remoteRtcpPort], [outer.port, 4000]);
    assert.deepEqual([callee.rtcpPort, callee.remoteRtcpPort], [callee.port + 1, 6001]);
  });

  test("not with who hasn't offered it, or wasn't offered it", () => {
    const other = new Bench();
    other.offer(sdp());
    assert.ok(!other.answer(answerSdp("audio 6000 RTP/AVP 0;rtcp-mux")).includes("rtcp-mux"));
    const { callee: inner } = other.streams[0]!.ends;
    assert.deepEqual([inner.rtcpPort, inner.remoteRtcpPort], [inner.port + 1, 6001]);
  });

  test("stays through a renegotiation, or ends with it", () => {
    bench.offer(sdp({ media: [MUX] }));
    bench.answer(answerSdp("audio 6000 RTP/AVP 0;rtcp-mux"));
    const before = structuredClone(bench.streams);
    bench.offer(sdp({ media: [MUX] }));
    assert.deepEqual(bench.streams, before);
    bench.answer(answerSdp("audio 6000 RTP/AVP 0;rtcp-mux"));
    assert.deepEqual(bench.streams, before);
    bench.offer(sdp());
    bench.answer(answerSdp());
    const { caller: outer } = bench.streams[0]!.ends;
    assert.deepEqual([outer.rtcpPort, outer.remoteRtcpPort], [outer.port + 1, 4001]);
  });

  test("a fork that agrees, then one that doesn't", () => {
    bench.offer(sdp({ media: [MUX] }));
    bench.answer(answerSdp("audio 6000 RTP/AVP 0;rtcp-mux"), "callee", "early");
    bench.answer(answerSdp());
    const { caller: outer, callee: inner } = bench.streams[0]!.ends;
    assert.deepEqual([outer.rtcpPort, outer.remoteRtcpPort], [outer.port, 4000]);
    assert.deepEqual([inner.rtcpPort, inner.remoteRtcpPort], [inner.port + 1, 6001]);
  });
});

describe("the o= line", () => {
  test("is ours: its session stays, its version grows with each change by one", () => {
    const first = bench.offer(sdp());
    bench.answer(answerSdp());
    const held = bench.offer(sdp({ media: ["audio 4000 RTP/AVP 0 101;inactive"] }));
    bench.answer(answerSdp());
    const same = bench.offer(sdp({ media: ["audio 4000 RTP/AVP 0 101;inactive"] }));
    assert.equal(lineOf(first, "o=")!.split(" ")[1], lineOf(held, "o=")!.split(" ")[1]);
    assert.equal(versionOf(held), versionOf(first) + 1);
    assert.equal(same, held);
  });

  test("with the mask off keeps the user's name and address", () => {
    const { mask: _mask, ...bare } = FACTS;
    const open = CallMedia.begin("call", LEGS, bare, bench.pool);
    const outcome = open.relayOffer(sdp(), "caller", NOW);
    assert.ok(outcome.kind === "relayed");
    assert.match(lineOf(outcome.sdp, "o=")!, /^o=phone \d+ 1 IN IP4 198\.51\.100\.7$/);
    assert.equal(lineOf(outcome.sdp, "s="), "s=Phone 1.0");
  });

  test("with the mask off stays that of who was there first", () => {
    const { mask: _mask, ...bare } = FACTS;
    const open = CallMedia.begin("call", LEGS, bare, bench.pool);
    open.relayOffer(sdp(), "caller", NOW);
    open.relayAnswer(answerSdp(), "callee", NOW);
    const another = sdp().replace("o=phone 77 3", "o=desk 78 1");
    const outcome = open.relayOffer(another, "caller", NOW);
    assert.ok(outcome.kind === "relayed");
    assert.match(lineOf(outcome.sdp, "o=")!, /^o=phone \d+ \d+ IN IP4 198\.51\.100\.7$/);
  });

  test("session ids of both sides tell nothing of one another", () => {
    const offer = bench.offer(sdp());
    const answer = bench.answer(answerSdp());
    assert.notEqual(lineOf(offer, "o=")!.split(" ")[1], lineOf(answer, "o=")!.split(" ")[1]);
  });
});

describe("another peer in one leg's place", () => {
  const CARRIER = "198.51.100.9";
  const VOICE = "audio 4000 RTP/AVP 0 101";

  test("both may be on one side, on ports of their own, beside the former streams", () => {
    bench.offer(sdp());
    bench.answer(answerSdp());
    const [former] = bench.media.streams;
    const begun = CallMedia.begin("other", LEGS, FACTS, bench.pool);
    const next = bench.media.successor("callee", begun.end("caller"));
    const offer = next.relayOffer(sdp({ address: CARRIER }), "callee", NOW);
    const answer = next.relayAnswer(sdp(), "caller", NOW);
    assert.ok(offer.kind === "relayed" && answer.kind === "relayed");
    assert.equal(lineOf(offer.sdp, "c="), "c=IN IP4 203.0.113.1");
    assert.equal(lineOf(answer.sdp, "c="), "c=IN IP4 203.0.113.1");
    const [stream] = next.streams;
    assert.equal(stream!.ends.caller.remoteAddress, OPERATOR);
    assert.equal(stream!.ends.callee.remoteAddress, CARRIER);
    assert.ok(stream!.ends.callee.latch, "symmetric RTP is a rule of the side");
    assert.notEqual(stream!.id, former!.id);
    assert.equal(bench.pool.held, 4, "until it is agreed both are live");
    bench.media.close(NOW);
    assert.equal(bench.pool.held, 2);
    next.close(NOW);
    assert.equal(bench.pool.held, 0);
  });

  test("the leg that stays sees one description go on: same session, next version", () => {
    const before = bench.offer(sdp());
    bench.answer(answerSdp());
    const begun = CallMedia.begin("other", LEGS, FACTS, bench.pool);
    const next = bench.media.successor("caller", begun.end("caller"));
    const outcome = next.relayOffer(sdp({ address: CARRIER }), "caller", NOW);
    assert.ok(outcome.kind === "relayed");
    assert.equal(lineOf(before, "o=")!.split(" ")[1], lineOf(outcome.sdp, "o=")!.split(" ")[1]);
    assert.equal(versionOf(outcome.sdp), versionOf(before) + 1);
    next.close(NOW);
    const after = bench.offer(sdp({ media: [`${VOICE};inactive`] }));
    assert.equal(versionOf(after), versionOf(before) + 2, "also where nothing came of the change");
  });

  test("a peer never loses an m= line (RFC 3264 §8); the other knows of its own alone", () => {
    bench.offer(sdp({ media: [VOICE, "video 5000 RTP/AVP 96"] }));
    bench.answer(answerSdp("audio 6000 RTP/AVP 0", "video 6002 RTP/AVP 96"));
    const begun = CallMedia.begin("other", LEGS, FACTS, bench.pool);
    const next = bench.media.successor("caller", begun.end("caller"));
    const offer = next.relayOffer(sdp({ address: CARRIER }), "caller", NOW);
    assert.ok(offer.kind === "relayed");
    assert.deepEqual(linesOf(offer.sdp, "m=").slice(1), ["m=video 0 RTP/AVP 96"]);
    const said = answerSdp("audio 6000 RTP/AVP 0", "video 0 RTP/AVP 96");
    const answer = next.relayAnswer(said, "callee", NOW);
    assert.ok(answer.kind === "relayed");
    assert.equal(linesOf(answer.sdp, "m=").length, 1);
    const again = next.relayAnswer(said, "callee", NOW);
    assert.deepEqual(again, { kind: "relayed", sdp: answer.sdp, commands: [] });
    assert.equal(next.streams.length, 1);
  });
});

describe("a life beyond this process", () => {
  test("the state is plain data: revived from JSON, the call goes on with its ports", () => {
    bench.offer(sdp());
    bench.answer(answerSdp());
    bench.offer(sdp({ address: "198.51.100.8" }));
    const state = JSON.parse(JSON.stringify(bench.media.state));
    const pool = new PortPool({ portMin: 20_000, portMax: 20_099 });
    const revived = CallMedia.revive(state, FACTS, pool, NOW)!;
    assert.equal(pool.held, 2);
    assert.deepEqual(revived.reopen(), bench.media.reopen());
    const outcome = revived.relayAnswer(answerSdp(), "callee", NOW);
    assert.deepEqual(outcome, bench.media.relayAnswer(answerSdp(), "callee", NOW));
    assert.equal(CallMedia.revive(state, FACTS, pool, NOW), undefined);
    assert.equal(pool.held, 2);
    revived.close(NOW);
    assert.equal(pool.held, 0);
  });

  test("a plane that was restarted hears of every stream again", () => {
    bench.offer(sdp());
    bench.answer(answerSdp());
    const streams = new Map(bench.plane);
    bench.plane.clear();
    bench.perform(bench.media.reopen());
    assert.deepEqual(bench.plane, streams);
  });
});
