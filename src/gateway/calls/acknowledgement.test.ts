import assert from "node:assert/strict";
import { test } from "node:test";
import { ByHand, dialogsOf, linesOf, only, sdpOf } from "../../../test/support/by-hand.ts";

test("a repeated ACK of the call is not taken for that of a re-INVITE under way", () => {
  const site = new ByHand();
  const { caller, callee } = site.connected();
  const again = site.inside(callee, "INVITE", 1, { sdp: sdpOf("private") });
  const relayed = only(site.take("private", again), "INVITE");
  // The caller's 200 was repeated, and so is its ACK.
  assert.deepEqual(linesOf(site.take("public", site.inside(caller, "ACK", 1))), []);
  only(site.take("public", site.answer(relayed, 200, { sdp: sdpOf("public") })), 200);
  only(site.take("private", site.inside(callee, "ACK", 1)), "ACK");
  assert.deepEqual(linesOf(site.wait(60_000)), []);
  assert.equal(site.gateway.callCount, 1);
});

test("a caller who is hung up before its ACK gets the BYE when that comes", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const answered = site.take("private", site.answer(asked, 200, { sdp: sdpOf("private") }));
  const { caller, callee } = dialogsOf("public", invite, asked, only(answered, 200).message);
  only(site.take("private", site.inside(callee, "BYE", 1)), 200);
  const bye = only(site.take("public", site.inside(caller, "ACK", 1)), "BYE");
  assert.equal(bye.to.side, "public");
  site.take("public", site.answer(bye, 200));
  assert.deepEqual(linesOf(site.wait(60_000)), []);
});
