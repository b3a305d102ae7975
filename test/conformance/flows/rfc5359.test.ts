import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReferTo } from "#sip-message";
import type { PeerLeg } from "../../support/peer-leg.ts";
import type { Direction } from "../../support/peer-sdp.ts";
import type { SipPeer } from "../../support/sip-peer.ts";
import { World } from "../../support/world.ts";

// Services of RFC 5359 through the gateway: what the phones of a PBX do with calls of an operator.

const ANSWER = { rings: [{ status: 180, afterMs: 100 }], final: { status: 200, afterMs: 1000 } };

/** A call that is up: the caller's leg and, once its ACK has come, the callee's. */
function connected(world: World, caller: SipPeer, callee: SipPeer, uri = "0123") {
  const legs: { caller?: PeerLeg; callee?: PeerLeg } = {};
  callee.answer = () => ({
    ...ANSWER,
    up: (leg) => {
      legs.callee = leg;
    },
  });
  caller.call({
    uri,
    offer: true,
    up: (leg) => {
      legs.caller = leg;
    },
  });
  world.network.run(5000);
  assert.ok(legs.caller && legs.callee, "the call is up");
  return { caller: legs.caller, callee: legs.callee };
}

const directionOf = (leg: PeerLeg): Direction =>
  (/^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(leg.remoteSdp ?? "")?.[1] ??
    "sendrecv") as Direction;

test("§2.1 hold and resume: the other end hears of both", () => {
  const world = new World({ seed: 21 });
  const { caller, callee } = connected(world, world.operator, world.pbx);
  callee.reinvite("sendonly");
  world.network.run(1000);
  assert.equal(directionOf(caller), "sendonly");
  assert.equal(directionOf(callee), "recvonly");
  callee.reinvite("sendrecv");
  world.network.run(1000);
  assert.equal(directionOf(caller), "sendrecv");
  assert.deepEqual([...world.mediaFaults(caller), ...world.mediaFaults(callee)], []);
  caller.bye();
  assert.deepEqual(world.settle(), []);
  assert.deepEqual(callee.log, ["INVITE 200", "INVITE 200", "got BYE"]);
});

test("§2.2 consultation: one call is held while another is made", () => {
  const world = new World({ seed: 22 });
  const first = connected(world, world.operator, world.pbx);
  first.callee.reinvite("sendonly");
  world.network.run(1000);
  const second = connected(world, world.pbx, world.operator, "0456");
  assert.equal(world.gateway.gateway.callCount, 2);
  assert.deepEqual([...world.mediaFaults(first.caller), ...world.mediaFaults(second.caller)], []);
  second.caller.bye();
  world.network.run(1000);
  first.callee.reinvite("sendrecv");
  world.network.run(1000);
  first.callee.bye();
  assert.deepEqual(world.settle(), []);
});

for (const refer of ["pass", "perform"]) {
  test(`§2.4 unattended transfer by REFER (${refer})`, () => {
    const world = new World({ seed: 24, trunk: { refer } });
    const { callee } = connected(world, world.operator, world.pbx);
    let transferred = 0;
    world.pbx.answer = (invite) => {
      if (invite.uri.includes("4002")) transferred++;
      return { ...ANSWER, up: (leg) => world.network.in(2000, () => leg.bye()) };
    };
    // What is passed names the gateway, as the transferee knows it; what is performed the PBX itself.
    const [host] = refer === "pass" ? [callee.peer.gatewayAddress] : callee.peer.addresses;
    callee.refer(`sip:4002@${host}`);
    world.network.run(60_000);
    callee.bye();
    for (const leg of world.operator.legs) leg.bye();
    assert.deepEqual(world.settle(), []);
    assert.ok(callee.log.includes("REFER 202"), callee.log.join());
    assert.ok(callee.log.includes("got NOTIFY"), callee.log.join());
    assert.equal(transferred, 1);
  });
}

test("§2.5 attended transfer: the Replaces of the REFER names the dialog on the far side", () => {
  const world = new World({ seed: 25 });
  const first = connected(world, world.operator, world.pbx);
  const second = connected(world, world.pbx, world.operator, "0456");
  first.callee.refer(`sip:0456@${world.pbx.gatewayAddress}`, second.caller);
  world.network.run(1000);
  const refers = world.packets.filter(({ text }) => text.startsWith("REFER "));
  const values = refers.map(({ text }) => /^Refer-To: (.*)\r$/m.exec(text)?.[1] ?? "");
  const named = values.map((value) => parseReferTo(value)?.replaces);
  const { callId, localTag, remoteTag } = second.callee.dialog;
  assert.equal(named.length, 2, "the REFER has crossed");
  assert.deepEqual(
    [named[1]?.callId, named[1]?.toTag, named[1]?.fromTag],
    [callId, localTag, remoteTag],
  );
  for (const peer of world.peers) for (const leg of peer.legs) leg.bye();
  assert.deepEqual(world.settle(), []);
});

for (const [redirects, status] of [
  ["follow", 200],
  ["pass", 302],
] as const) {
  test(`§2.7 call forwarding by 302, redirects: ${redirects}`, () => {
    const world = new World({ seed: 27, trunk: { redirects } });
    const contact = `<sip:777@${world.spare.addresses[0]}>`;
    world.operator.answer = () => ({ rings: [], final: { status: 302, afterMs: 100, contact } });
    world.spare.answer = () => ANSWER;
    const call = world.pbx.call({
      uri: "0123",
      offer: true,
      up: (leg) => world.network.in(1000, () => leg.bye()),
    });
    assert.deepEqual(world.settle(), []);
    assert.deepEqual(call.finals, [status]);
    assert.equal(world.flow(world.spare).includes("< INVITE"), redirects === "follow");
  });
}

test("§2.13 find-me: a forked call rings in two places, and one answers", () => {
  const world = new World({ seed: 213 });
  world.operator.answer = () => ({
    rings: [
      { status: 180, afterMs: 100, fork: 0 },
      { status: 183, afterMs: 200, fork: 1, sdp: true },
    ],
    final: { status: 200, afterMs: 2000, fork: 0 },
  });
  const call = world.pbx.call({
    uri: "0123",
    offer: true,
    up: (leg) => world.network.in(1000, () => leg.bye()),
  });
  assert.deepEqual(world.settle(), []);
  assert.deepEqual(call.finals, [200]);
  assert.equal(call.legs.size, 2, "the caller has seen both dialogs");
});

test("an offerless INVITE is answered in the ACK, media both ways", () => {
  const world = new World({ seed: 1 });
  const faults: string[] = [];
  const check = (leg: PeerLeg): void =>
    world.network.in(500, () => faults.push(...world.mediaFaults(leg)));
  world.pbx.answer = () => ({ ...ANSWER, up: check });
  world.operator.call({
    uri: "0123",
    offer: false,
    up: (leg) => {
      check(leg);
      world.network.in(2000, () => leg.bye());
    },
  });
  assert.deepEqual(world.settle(), []);
  assert.deepEqual(faults, []);
});

test("a reliable 18x is acknowledged from end to end (RFC 3262)", () => {
  const world = new World({ seed: 3262 });
  world.operator.answer = () => ({
    rings: [{ status: 183, afterMs: 100, sdp: true, reliable: true }],
    final: { status: 200, afterMs: 2000 },
  });
  world.pbx.call({
    uri: "0123",
    offer: true,
    reliable: true,
    up: (leg) => world.network.in(1000, () => leg.bye()),
  });
  assert.deepEqual(world.settle(), []);
  assert.ok(world.flow(world.pbx).includes("> PRACK"));
  assert.ok(world.flow(world.operator).includes("< PRACK"));
});

test("glare: both ends re-INVITE at once, and both succeed in the end (RFC 3261 §14.1)", () => {
  const world = new World({ seed: 491 });
  const { caller, callee } = connected(world, world.operator, world.pbx);
  caller.reinvite("sendonly");
  callee.reinvite("sendonly");
  world.network.run(20_000);
  assert.ok(world.packets.some(({ text }) => text.startsWith("SIP/2.0 491 ")));
  for (const { log } of [caller, callee]) assert.ok(log.includes("INVITE 200"), log.join());
  caller.bye();
  assert.deepEqual(world.settle(), []);
});
