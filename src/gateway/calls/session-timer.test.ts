import assert from "node:assert/strict";
import { test } from "node:test";
import type { Side } from "#sip";
import type { Message } from "#sip-message";
import {
  ByHand,
  dialogsOf,
  linesOf,
  type More,
  only,
  type PeerDialog,
  type Sent,
  sdpOf,
} from "../../../test/support/by-hand.ts";

const ALLOW = "INVITE, ACK, BYE, CANCEL, UPDATE";

const site = (rules: Partial<Record<Side, object>> = {}): ByHand =>
  new ByHand({ settings: { sessionTimer: rules } });

interface Up {
  readonly caller: PeerDialog;
  readonly callee: PeerDialog;
  readonly asked: Message;
  readonly answered: Message;
}

/** A call from the operator to the PBX: what either end says of timers, and what it is told. */
function up(gateway: ByHand, invited: More["headers"] = {}, told: More["headers"] = {}): Up {
  const invite = gateway.begin("public", "INVITE", { sdp: sdpOf("public"), headers: invited });
  const asked = only(gateway.take("public", invite), "INVITE");
  const answer = gateway.answer(asked, 200, { sdp: sdpOf("private"), headers: told });
  const answered = only(gateway.take("private", answer), 200).message;
  const { caller, callee } = dialogsOf("public", invite, asked, answered);
  only(gateway.take("public", gateway.inside(caller, "ACK", 1)), "ACK");
  return { caller, callee, asked: asked.message, answered };
}

const timerOf = ({ headers }: Message): (string | undefined)[] =>
  (["session-expires", "min-se", "require"] as const).map((name) => headers.get(name));

/** What was sent where, repeats left out. */
const sidesOf = (sent: readonly Sent[]): string[] => [
  ...new Set(sent.map((one) => `${linesOf([one])[0]} ${one.to.side}`)),
];

const ASKS = { supported: "timer", "session-expires": "1800", allow: ALLOW };

test("a caller's timer is granted on its own leg: the callee is asked for none", () => {
  const gateway = site();
  const { asked, answered } = up(gateway, ASKS);
  assert.deepEqual(timerOf(asked), [undefined, undefined, undefined]);
  assert.match(asked.headers.get("supported") ?? "", /timer/);
  assert.deepEqual(timerOf(answered), ["1800;refresher=uac", undefined, "timer"]);
});

test("a call whose peer stops refreshing ends before the peer's interval does, and says why", () => {
  const gateway = site();
  const { caller } = up(gateway, ASKS);
  assert.deepEqual(gateway.wait(1_700_000), []);
  const update = gateway.inside(caller, "UPDATE", 2, { headers: ASKS });
  const sent = only(gateway.take("public", update), "UPDATE");
  const granted = only(gateway.take("private", gateway.answer(sent, 200)), 200).message;
  assert.deepEqual(timerOf(granted), ["1800;refresher=uac", undefined, "timer"]);
  assert.deepEqual(gateway.wait(1_767_000), []);
  const byes = gateway.wait(2000);
  assert.deepEqual(sidesOf(byes), ["BYE private", "BYE public"]);
  assert.match(byes[0]!.message.headers.get("reason") ?? "", /^SIP;cause=408/);
});

test("a refresh that the other end can't take is answered here", () => {
  const gateway = site();
  const { caller } = up(gateway, ASKS);
  const update = gateway.inside(caller, "UPDATE", 2, { headers: ASKS });
  const sent = only(gateway.take("public", update), "UPDATE");
  const granted = only(gateway.take("private", gateway.answer(sent, 405)), 200).message;
  assert.deepEqual(timerOf(granted), ["1800;refresher=uac", undefined, "timer"]);
  assert.match(granted.headers.get("contact") ?? "", /192\.0\.2\.1/);
});

test("a peer that wants us to refresh gets an UPDATE at half time, again and again", () => {
  const gateway = site();
  up(gateway, { ...ASKS, "session-expires": "600;refresher=uas" });
  for (let i = 0; i < 3; i++) {
    const update = only(gateway.wait(300_000), "UPDATE");
    assert.equal(update.to.side, "public");
    assert.equal(update.message.body, "");
    assert.deepEqual(timerOf(update.message).slice(0, 1), ["600;refresher=uac"]);
    const headers = { "session-expires": "600;refresher=uac" };
    assert.deepEqual(gateway.take("public", gateway.answer(update, 200, { headers })), []);
  }
});

test("a callee that knows no UPDATE is refreshed by a re-INVITE that changes nothing", () => {
  const gateway = site({ private: { mode: "require", intervalS: 600 } });
  const { asked } = up(gateway, {}, { allow: "INVITE, ACK, BYE" });
  assert.deepEqual(timerOf(asked), ["600", undefined, undefined]);
  const again = only(gateway.wait(300_000), "INVITE");
  assert.equal(again.message.body, asked.body);
  assert.deepEqual(timerOf(again.message), ["600;refresher=uac", undefined, undefined]);
  const sent = gateway.take("private", gateway.answer(again, 200, { sdp: sdpOf("private") }));
  assert.deepEqual(linesOf(sent), ["ACK"]);
  assert.equal(only(sent, "ACK").to.side, "private");
  only(gateway.wait(300_000), "INVITE");
});

test("a refresh after an offer that was refused tells what is agreed, not what was refused", () => {
  const gateway = site({ private: { mode: "require", intervalS: 600 } });
  const { caller, asked } = up(gateway, {}, { allow: "INVITE, ACK, BYE" });
  const video = { sdp: `${sdpOf("public")}m=video 40000 RTP/AVP 31\r\n` };
  const offered = only(
    gateway.take("public", gateway.inside(caller, "INVITE", 2, video)),
    "INVITE",
  );
  only(gateway.take("private", gateway.answer(offered, 488)), 488);
  assert.equal(only(gateway.wait(300_000), "INVITE").message.body, asked.body);
});

test("a peer that moves its media when it is refreshed is followed", () => {
  const gateway = site({ private: { mode: "require", intervalS: 600 } });
  up(gateway, {}, { allow: "INVITE, ACK, BYE" });
  const again = only(gateway.wait(300_000), "INVITE");
  const sdp = sdpOf("private").replace("m=audio 30000", "m=audio 30100");
  gateway.take("private", gateway.answer(again, 200, { sdp }));
  const moved = gateway.mediaCommands.at(-1);
  assert.ok(moved?.kind === "stream");
  assert.equal(moved.stream.ends.callee.remotePort, 30_100);
});

test("a timer is required of a caller that knows none: we refresh it", () => {
  const gateway = site({ public: { mode: "require", intervalS: 900 } });
  const { answered } = up(gateway, { allow: ALLOW });
  assert.deepEqual(timerOf(answered), ["900;refresher=uas", undefined, undefined]);
  assert.equal(only(gateway.wait(450_000), "UPDATE").to.side, "public");
});

test("a callee's own timer is kept: it asked us to refresh", () => {
  const gateway = site();
  up(gateway, {}, { "session-expires": "200;refresher=uac", require: "timer", allow: ALLOW });
  const update = only(gateway.wait(100_000), "UPDATE");
  assert.equal(update.to.side, "private");
  const byes = gateway.take("private", gateway.answer(update, 481));
  assert.deepEqual(sidesOf(byes), ["BYE private", "BYE public"]);
});

test("a refresh that nothing answers ends the call", () => {
  const gateway = site();
  up(gateway, {}, { "session-expires": "200;refresher=uac", allow: ALLOW });
  gateway.wait(100_000);
  const sent = sidesOf(gateway.wait(33_000));
  assert.deepEqual(sent.slice(-2), ["BYE private", "BYE public"]);
});

test("a busy peer is asked again; one that stays so loses the call in time", () => {
  const gateway = site();
  up(gateway, {}, { "session-expires": "200;refresher=uac", allow: ALLOW });
  let sent: Sent[] = gateway.wait(100_000);
  let tries = 0;
  while (linesOf(sent).includes("UPDATE")) {
    gateway.take("private", gateway.answer(only(sent, "UPDATE"), 491));
    sent = gateway.wait(10_000);
    tries++;
  }
  assert.ok(tries >= 3 && tries <= 8, `${tries} tries`);
  assert.deepEqual(sidesOf(sent), ["BYE private", "BYE public"]);
});

test("an interval too small gets 422 with what would do, from both kinds of request", () => {
  const gateway = site({ public: { minIntervalS: 300, intervalS: 1800 } });
  const short = { ...ASKS, "session-expires": "120" };
  const invite = gateway.begin("public", "INVITE", { sdp: sdpOf("public"), headers: short });
  const sent = gateway.take("public", invite);
  assert.equal(only(sent, 422).message.headers.get("min-se"), "300");
  const { caller } = up(gateway, ASKS);
  const update = gateway.inside(caller, "UPDATE", 2, { headers: short });
  assert.equal(only(gateway.take("public", update), 422).message.headers.get("min-se"), "300");
});

test("a proxy's too small interval before a caller without timers is no reason to refuse", () => {
  const { answered } = up(site(), { "session-expires": "1" });
  assert.equal(answered.headers.get("session-expires"), "90;refresher=uas");
});

test("a callee's 422 is obeyed, and the caller hears nothing of it", () => {
  const gateway = site({ private: { mode: "require", intervalS: 120 } });
  const invite = gateway.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(gateway.take("public", invite), "INVITE");
  const small = gateway.answer(asked, 422, { headers: { "min-se": "1000" } });
  const again = only(gateway.take("private", small), "INVITE");
  assert.deepEqual(timerOf(again.message), ["1000", "1000", undefined]);
  assert.equal(again.message.cseq.number, asked.message.cseq.number + 1);
  const stubborn = gateway.answer(again, 422, { headers: { "min-se": "1000" } });
  only(gateway.take("private", stubborn), 500);
});

test("a peer that wants ever longer intervals is asked a few times, and the asker is told", () => {
  const gateway = site();
  const { caller } = up(gateway, {});
  const again = gateway.inside(caller, "INVITE", 2, { sdp: sdpOf("public") });
  let sent = gateway.take("public", again);
  let asked = 0;
  for (; linesOf(sent).includes("INVITE") && asked < 50; asked++) {
    const minSe = String(1000 * (asked + 1));
    const small = gateway.answer(only(sent, "INVITE"), 422, { headers: { "min-se": minSe } });
    sent = gateway.take("private", small);
  }
  assert.ok(asked < 10, `asked ${asked} times`);
  assert.ok(linesOf(sent).some((line) => typeof line === "number" && line >= 400));
});

test("off: no timer is asked for, granted or known", () => {
  const gateway = site({ public: { mode: "off" }, private: { mode: "off" } });
  const given = { "session-expires": "200;refresher=uac", allow: ALLOW };
  const { asked, answered } = up(gateway, { ...ASKS, supported: "timer, 100rel" }, given);
  assert.equal(asked.headers.get("supported"), "100rel");
  assert.deepEqual(timerOf(answered), [undefined, undefined, undefined]);
  assert.deepEqual(gateway.wait(4_000_000), []);
  const headers = { ...ASKS, require: "timer" };
  const invite = gateway.begin("public", "INVITE", { sdp: sdpOf("public"), headers });
  const refused = only(gateway.take("public", invite), 420).message;
  assert.equal(refused.headers.get("unsupported"), "timer");
});

test("offers that meet our refresh are told of glare, from either end", () => {
  const gateway = site({ private: { mode: "require", intervalS: 600 } });
  const { caller, callee } = up(gateway, {}, { allow: "INVITE, ACK, BYE" });
  const again = only(gateway.wait(300_000), "INVITE");
  const offer = (dialog: PeerDialog, cseq: number) =>
    gateway.take(dialog.side, gateway.inside(dialog, "INVITE", cseq, { sdp: sdpOf(dialog.side) }));
  only(offer(caller, 2), 491);
  only(offer(callee, 1), 491);
  gateway.take("private", gateway.answer(again, 200, { sdp: sdpOf("private") }));
  only(offer(caller, 3), "INVITE");
});

test("a call that is over refreshes nothing, and acknowledges what comes late", () => {
  const gateway = site({ private: { mode: "require", intervalS: 600 } });
  const { caller } = up(gateway, {}, { allow: "INVITE, ACK, BYE" });
  const again = only(gateway.wait(300_000), "INVITE");
  const bye = only(gateway.take("public", gateway.inside(caller, "BYE", 2)), "BYE");
  const late = gateway.take("private", gateway.answer(again, 200, { sdp: sdpOf("private") }));
  assert.deepEqual(linesOf(late), ["ACK"]);
  gateway.take("private", gateway.answer(bye, 200));
  assert.deepEqual(gateway.wait(4_000_000), []);
  assert.equal(gateway.gateway.sizes.ports, 0);
});

/** A call whose callee is to be refreshed by re-INVITE, and says 100 to that and no more. */
function pondering() {
  const gateway = site({ private: { mode: "require", intervalS: 600 } });
  const { caller } = up(gateway, {}, { allow: "INVITE, ACK, BYE" });
  const refresh = only(gateway.wait(300_000), "INVITE");
  assert.deepEqual(gateway.take("private", gateway.answer(refresh, 100)), []);
  assert.deepEqual(gateway.wait(59_000), []);
  const cancel = only(gateway.wait(1000), "CANCEL");
  assert.deepEqual(gateway.take("private", gateway.answer(cancel, 200)), []);
  return { gateway, caller, refresh };
}

test("a refresh that a peer doesn't answer is taken back, and tried again", () => {
  const { gateway, caller, refresh } = pondering();
  only(gateway.take("private", gateway.answer(refresh, 487)), "ACK");
  const own = gateway.inside(caller, "INVITE", 2, { sdp: sdpOf("public") });
  const other = only(gateway.take("public", own), "INVITE");
  only(gateway.take("private", gateway.answer(other, 488)), 488);
  only(gateway.wait(10_000), "INVITE");
});

test("a peer that is gone since it said 100 to a refresh has no call any more", () => {
  const { gateway } = pondering();
  const byes = gateway.wait(33_000);
  assert.deepEqual(sidesOf(byes), ["BYE private", "BYE public"]);
  assert.equal(gateway.gateway.callCount, 0);
});
