import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settings } from "#settings";
import { ByHand, dialogsOf, linesOf, only, sdpOf } from "../../../test/support/by-hand.ts";

test("a 2xx that repeats the answer of before an UPDATE says nothing new, and loses no call", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const early = site.answer(asked, 183, { sdp: sdpOf("private") });
  const { callee } = dialogsOf(
    "public",
    invite,
    asked,
    only(site.take("private", early), 183).message,
  );
  const offer = site.inside(callee, "UPDATE", 1, { sdp: sdpOf("private") });
  const update = only(site.take("private", offer), "UPDATE");
  only(site.take("public", site.answer(update, 200, { sdp: sdpOf("public") })), 200);
  const final = site.take("private", site.answer(asked, 200, { sdp: sdpOf("private") }));
  assert.deepEqual(linesOf(final), [200]);
});

test("a call that is answered without a description may get one by a re-INVITE", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const answered = only(site.take("private", site.answer(asked, 200)), 200);
  const { caller } = dialogsOf("public", invite, asked, answered.message);
  site.take("public", site.inside(caller, "ACK", 1));
  only(site.take("public", site.inside(caller, "INVITE", 2, { sdp: sdpOf("public") })), "INVITE");
});

test("a caller who says BYE before the answer is told that it was cancelled", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const ringing = only(site.take("private", site.answer(asked, 180)), 180);
  const { caller } = dialogsOf("public", invite, asked, ringing.message);
  const sent = site.take("public", site.inside(caller, "BYE", 2));
  assert.deepEqual(linesOf(sent), [200, "CANCEL", 487]);
});

test("a peer that left the settings is asked no more, even if it was being asked just then", () => {
  const site = new ByHand({ trunk: { optionsIntervalS: 10 } });
  let asked: ReturnType<typeof only> | undefined;
  while (!asked) asked = site.wait(100).find(({ message }) => message.kind === "request");
  const settings: Settings = new ByHand().settings;
  site.gateway.handle({ kind: "order", order: { kind: "apply", settings } }, site.now);
  site.take("public", site.answer(asked, 200));
  assert.deepEqual(linesOf(site.wait(100_000)), []);
});

test("who answers after another gets one BYE, and an ACK for each repeat of its answer", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const answer = (tag: string) => site.answer(asked, 200, { sdp: sdpOf("private"), tag });
  only(site.take("private", answer("first")), 200);
  const stray = (tag: string) => linesOf(site.take("private", answer(tag)));
  assert.deepEqual(stray("second"), ["ACK", "BYE"]);
  assert.deepEqual(stray("second"), ["ACK"]);
  assert.deepEqual(stray("third"), ["ACK", "BYE"]);
  assert.deepEqual(stray("third"), ["ACK"]);
});

test("a stray answer that comes again when its call is over gets no second BYE", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const cancel = site.begin("public", "CANCEL");
  cancel.headers.set("via", invite.headers.get("via")!);
  site.take("public", cancel);
  const late = () =>
    linesOf(site.take("private", site.answer(asked, 200, { sdp: sdpOf("private") })));
  assert.deepEqual(late(), ["ACK", "BYE"]);
  assert.deepEqual(late(), ["ACK"]);
});
