import assert from "node:assert/strict";
import { test } from "node:test";
import { ByHand, linesOf, only, sdpOf } from "../../test/support/by-hand.ts";

// RFC 3261 §8.1.3.1, §18.4: a connection that ends takes the answers with it.

test("an INVITE whose connection ends goes to the next peer at once", () => {
  const site = new ByHand({ transport: "tcp" });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  const first = only(site.take("private", invite), "INVITE");
  site.take("public", site.answer(first, 100));
  const second = only(site.close(first), "INVITE");
  assert.equal(second.to.address, "198.51.100.2");
  assert.deepEqual(linesOf(site.close(second)), [503]);
});

test("one that rings is waited for", () => {
  const site = new ByHand({ transport: "tcp" });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  const asked = only(site.take("private", invite), "INVITE");
  site.take("public", site.answer(asked, 180));
  assert.deepEqual(site.close(asked), []);
  const answer = site.answer(asked, 200, { sdp: sdpOf("public") });
  only(site.take("public", answer, { remotePort: 40_000 }), 200);
});

test("a request in a call is refused at once, and the call goes on", () => {
  const site = new ByHand({ transport: "tcp" });
  const { caller, callee } = site.connected();
  const info = only(site.take("public", site.inside(caller, "INFO", 2)), "INFO");
  assert.deepEqual(linesOf(site.close(info)), [503]);
  assert.equal(site.gateway.callCount, 1);
  const asked = site.inside(callee, "INVITE", 1, { sdp: sdpOf("private") });
  const again = only(site.take("private", asked), "INVITE");
  assert.deepEqual(linesOf(site.close(again)), [503]);
  assert.equal(site.gateway.callCount, 1);
});
