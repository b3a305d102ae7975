import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerPlan } from "../../support/peer-call.ts";
import type { PeerLeg } from "../../support/peer-leg.ts";
import { World } from "../../support/world.ts";

// The call flows of RFC 3665 §3, with the gateway where the RFC has proxies: "> INVITE" is what a
// peer sends to the gateway, "< 100" what it gets from it.

const ANSWERS: AnswerPlan = {
  rings: [{ status: 180, afterMs: 100 }],
  final: { status: 200, afterMs: 2000 },
};

/** Alice is the operator's side, Bob the PBX. */
const site = (answer: AnswerPlan, trunk: object = {}): World => {
  const world = new World({ seed: 3665, trunk });
  world.pbx.answer = () => answer;
  return world;
};

const CALLED_BACK = ["< INVITE", "> 100", "> 180", "> 200", "< ACK", "< BYE", "> 200"];

test("§3.1 a session is set up and ended by the caller", () => {
  const world = site(ANSWERS);
  const faults: string[] = [];
  world.operator.call({
    uri: "0123",
    offer: true,
    up: (leg) => {
      world.network.in(500, () => faults.push(...world.mediaFaults(leg)));
      world.network.in(5000, () => leg.bye());
    },
  });
  assert.deepEqual(world.settle(), []);
  assert.deepEqual(faults, []);
  assert.deepEqual(world.flow(world.operator), [
    "> INVITE",
    "< 100",
    "< 180",
    "< 200",
    "> ACK",
    "> BYE",
    "< 200",
  ]);
  assert.deepEqual(world.flow(world.pbx), CALLED_BACK);
});

test("§3.1 the other way round: the PBX calls, and the callee ends", () => {
  const world = new World({ seed: 31 });
  world.operator.answer = () => ({
    ...ANSWERS,
    up: (leg) => world.network.in(3000, () => leg.bye()),
  });
  const call = world.pbx.call({ uri: "0123", offer: true });
  assert.deepEqual(world.settle(), []);
  assert.deepEqual(call.finals, [200]);
  assert.deepEqual(world.flow(world.operator).slice(-2), ["> BYE", "< 200"]);
  assert.deepEqual(world.flow(world.pbx).slice(-2), ["< BYE", "> 200"]);
});

test("§3.3 a challenge of the operator is answered by the gateway, not by the PBX", () => {
  const world = new World({
    seed: 33,
    trunk: { credentials: { user: "alice", password: "wonder" } },
  });
  const challenge = 'Digest realm="operator", nonce="84a4cc6f3082121f32b42a2187831a9e", qop="auth"';
  world.operator.answer = (invite) =>
    invite.headers.has("proxy-authorization")
      ? ANSWERS
      : {
          rings: [],
          final: { status: 407, afterMs: 10, headers: { "proxy-authenticate": challenge } },
        };
  world.pbx.call({
    uri: "0123",
    offer: true,
    up: (leg) => world.network.in(1000, () => leg.bye()),
  });
  assert.deepEqual(world.settle(), []);
  assert.deepEqual(world.flow(world.operator).slice(0, 6), [
    "< INVITE",
    "> 100",
    "> 407",
    "< ACK",
    "< INVITE",
    "> 100",
  ]);
  assert.ok(!world.flow(world.pbx).includes("< 407"));
});

test("§3.6 early media crosses before the answer", () => {
  const world = site({
    rings: [{ status: 183, afterMs: 100, sdp: true }],
    final: { status: 200, afterMs: 3000 },
  });
  let open = 0;
  world.operator.call({
    uri: "0123",
    offer: true,
    up: (leg) => world.network.in(1000, () => leg.bye()),
  });
  world.network.in(1000, () => {
    open = world.gateway.streams.size;
  });
  assert.deepEqual(world.settle(), []);
  assert.equal(open, 1);
  assert.ok(world.flow(world.operator).includes("< 183"));
});

test("§3.8 nobody answers: the caller cancels", () => {
  const world = site({ rings: [{ status: 180, afterMs: 100 }] });
  const call = world.operator.call({ uri: "0123", offer: true, cancelAfterMs: 10_000 });
  assert.deepEqual(world.settle(), []);
  assert.deepEqual(call.finals, [487]);
  assert.deepEqual(world.flow(world.operator), [
    "> INVITE",
    "< 100",
    "< 180",
    "> CANCEL",
    "< 200",
    "< 487",
    "> ACK",
  ]);
  assert.deepEqual(world.flow(world.pbx), [
    "< INVITE",
    "> 100",
    "> 180",
    "< CANCEL",
    "> 200",
    "> 487",
    "< ACK",
  ]);
});

for (const [section, status] of [
  ["§3.9 the callee is busy", 486],
  ["§3.11 the callee is temporarily unavailable", 480],
] as const) {
  test(`${section}: ${status} reaches the caller, and no other peer is tried`, () => {
    const world = site({ rings: [], final: { status, afterMs: 100 } });
    const call = world.operator.call({ uri: "0123", offer: true });
    assert.deepEqual(world.settle(), []);
    assert.deepEqual(call.finals, [status]);
    assert.deepEqual(world.flow(world.pbx), ["< INVITE", "> 100", `> ${status}`, "< ACK"]);
  });
}

test("§3.10 the callee says nothing at all: the caller is told within its patience", () => {
  const world = site({ rings: [] });
  world.vanish(world.pbx);
  const call = world.operator.call({ uri: "0123", offer: true });
  assert.deepEqual(world.settle(), []);
  assert.equal(call.finals.length, 1);
  assert.ok([408, 503, 504].includes(call.finals[0]!), `${call.finals}`);
});

test("a trunk's next peer takes the call that the first refuses by 503", () => {
  const world = new World({ seed: 503 });
  const legs: PeerLeg[] = [];
  world.operator.answer = () => ({ rings: [], final: { status: 503, afterMs: 10 } });
  world.spare.answer = () => ANSWERS;
  const call = world.pbx.call({
    uri: "0123",
    offer: true,
    up: (leg) => {
      legs.push(leg);
      world.network.in(1000, () => leg.bye());
    },
  });
  assert.deepEqual(world.settle(), []);
  assert.deepEqual(call.finals, [200]);
  assert.equal(legs.length, 1);
  assert.ok(world.gateway.facts.some(({ kind }) => kind === "failover"));
});

for (const status of [404, 486, 600]) {
  test(`a trunk's next peer isn't asked after ${status}`, () => {
    const world = new World({ seed: status });
    world.operator.answer = () => ({ rings: [], final: { status, afterMs: 10 } });
    const call = world.pbx.call({ uri: "0123", offer: true });
    assert.deepEqual(world.settle(), []);
    assert.deepEqual(call.finals, [status]);
    assert.deepEqual(world.flow(world.spare), []);
  });
}
