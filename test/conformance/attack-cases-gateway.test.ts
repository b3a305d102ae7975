import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { latin1Bytes } from "#base";
import type { Side, Transport } from "#sip";
import { flowOf, type Packet } from "../support/network.ts";
import { World } from "../support/world.ts";

// The attack cases that end in the gateway as a whole, by their names in docs/security.md.

const PUBLIC = "192.0.2.1";
const STRANGER = "203.0.113.66";
const METHODS = ["INVITE", "OPTIONS", "REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "BYE", "ACK"];

interface Said {
  readonly from: string;
  readonly text: string;
  readonly side?: Side;
  readonly transport?: Transport;
}

/** Hands the gateway a message that no peer of the world has sent. */
function say(world: World, { from, text, side = "public", transport = "udp" }: Said): void {
  const { gateway, network } = world;
  const to = gateway.endpoint(side);
  const packet: Packet = { from: { address: from, port: 5060 }, to, transport, text };
  gateway.take(
    { kind: "bytes", flow: flowOf(packet, side), bytes: latin1Bytes(text) },
    network.now,
  );
}

let count = 0;

/** A whole request of its own transaction and dialog; further fields as lines. */
function request(method: string, from: string, more: readonly string[] = []): string {
  count++;
  return [
    `${method} sip:100@${PUBLIC} SIP/2.0`,
    `Via: SIP/2.0/UDP ${from}:5060;branch=z9hG4bKatk${count};rport`,
    `From: <sip:x@${from}>;tag=f${count}`,
    `To: <sip:100@${PUBLIC}>`,
    `Call-ID: c${count}@${from}`,
    `CSeq: 1 ${method}`,
    "Max-Forwards: 70",
    `Contact: <sip:x@${from}>`,
    ...more,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

describe("B3, D7: a stranger", () => {
  test("gets no answer to anything, and nothing crosses", () => {
    const world = new World({ seed: 71 });
    for (const method of METHODS) say(world, { from: STRANGER, text: request(method, STRANGER) });
    say(world, { from: STRANGER, text: "INVITE sip:100 SIP/9.0\r\n\r\n" });
    say(world, { from: STRANGER, text: request("OPTIONS", STRANGER).replace("70", "900") });
    assert.deepEqual(world.settle(), []);
    assert.deepEqual(world.packets, []);
  });

  test("is one also with a trunk's address on the PBX's side", () => {
    const world = new World({ seed: 72 });
    const from = "198.51.100.1";
    say(world, { from, side: "private", text: request("INVITE", from) });
    assert.deepEqual(world.settle(), []);
    assert.deepEqual(world.packets, []);
  });

  test("loses the connection that it came by; a trunk keeps its own", () => {
    const world = new World({ seed: 73 });
    const text = request("OPTIONS", STRANGER);
    say(world, { from: STRANGER, transport: "tcp", text });
    assert.equal(world.gateway.closed.length, 1);
    const [peer] = world.operator.addresses;
    say(world, { from: peer!, transport: "tcp", text: request("OPTIONS", peer!) });
    assert.equal(world.gateway.closed.length, 1);
  });

  test("can't fill the log: ten lines a minute, and how many there were", () => {
    const world = new World({ seed: 74 });
    const flood = (messages: number): void => {
      for (let i = 0; i < messages; i++) {
        say(world, { from: `203.0.113.${i % 256}`, text: request("INVITE", STRANGER) });
      }
    };
    flood(1000);
    world.network.in(60_000, () => flood(1));
    world.network.run(61_000);
    const told = world.gateway.facts.flatMap((fact) =>
      fact.kind === "stranger" ? [fact.untold] : [],
    );
    assert.deepEqual(told, [...new Array(10).fill(0), 990]);
    assert.equal(world.gateway.facts.length, told.length);
  });
});

describe("D1: what a peer can ask for at will leaves nothing behind", () => {
  const [peer] = new World({ seed: 80 }).operator.addresses;
  const subscribe = (): string =>
    request("SUBSCRIBE", peer!, ["Event: presence", "Expires: 4294967295"]);
  const flood = (world: World, messages: number): void => {
    for (let i = 0; i < messages; i++) say(world, { from: peer!, text: subscribe() });
  };

  test("refused SUBSCRIBEs are forgotten with their transactions", () => {
    const world = new World({ seed: 81 });
    world.pbx.reply = () => ({ status: 489 });
    flood(world, 500);
    world.network.run(120_000);
    const { sizes } = world.gateway.gateway;
    assert.deepEqual(
      Object.entries(sizes).filter(([, size]) => size > 0),
      [],
    );
  });

  test("accepted ones end by themselves, however long they ask for", () => {
    const world = new World({ seed: 82 });
    flood(world, 20);
    world.network.run(60_000);
    assert.equal(world.gateway.gateway.sizes.subscriptions, 20);
    world.network.run(86_500_000);
    const { sizes } = world.gateway.gateway;
    assert.deepEqual(
      Object.entries(sizes).filter(([, size]) => size > 0),
      [],
    );
  });

  test("a session timer of a century holds nothing of a call that is over", () => {
    const world = new World({ seed: 83 });
    const headers = { "session-expires": "3155760000" };
    world.operator.answer = () => ({ rings: [], final: { status: 200, afterMs: 10, headers } });
    const up = (leg: { bye(): void }): void => world.network.in(1000, () => leg.bye());
    for (let i = 0; i < 20; i++) world.pbx.call({ uri: "0123", offer: true, up });
    world.network.run(300_000);
    const { sizes } = world.gateway.gateway;
    assert.equal(world.gateway.facts.filter(({ kind }) => kind === "call-answered").length, 20);
    assert.deepEqual(
      Object.entries(sizes).filter(([, size]) => size > 0),
      [],
    );
  });
});
