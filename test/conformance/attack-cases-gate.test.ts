import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Side } from "#sip";
import { flowOf } from "../support/network.ts";
import { World } from "../support/world.ts";

// The attack cases that end at the gate, by their names in docs/security.md: around live calls.

const PUBLIC = "192.0.2.1";
const PEER = "198.51.100.1";
const STRANGER = "203.0.113.66";

let count = 0;

function request(method: string, from: string, user = "100"): string {
  count++;
  return [
    `${method} sip:100@${PUBLIC} SIP/2.0`,
    `Via: SIP/2.0/UDP ${from}:5060;branch=z9hG4bKgate${count};rport`,
    `From: <sip:x@${from}>;tag=f${count}`,
    `To: <sip:${user}@${PUBLIC}>`,
    `Call-ID: g${count}@${from}`,
    `CSeq: 1 ${method}`,
    "Max-Forwards: 70",
    `Contact: <sip:x@${from}>`,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

/** Sends requests of this place, as the network would: through the gate. */
function flood(
  world: World,
  requests: number,
  address: string,
  port = 5060,
  side: Side = "public",
) {
  const to = world.gateway.endpoint(side);
  for (let i = 0; i < requests; i++) {
    const text = request("REGISTER", address);
    world.gateway.receive(
      { from: { address, port }, to, transport: "udp", text },
      world.network.now,
    );
  }
}

const denied = (world: World): string[] =>
  [...world.gateway.gateway.denied("dos")].map(({ id }) => id);

/** One whole call of the operator's; whether it was answered. */
function calls(world: World): boolean {
  let status = 0;
  world.pbx.answer = () => ({ rings: [], final: { status: 200, afterMs: 50 } });
  world.operator.call({
    uri: "100",
    offer: true,
    done: (final) => {
      status = final;
    },
    up: (leg) => world.network.in(2000, () => leg.bye()),
  });
  world.network.run(10_000);
  return status === 200;
}

test("C3: who names one extension after the other, however slowly, is denied", () => {
  const world = new World({ seed: 80 });
  const to = world.gateway.endpoint("public");
  for (let user = 100; user < 113; user++) {
    const text = request("OPTIONS", STRANGER, `${user}`);
    const from = { address: STRANGER, port: 5060 };
    world.gateway.receive({ from, to, transport: "udp", text }, world.network.now);
    world.network.run(5_000);
  }
  assert.deepEqual(denied(world), [`public ${STRANGER} 5060`]);
  const [line] = [...world.gateway.gateway.denied("dos")];
  assert.deepEqual([line?.rule, line?.dropped], ["probing", 1]);
  assert.ok(calls(world));
  assert.deepEqual(world.settle(), []);
});

describe("D1: floods", () => {
  test("of one source end at the gate, and calls go on", () => {
    const world = new World({ seed: 81, settings: { security: { dos: { requests: 50 } } } });
    flood(world, 2000, STRANGER);
    assert.deepEqual(denied(world), [`public ${STRANGER} 5060`]);
    const [line] = [...world.gateway.gateway.denied("dos")];
    assert.equal(line?.dropped, 1949);
    assert.match(line!.evidence[0]!, /^REGISTER sip:100@192\.0\.2\.1 SIP\/2\.0\\r\\nVia/);
    assert.ok(calls(world));
    assert.deepEqual(world.settle(), []);
  });

  test("of many sources are cut off, while the trunk's calls are set up as ever", () => {
    const security = { ddos: { requests: 100, windowS: 2 } };
    const world = new World({ seed: 82, settings: { security } });
    for (let i = 0; i < 250; i++) flood(world, 4, `203.0.113.${i}`);
    const kinds = (): string[] => world.gateway.facts.map(({ kind }) => kind);
    assert.ok(kinds().includes("ddos-started"));
    assert.ok(calls(world));
    assert.deepEqual(world.settle(), []);
    const ended = world.gateway.facts.find((fact) => fact.kind === "ddos-ended");
    assert.equal(ended?.kind === "ddos-ended" && ended.dropped, 899);
    assert.deepEqual(denied(world), []);
  });

  test("of answers that nobody asked for count as well", () => {
    const world = new World({ seed: 83, settings: { security: { dos: { requests: 50 } } } });
    const to = world.gateway.endpoint("public");
    const text = request("OPTIONS", STRANGER).replace(/^.*\r\n/, "SIP/2.0 200 OK\r\n");
    const from = { address: STRANGER, port: 5060 };
    for (let i = 0; i < 60; i++)
      world.gateway.receive({ from, to, transport: "udp", text }, world.network.now);
    assert.deepEqual(denied(world), [`public ${STRANGER} 5060`]);
  });
});

test("D1: floods of STUN on the SIP ports count as well", () => {
  const world = new World({ seed: 89, settings: { security: { dos: { requests: 50 } } } });
  const { gateway, network } = world;
  const packet = { from: { address: STRANGER, port: 5060 }, to: gateway.endpoint("public") };
  const flow = flowOf({ ...packet, transport: "udp", text: "" }, "public");
  const text = `\x00\x01\x00\x00\x21\x12\xa4\x42${"x".repeat(12)}`;
  for (let i = 0; i < 60; i++) gateway.take({ kind: "stun", flow, text }, network.now);
  assert.deepEqual(denied(world), [`public ${STRANGER} 5060`]);
});

describe("D5: forged sources", () => {
  test("a trunk, the PBX and the allow list are never denied, whatever bears their address", () => {
    const security = { dos: { requests: 10 }, allowList: [{ address: "203.0.113.0/28" }] };
    const world = new World({ seed: 84, settings: { security } });
    flood(world, 500, PEER, 6000);
    flood(world, 500, "10.77.0.2", 6000, "private");
    flood(world, 500, "203.0.113.7");
    assert.deepEqual(denied(world), []);
    world.packets.length = 0;
    assert.ok(calls(world));
  });
});

describe("D8, C5: what a ban covers", () => {
  test("one port by UDP, so that the office behind the same address is heard", () => {
    const world = new World({ seed: 85, settings: { security: { dos: { requests: 50 } } } });
    flood(world, 100, STRANGER, 40_001);
    const { gateway } = world.gateway;
    assert.equal(gateway.admits("public", STRANGER, 40_001), false);
    assert.equal(gateway.admits("public", STRANGER, 40_002), true);
  });

  test("the whole address where the source changes its port", () => {
    const world = new World({ seed: 86, settings: { security: { dos: { requests: 50 } } } });
    for (let port = 20_000; port < 20_100; port++) flood(world, 1, STRANGER, port);
    assert.deepEqual(denied(world), [`public ${STRANGER}`]);
  });
});

describe("allow-list alone", () => {
  test("strangers are dropped before anybody reads them; calls of the trunk go on", () => {
    const world = new World({ seed: 87, settings: { security: { level: "allow-list" } } });
    flood(world, 1000, STRANGER);
    assert.deepEqual(world.gateway.facts, []);
    assert.ok(calls(world));
    assert.deepEqual(world.settle(), []);
  });
});

test("an order removes a line, and its source is heard again", () => {
  const world = new World({ seed: 88, settings: { security: { dos: { requests: 50 } } } });
  flood(world, 100, STRANGER);
  const [id] = denied(world);
  const { gateway } = world.gateway;
  assert.equal(gateway.wouldPass("public", STRANGER, 5060).why, "denied");
  assert.equal(gateway.explain(STRANGER, world.network.now).denied.length, 1);
  world.gateway.order({ kind: "forgive", list: "dos", which: { kind: "one", id: id! } });
  world.network.run(1000);
  assert.equal(gateway.wouldPass("public", STRANGER, 5060).passes, true);
});

test("A10, C5: a scanner, and who sends nonsense, are denied; the trunk's calls go on", () => {
  const world = new World({ seed: 90 });
  const to = world.gateway.endpoint("public");
  const say = (address: string, text: string): void =>
    world.gateway.receive(
      { from: { address, port: 5060 }, to, transport: "udp", text },
      world.network.now,
    );
  const scan = request("OPTIONS", STRANGER).replace(
    "Max-Forwards",
    "User-Agent: friendly-scanner\r\nMax-Forwards",
  );
  for (let i = 0; i < 5; i++) say(STRANGER, scan);
  for (let i = 0; i < 20; i++) say("203.0.113.67", "INVITE nothing SIP/9.0\r\n\r\n");
  for (let i = 0; i < 200; i++) say(PEER, "INVITE nothing SIP/9.0\r\n\r\n");
  const lines = [...world.gateway.gateway.denied("dos")];
  assert.deepEqual(
    lines.map(({ address, rule, dropped }) => [address, rule, dropped]),
    [
      [STRANGER, "scanner", 3],
      ["203.0.113.67", "malformed", 10],
    ],
  );
  world.packets.length = 0;
  assert.ok(calls(world));
});
