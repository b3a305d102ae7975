import assert from "node:assert/strict";
import { test } from "node:test";
import type { Request } from "#sip-message";
import type { Reply } from "../../support/sip-peer.ts";
import { siteSettings, World } from "../../support/world.ts";

// What the gateway does of itself to keep its trunks: RFC 3665 §2 (registration), OPTIONS.

const CHALLENGE =
  'Digest realm="operator", nonce="ea9c8e88df84f1ce", algorithm=SHA-256, qop="auth"';

const REGISTERING = {
  register: { user: "alice", expiresS: 600 },
  credentials: { user: "alice", password: "wonder" },
};

/** A registrar that challenges once, then grants what it is asked for. */
const registrar = (request: Request): Reply => {
  if (!request.headers.has("authorization")) {
    return { status: 401, headers: { "www-authenticate": CHALLENGE } };
  }
  const contact = request.headers.get("contact") ?? "";
  const expires = request.headers.get("expires") ?? "600";
  return { status: 200, headers: { contact, expires } };
};

const PEERS = [{ host: "198.51.100.1" }];

const factsOf = (world: World, kind: string): number =>
  world.gateway.facts.filter((fact) => fact.kind === kind).length;

test("§2.1 a trunk registers, answers the challenge, and refreshes in time", () => {
  const world = new World({ seed: 21, trunk: REGISTERING });
  world.operator.reply = registrar;
  world.network.run(10_000);
  assert.deepEqual(world.flow(world.operator), ["< REGISTER", "> 401", "< REGISTER", "> 200"]);
  assert.equal(factsOf(world, "trunk-registered"), 1);
  world.network.run(600_000);
  const registers = world.flow(world.operator).filter((line) => line === "< REGISTER").length;
  assert.ok(registers >= 3, `${registers} REGISTERs`);
  assert.equal(factsOf(world, "trunk-registration-failed"), 0);
});

test("§2.4 a registrar that refuses is asked again later, not in a hurry", () => {
  const world = new World({ seed: 24, trunk: REGISTERING });
  world.operator.reply = () => ({ status: 403 });
  world.network.run(60_000);
  const registers = world.flow(world.operator).filter((line) => line === "< REGISTER").length;
  assert.ok(registers >= 2 && registers <= 4, `${registers} REGISTERs in a minute`);
  assert.ok(factsOf(world, "trunk-registration-failed") > 0);
});

test("423 is answered with the interval that the registrar wants", () => {
  const world = new World({ seed: 423, trunk: REGISTERING });
  const asked: (string | undefined)[] = [];
  world.operator.reply = (request) => {
    const expires = request.headers.get("expires");
    asked.push(expires);
    return Number(expires) < 1800
      ? { status: 423, headers: { "min-expires": "1800" } }
      : { status: 200, headers: { expires: "1800" } };
  };
  world.network.run(20_000);
  assert.deepEqual(asked, ["600", "1800"]);
});

test("a registrar that is silent or has no room is passed over for the trunk's next peer", () => {
  for (const status of [503, undefined]) {
    const world = new World({ seed: 3263, trunk: REGISTERING });
    world.spare.reply = registrar;
    if (status === undefined) world.vanish(world.operator);
    else world.operator.reply = () => ({ status });
    world.network.run(10_000);
    assert.deepEqual(world.flow(world.spare), ["< REGISTER", "> 401", "< REGISTER", "> 200"]);
    assert.equal(factsOf(world, "trunk-registered"), 1);
    assert.equal(factsOf(world, "trunk-registration-failed"), 0);
  }
});

test("the registration is removed where it is", () => {
  const world = new World({ seed: 3264, trunk: REGISTERING });
  world.operator.reply = () => ({ status: 503 });
  world.spare.reply = registrar;
  world.network.run(10_000);
  const before = world.packets.length;
  world.gateway.order({ kind: "drain", calls: "wait" });
  world.network.run(10_000);
  const last = world.packets.slice(before).filter(({ text }) => text.startsWith("REGISTER"));
  assert.deepEqual([...new Set(last.map(({ to }) => to.address))], ["198.51.100.2"]);
  assert.match(last[0]!.text, /\r\nExpires: 0\r\n/);
});

test("a peer of several addresses lives where one of them answers", () => {
  const trunk = { peers: [{ host: "sip.op.example" }], optionsIntervalS: 30, optionsMissesMax: 1 };
  const world = new World({ seed: 3265, trunk });
  const target = (address: string) => ({ transport: "udp" as const, address, port: 5060 });
  world.gateway.names.set("sip.op.example", [target("198.51.100.1"), target("198.51.100.2")]);
  world.vanish(world.operator);
  world.network.run(120_000);
  assert.ok(world.flow(world.spare).includes("> 200"));
  assert.equal(factsOf(world, "peer-down"), 0);
});

test("another interval of OPTIONS holds from the moment that the settings are read again", () => {
  const trunk = (optionsIntervalS: number) => ({ peers: PEERS, optionsIntervalS });
  const world = new World({ seed: 3266, trunk: trunk(3600) });
  const asked = (): number =>
    world.flow(world.operator).filter((line) => line === "< OPTIONS").length;
  world.network.run(3_600_000);
  const before = asked();
  const settings = siteSettings({ trunk: trunk(10) });
  world.gateway.order({ kind: "apply", settings });
  world.network.run(60_000);
  const often = asked() - before;
  assert.ok(often >= 5 && often <= 8, `${often} in a minute`);
});

test("a peer that stops answering OPTIONS goes down, and comes up again by itself", () => {
  const world = new World({ seed: 11, trunk: { optionsIntervalS: 30, optionsMissesMax: 2 } });
  world.network.run(60_000);
  assert.ok(world.flow(world.operator).includes("< OPTIONS"));
  assert.equal(factsOf(world, "peer-down"), 0);
  world.vanish(world.operator);
  world.network.run(180_000);
  assert.equal(factsOf(world, "peer-down"), 1);
  const tried = world.packets.length;
  world.spare.answer = () => ({ rings: [], final: { status: 486, afterMs: 10 } });
  world.pbx.call({ uri: "0123", offer: true });
  world.network.run(3000);
  const first = world.packets.slice(tried).find(({ text }) => /^INVITE .*198\.51/.test(text));
  assert.equal(first?.to.address, "198.51.100.2", "the peer that is up comes first");
  world.network.attach(world.operator);
  world.network.run(60_000);
  assert.equal(factsOf(world, "peer-up"), 1);
});

test("strangers get no call through, and no answer", () => {
  const world = new World({ seed: 403, trunk: { sourceAddresses: ["203.0.113.0/24"] } });
  const call = world.operator.call({ uri: "0123", offer: true });
  assert.deepEqual(world.settle(), []);
  assert.deepEqual(call.finals, [0]);
  assert.ok(!world.flow(world.operator).some((line) => line.startsWith("<")));
  assert.deepEqual(world.flow(world.pbx), []);
});

test("over the limit of calls at once the caller gets 503 with Retry-After", () => {
  const world = new World({ seed: 503, settings: { limits: { callsMax: 1, retryAfterS: 7 } } });
  world.pbx.answer = () => ({ rings: [{ status: 180, afterMs: 10 }] });
  const first = world.operator.call({ uri: "0123", offer: true, cancelAfterMs: 5000 });
  world.network.run(1000);
  const second = world.operator.call({ uri: "0456", offer: true });
  assert.deepEqual(world.settle(), []);
  assert.deepEqual([first.finals, second.finals], [[487], [503]]);
  assert.ok(world.packets.some(({ text }) => /^Retry-After: 7\r$/m.test(text)));
  assert.equal(factsOf(world, "refused"), 1);
});
