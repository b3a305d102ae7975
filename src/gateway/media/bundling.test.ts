import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instant, Secret } from "#base";
import { findAttribute, hasAttribute, parseSdp, type Sdp } from "#sdp";
import {
  CallMedia,
  type KeyExchange,
  type MediaFacts,
  PortPool,
  type Role,
  type Stream,
  SUITES_OF,
} from "./index.ts";

// Several m= lines by one port of ours (RFC 9143).

const NOW = instant(1_000_000);
const OURS = Array(32).fill("FA").join(":");
const THEIRS = Array(32).fill("01").join(":");
const PASSWORD = "abcdefghijklmnopqrstuv";
const MID = "urn:ietf:params:rtp-hdrext:sdes:mid";
const side = { localAddress: "10.0.0.1", advertisedAddress: "10.0.0.1", latch: false };

class Bench {
  readonly media: CallMedia;
  readonly pool = new PortPool({ portMin: 20_000, portMax: 20_099, quarantineMs: 0 });
  readonly plane = new Map<string, Stream>();

  readonly facts: MediaFacts;

  constructor(exchange: KeyExchange = "sdes", bundles = true, portChange = true) {
    let words = 0;
    const facts: MediaFacts = {
      sides: { public: { ...side, localAddress: "192.0.2.10" }, private: side },
      dscp: { audio: 46, video: 34 },
      srtp: {
        voice: { public: "preferred", private: "preferred" },
        exchange: { public: exchange, private: "sdes" },
        suites: SUITES_OF["aes-128"],
        newKey: (suite) => ({ suite, keySalt: new Secret("A".repeat(40)) }),
        fingerprint: () => OURS,
      },
      newIce: () => ({ ufrag: `ours${++words}`, password: new Secret(`${PASSWORD}${words}`) }),
      bundles,
      portChange,
      opaque: true,
      silenceS: 60,
    };
    this.facts = facts;
    const sides = { caller: "public", callee: "private" } as const;
    const tls = { caller: false, callee: false };
    this.media = CallMedia.begin("call", { sides, tls }, facts, this.pool);
  }

  offer(text: string, from: Role = "caller"): Sdp {
    return this.#take(this.media.relayOffer(text, from, NOW));
  }

  answer(text: string, from: Role = "callee", stage: "early" | "final" = "final"): Sdp {
    return this.#take(this.media.relayAnswer(text, from, NOW, stage));
  }

  /** How many pairs of ports are held, and how many the streams name. */
  get ports(): [held: number, named: number] {
    const named = this.media.streams.flatMap(({ ends }) => [ends.caller.port, ends.callee.port]);
    return [this.pool.held, new Set(named).size];
  }

  get browserPorts(): number[] {
    return [...this.plane.values()].map(({ ends }) => ends.caller.port);
  }

  close(): void {
    for (const command of this.media.close(NOW)) assert.equal(command.kind, "close");
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

interface Wish {
  readonly group?: string;
  readonly ufrags?: readonly string[];
  readonly setup?: string;
  /** The second line has no transport of its own. */
  readonly isOnly?: boolean;
  readonly formats?: readonly string[];
  readonly hasMid?: boolean;
  readonly offMid?: string;
}

/** A browser with voice and a picture. */
function browser(wish: Wish = {}): string {
  const { group = "0 1", ufrags = ["theirs", "picture"], setup = "actpass" } = wish;
  const { isOnly, formats = ["111", "96"], hasMid = true, offMid } = wish;
  const lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"];
  if (group) lines.push(`a=group:BUNDLE ${group}`);
  for (const [i, kind] of (["audio", "video"] as const).entries()) {
    const only = isOnly && i === 1;
    const port = only || offMid === `${i}` ? 0 : 9;
    lines.push(`m=${kind} ${port} UDP/TLS/RTP/SAVPF ${formats[i]}`, "c=IN IP4 0.0.0.0");
    lines.push(`a=mid:${i}`, `a=ssrc:${i + 1}000 cname:x`);
    lines.push(`a=rtpmap:${formats[i]} ${i === 0 ? "opus/48000/2" : "VP8/90000"}`);
    if (hasMid) lines.push(`a=extmap:4 ${MID}`);
    if (only) lines.push("a=bundle-only");
    else {
      lines.push("a=rtcp-mux", `a=ice-ufrag:${ufrags[i]}`, `a=ice-pwd:${PASSWORD}`);
      lines.push(`a=fingerprint:sha-256 ${THEIRS}`, `a=setup:${setup}`);
    }
  }
  return [...lines, ""].join("\r\n");
}

const phone = (ports: readonly number[] = [4000, 5000], formats = ["111", "96"]): string =>
  [
    ...["v=0", "o=- 1 1 IN IP4 10.0.0.20", "s=-", "c=IN IP4 10.0.0.20", "t=0 0"],
    ...[`m=audio ${ports[0]} RTP/AVP ${formats[0]}`, `a=rtpmap:${formats[0]} opus/48000/2`],
    ...[`m=video ${ports[1]} RTP/AVP ${formats[1]}`, `a=rtpmap:${formats[1]} VP8/90000`, ""],
  ].join("\r\n");

const group = (sdp: Sdp) => sdp.session.filter((line) => line.startsWith("a=group"));
const portsOf = (sdp: Sdp) => sdp.media.map(({ line }) => line.port);

describe("an offer of a bundle", () => {
  test("is accepted: one port, pair and association, and the other leg has a port for each line", () => {
    const bench = new Bench();
    const offer = bench.offer(browser());
    assert.ok(!JSON.stringify(offer).includes(MID));
    const answer = bench.answer(phone());
    assert.deepEqual(group(answer), ["a=group:BUNDLE 0 1"]);
    const [voice, picture] = answer.media;
    assert.equal(voice!.line.port, picture!.line.port);
    assert.deepEqual(bench.ports, [3, 3]);
    // Its first line says for all how the pair is found (§7.1.3).
    assert.ok(hasAttribute(voice!.lines, "ice-ufrag") && hasAttribute(voice!.lines, "fingerprint"));
    assert.ok(!hasAttribute(picture!.lines, "ice-ufrag") && !hasAttribute(picture!.lines, "setup"));
    assert.ok(hasAttribute(picture!.lines, "rtcp-mux"));
    assert.equal(findAttribute(picture!.lines, "extmap"), `4 ${MID}`);
    const [one, two] = [...bench.plane.values()].map(({ ends }) => ends.caller);
    assert.deepEqual([one!.ice, one!.dtls], [two!.ice, two!.dtls]);
    assert.equal(two!.ice?.remoteUfrag, "theirs");
    assert.deepEqual(two!.bundle, { mid: "1", midId: 4, ssrcs: [2000] });
    bench.close();
    assert.equal(bench.pool.held, 0);
  });

  test("outlives the gateway with the ports that it has", () => {
    const bench = new Bench();
    bench.offer(browser());
    bench.answer(phone());
    const pool = new PortPool({ portMin: 20_000, portMax: 20_099, quarantineMs: 0 });
    const media = CallMedia.revive(bench.media.state, bench.facts, pool, NOW);
    assert.equal(pool.held, 3);
    media?.close(NOW);
    assert.equal(pool.held, 0);
  });

  test("is accepted for lines that have no transport but the bundle's", () => {
    const bench = new Bench();
    bench.offer(browser({ isOnly: true }));
    const answer = bench.answer(phone());
    assert.deepEqual(group(answer), ["a=group:BUNDLE 0 1"]);
    assert.equal(portsOf(answer)[0], portsOf(answer)[1]);
  });

  test("is declined where the settings want that, and what can't be alone is refused", () => {
    const alone = new Bench("sdes", false);
    alone.offer(browser());
    const answer = alone.answer(phone());
    assert.deepEqual(group(answer), ["a=group:BUNDLE 0"]);
    assert.notEqual(portsOf(answer)[0], portsOf(answer)[1]);
    const only = new Bench("sdes", false);
    assert.equal(portsOf(only.offer(browser({ isOnly: true })))[1], 0);
  });

  test("leaves a line out whose packets couldn't be told from another's", () => {
    for (const wish of [{ formats: ["96", "96"] }, { formats: ["96", "96"], hasMid: false }]) {
      const bench = new Bench();
      bench.offer(browser(wish));
      const answer = bench.answer(phone([4000, 5000], ["96", "96"]));
      assert.deepEqual(group(answer), ["a=group:BUNDLE 0"]);
      assert.notEqual(portsOf(answer)[0], portsOf(answer)[1]);
    }
  });

  test("goes on by its next line when the first is refused, with that one's pair", () => {
    const bench = new Bench();
    bench.offer(browser());
    const answer = bench.answer(phone([0, 5000]));
    assert.deepEqual(group(answer), ["a=group:BUNDLE 1"]);
    assert.ok(hasAttribute(answer.media[1]!.lines, "ice-ufrag"));
    const [stream] = [...bench.plane.values()];
    assert.equal(stream?.ends.caller.ice?.remoteUfrag, "picture");
    assert.deepEqual(bench.ports, [2, 2]);
  });

  test("whose first line is refused has nothing for those without a transport", () => {
    const bench = new Bench();
    bench.offer(browser({ isOnly: true }));
    assert.deepEqual(portsOf(bench.answer(phone([0, 5000]))), [0, 0]);
    assert.deepEqual(bench.ports, [0, 0]);
  });

  test("keeps its port in later offers: a line goes, comes back, and the pair begins anew", () => {
    const bench = new Bench();
    bench.offer(browser());
    const port = portsOf(bench.answer(phone()))[0];
    bench.offer(browser({ offMid: "1", group: "0" }));
    const without = bench.answer(phone([4000, 0]));
    assert.deepEqual([group(without), portsOf(without)], [["a=group:BUNDLE 0"], [port, 0]]);
    assert.deepEqual(bench.ports, [2, 2]);
    bench.offer(browser({ ufrags: ["anew", "anew"] }));
    const again = bench.answer(phone());
    assert.deepEqual([group(again), portsOf(again)], [["a=group:BUNDLE 0 1"], [port, port]]);
    assert.deepEqual(bench.ports, [3, 3]);
    const ices = [...bench.plane.values()].map(({ ends }) => ends.caller.ice);
    assert.deepEqual(
      ices.map((ice) => ice?.remoteUfrag),
      ["anew", "anew"],
    );
    assert.equal(ices[0]?.ufrag, ices[1]?.ufrag);
    bench.close();
    assert.equal(bench.pool.held, 0);
  });

  test("that comes to nothing changes nothing of a bundle that lives", () => {
    const bench = new Bench();
    bench.offer(browser({ offMid: "1", group: "0" }));
    bench.answer(phone([4000, 0]));
    const before = [...bench.plane.values()].map(({ ends }) => ends.caller.ice);
    bench.offer(browser({ ufrags: ["anew", "anew"] }));
    // Who joins has the pair of those that are there.
    for (const { ends } of bench.plane.values()) assert.deepEqual(ends.caller.ice, before[0]);
    for (const command of bench.media.abandonOffer(NOW)) assert.equal(command.kind, "close");
    assert.deepEqual(bench.ports, [2, 2]);
  });
});

describe("a bundle that is offered to a browser", () => {
  const called = () => new Bench("webrtc");
  const answerOf = (bench: Bench, wish: Wish = {}, stage: "early" | "final" = "final") =>
    bench.answer(browser({ setup: "active", ...wish }), "caller", stage);

  test("has a port for each line until it is accepted, and one then", () => {
    const bench = called();
    const offer = bench.offer(phone(), "callee");
    assert.deepEqual(group(offer), ["a=group:BUNDLE 0 1"]);
    assert.equal(new Set(portsOf(offer)).size, 2);
    assert.deepEqual(bench.ports, [4, 4]);
    answerOf(bench, { ufrags: ["theirs", "theirs"] });
    assert.equal(new Set(bench.browserPorts).size, 1);
    assert.equal(bench.browserPorts[0], portsOf(offer)[0]);
    assert.deepEqual(bench.ports, [3, 3]);
    const again = bench.offer(phone(), "callee");
    assert.equal(new Set(portsOf(again)).size, 1);
    assert.deepEqual(group(again), ["a=group:BUNDLE 0 1"]);
  });

  test("that is declined leaves each line its port", () => {
    const bench = called();
    const offer = bench.offer(phone(), "callee");
    answerOf(bench, { group: "" });
    assert.deepEqual(bench.browserPorts, portsOf(offer));
    assert.ok([...bench.plane.values()].every(({ ends }) => !ends.caller.bundle));
    assert.deepEqual(bench.ports, [4, 4]);
  });

  test("keeps the other ports while another early answer may want them", () => {
    const bench = called();
    const offer = bench.offer(phone(), "callee");
    answerOf(bench, {}, "early");
    assert.equal(bench.pool.held, 4);
    answerOf(bench, { group: "" });
    assert.deepEqual(bench.browserPorts, portsOf(offer));
    bench.close();
    assert.equal(bench.pool.held, 0);
  });

  test("goes by the next line's port when the first is refused", () => {
    const bench = called();
    const offer = bench.offer(phone(), "callee");
    answerOf(bench, { group: "1", offMid: "0" });
    assert.deepEqual(bench.browserPorts, [portsOf(offer)[1]]);
    assert.deepEqual(bench.ports, [2, 2]);
  });

  test("names a line that joins by the number that the browser knows", () => {
    const bench = called();
    bench.offer(browser({ offMid: "1", group: "0" }));
    bench.answer(phone([4000, 0]));
    const offer = bench.offer(phone(), "callee");
    assert.deepEqual(group(offer), ["a=group:BUNDLE 0 1"]);
    assert.equal(findAttribute(offer.media[1]!.lines, "extmap"), `4 ${MID}`);
  });

  test("has no two lines with one number for two codecs", () => {
    const bench = called();
    const offer = bench.offer(phone([4000, 5000], ["96", "96"]), "callee");
    assert.deepEqual(group(offer), ["a=group:BUNDLE 0"]);
  });
});
