import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latin1Text } from "#base";
import { Headers, Request } from "#sip-message";
import { flowOf, type Packet } from "../support/network.ts";
import type { PeerLeg } from "../support/peer-leg.ts";
import type { SipPeer } from "../support/sip-peer.ts";
import { World } from "../support/world.ts";

// The whole gateway under mutated messages: while honest peers call, renegotiate, subscribe and hang
// up, changed copies of what they say come from the same addresses. Nothing may throw, nothing may
// grow without bound, and nothing may stay.

const MUTANTS = 10_000;
const MUTANTS_A_WORLD = 250;
const INJECT_MS = 40;
/** How long peers are at work, and mutants come. */
const WORK_MS = 8000;
/** Longer than any ringing and any transaction's patience. */
const PATIENCE_MS = 400_000;
/** Longer than any subscription: a day. */
const DAY_MS = 87_000_000;

/** What a message is spoilt with: separators, numbers out of range, names of JavaScript's own. */
const SPLINTERS = [
  "\r\n",
  "\r\n\r\n",
  "\r\n ",
  "\0",
  ";",
  ",",
  "<",
  '"',
  " ",
  "0",
  "99999999999999999999",
  "4294967295",
  "-1",
  "__proto__",
  "constructor",
  "%00",
  "sip:",
  "tel:",
  "[::",
  "tag=",
  "a=rtcp-mux\r\n",
  "m=audio 0 RTP/AVP 0\r\n",
  "c=IN IP4 0.0.0.0\r\n",
  "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=rtcp-mux\r\n",
  "a=fingerprint:sha-256 00\r\na=setup:actpass\r\n",
  "a=group:BUNDLE 0\r\n",
  "UDP/TLS/RTP/SAVPF",
  "Require: 100rel\r\n",
  "Replaces: a;to-tag=b;from-tag=c\r\n",
  "Session-Expires: 1\r\n",
  "\xff\xfe",
];

const METHODS = [
  "INVITE",
  "ACK",
  "BYE",
  "CANCEL",
  "PRACK",
  "UPDATE",
  "REFER",
  "SUBSCRIBE",
  "NOTIFY",
];

const mutation = fc.record({
  kind: fc.constantFrom(
    "delete",
    "insert",
    "insert",
    "repeat",
    "cut",
    "flip",
    "swap-lines",
    "drop-line",
    "graft-line",
    "method",
    "status",
    "copy",
  ),
  /** Which of the messages heard lately, and which other one gives its part. */
  which: fc.noBias(fc.nat()),
  other: fc.noBias(fc.nat()),
  at: fc.noBias(fc.nat()),
  length: fc.integer({ min: 1, max: 12 }),
  value: fc.nat(),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never;

function mutated(text: string, other: string, { kind, at: nth, length, value }: Mutation): string {
  const at = nth % text.length;
  const head = text.slice(0, at);
  switch (kind) {
    case "delete":
      return head + text.slice(at + length);
    case "insert":
      return head + SPLINTERS[value % SPLINTERS.length] + text.slice(at);
    case "repeat":
      return head + text.slice(Math.max(0, at - length * length));
    case "cut":
      return head;
    case "flip":
      return head + String.fromCharCode(value % 256) + text.slice(at + 1);
    case "method":
      return renamed(text, METHODS[value % METHODS.length]!);
    case "status":
      return text.replace(/^SIP\/2\.0 \d+/, `SIP/2.0 ${100 + (value % 600)}`);
    case "copy":
      return text;
    default:
      return withLines(text, other, kind, nth, value);
  }
}

/** The same request under another method: in its dialog, with a CSeq that fits. */
const renamed = (text: string, method: string): string =>
  text.startsWith("SIP/")
    ? text
    : text.replace(/^\S+/, method).replace(/^(CSeq: \d+) \S+/m, `$1 ${method}`);

function withLines(
  text: string,
  other: string,
  kind: "swap-lines" | "drop-line" | "graft-line",
  nth: number,
  value: number,
): string {
  const lines = text.split("\r\n");
  const [a, b] = [nth % lines.length, value % lines.length];
  if (kind === "drop-line") lines.splice(a, 1);
  else if (kind === "graft-line") {
    const given = other.split("\r\n");
    lines[a] = given[value % given.length]!;
  } else [lines[a], lines[b]] = [lines[b]!, lines[a]!];
  return lines.join("\r\n");
}

/** Peers of both sides in all that they do: what the mutants are made of. */
function employ(world: World): void {
  const { network, operator, pbx, peers } = world;
  const rings = [
    { status: 180, afterMs: 30, reliable: true },
    { status: 183, afterMs: 50, fork: 1, sdp: true },
  ];
  for (const peer of peers) {
    peer.answer = () => ({ rings, final: { status: 200, afterMs: 300 } });
  }
  const live = (leg: PeerLeg): void => {
    network.in(500, () => leg.reinvite());
    network.in(1200, () => leg.info());
    network.in(1600, () => leg.update("sendonly"));
    network.in(2000, () => leg.refer(`sip:0999@${leg.peer.gatewayAddress}`));
    network.in(3000, () => {
      const consulted = [...leg.peer.legs].find((one) => one !== leg && one.state === "confirmed");
      leg.refer(`sip:0999@${leg.peer.addresses[0]}`, consulted);
    });
    network.in(4000, () => leg.bye());
  };
  for (const [caller, uri] of [
    [operator, "0123"],
    [pbx, "0456"],
  ] as const) {
    caller.call({ uri, offer: true, reliable: true, up: live });
    network.in(2000, () => caller.call({ uri, offer: false, up: live }));
    network.in(3000, () => caller.call({ uri, offer: true, cancelAfterMs: 100 }));
    for (const method of ["SUBSCRIBE", "MESSAGE", "OPTIONS", "REFER"]) {
      network.in(1000, () => ask(world, caller, method));
    }
  }
}

/** A request outside any call. */
function ask(world: World, peer: SipPeer, method: string): void {
  const side = peer === world.pbx ? "private" : "public";
  const { address } = world.gateway.endpoint(side);
  const headers = new Headers();
  headers.add("max-forwards", "70");
  headers.add("from", `<sip:${peer.name}@${peer.addresses[0]}>;tag=${peer.tag()}`);
  headers.add("to", `<sip:0789@${address}>`);
  headers.add("call-id", peer.tag());
  headers.add("cseq", `1 ${method}`);
  headers.add("contact", peer.contact);
  headers.add("event", "presence");
  headers.add("expires", "600");
  if (method === "REFER") headers.add("refer-to", "<sip:0999@example.org>");
  const nobody = { response: () => {}, failed: () => {} };
  peer.open(new Request(method, `sip:0789@${address}`, headers), nobody);
}

/** One site at work with mutants among its messages. */
function runAmongMutants(seed: number, mutations: readonly Mutation[]): void {
  const refer = seed % 2 === 0 ? "pass" : "perform";
  const world = new World({ seed, trunk: { refer, referFrom: "both" } });
  const { gateway, network } = world;
  const heard: Packet[] = [];
  network.tap = (packet) => {
    if (gateway.addresses.includes(packet.to.address)) heard.push(packet);
  };
  employ(world);
  const todo = [...mutations];
  const each = Math.ceil(mutations.length / (WORK_MS / INJECT_MS));
  const inject = (): void => {
    for (const one of heard.length > 0 ? todo.splice(0, each) : []) {
      const { [one.which % heard.length]: packet, [one.other % heard.length]: other } = heard;
      take(world, { ...packet!, text: mutated(packet!.text, other!.text, one) });
    }
    isBounded(world, mutations.length);
    if (todo.length > 0) network.in(INJECT_MS, inject);
  };
  network.in(INJECT_MS, inject);
  network.run(2 * WORK_MS);
  assert.equal(todo.length, 0, "every mutant was sent");
  gateway.hangUpAll();
  network.run(PATIENCE_MS);
  network.run(DAY_MS);
  assert.deepEqual(leftIn(world), [], "what stays behind");
  assert.equal(gateway.streams.size, 0, "streams that stay");
}

function take({ gateway, network }: World, packet: Packet): void {
  const side = packet.to.address.startsWith("10.") ? "private" : "public";
  gateway.take({ kind: "received", flow: flowOf(packet, side), text: packet.text }, network.now);
}

/** What is known of sources makes room for others, and needs no clock. */
const REMEMBERED = new Set(["suspected", "flooding", "proven", "watched", "refusals"]);

const leftIn = ({ gateway }: World): [string, number][] =>
  Object.entries(gateway.gateway.sizes).filter(([name, size]) => size > 0 && !REMEMBERED.has(name));

/** Ports held = live streams; of all else no more than some for each message that ever came. */
function isBounded({ gateway }: World, mutants: number): void {
  const { sizes } = gateway.gateway;
  assert.equal(sizes.ports, 2 * gateway.streams.size, "two pairs of ports a stream");
  for (const [name, size] of Object.entries(sizes)) {
    assert.ok(size <= 20 * (mutants + 100), `${size} ${name}`);
  }
}

test(`${MUTANTS} mutated messages among live calls: no throw, no growth, and nothing stays`, () => {
  const constraints = { minLength: MUTANTS_A_WORLD, maxLength: MUTANTS_A_WORLD };
  fc.assert(
    fc.property(fc.nat(), fc.array(mutation, constraints), (seed, mutations) =>
      runAmongMutants(seed, mutations),
    ),
    // A world of 250 messages shrinks for minutes: the seed that is printed replays it.
    { numRuns: MUTANTS / MUTANTS_A_WORLD, endOnFailure: true },
  );
});

test("bytes of no form at all, from peers and from strangers: no throw, and nothing stays", () => {
  const world = new World({ seed: 1 });
  const to = world.gateway.endpoint("public");
  const from = fc.constantFrom("198.51.100.1", "203.0.113.9");
  const start = fc.constantFrom("", "INVITE sip:a SIP/2.0\r\n", "SIP/2.0 200 OK\r\n");
  fc.assert(
    fc.property(from, start, fc.uint8Array({ maxLength: 300 }), (address, line, bytes) => {
      const text = line + latin1Text(bytes);
      take(world, { from: { address, port: 5060 }, to, transport: "udp", text });
    }),
    { numRuns: 2000 },
  );
  assert.ok(world.gateway.gateway.sizes.denied > 0, "the stranger has flooded");
  isBounded(world, 2000);
  world.network.run(DAY_MS);
  assert.deepEqual(leftIn(world), []);
});
