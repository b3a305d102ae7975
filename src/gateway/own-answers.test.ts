import assert from "node:assert/strict";
import { test } from "node:test";
import { ByHand, linesOf, only, sdpOf } from "../../test/support/by-hand.ts";

// What the gateway answers of itself, where RFCs say what may be answered.

test("an OPTIONS that may go no further is answered (RFC 3261 §11, §16.3)", () => {
  const site = new ByHand();
  const headers = { "max-forwards": "0" };
  assert.deepEqual(
    linesOf(site.take("public", site.begin("public", "OPTIONS", { headers }))),
    [200],
  );
});

test("what nobody answers outside a call gets no 408 (RFC 4320 §4.2)", () => {
  const site = new ByHand({ trunk: { peers: [{ host: "198.51.100.1" }] } });
  only(site.take("private", site.begin("private", "MESSAGE")), "MESSAGE");
  const said = site.wait(70_000).filter(({ to }) => to.side === "private");
  assert.deepEqual(linesOf(said), []);
  assert.equal(site.gateway.sizes.transactions, 0);
});

test("nor does a request in a call, though the peer says 408 itself", () => {
  const site = new ByHand();
  const { caller } = site.connected();
  const info = only(site.take("public", site.inside(caller, "INFO", 2)), "INFO");
  const said = site.take("private", site.answer(info, 408));
  assert.ok(!linesOf(said).includes(408));
});

for (const extension of ["from-change", "tdialog", "early-session"]) {
  test(`${extension} is no extension that crosses the gateway`, () => {
    const site = new ByHand();
    const required = site.begin("public", "INVITE", {
      headers: { require: extension },
      sdp: sdpOf("public"),
    });
    const refused = only(site.take("public", required), 420);
    assert.equal(refused.message.headers.get("unsupported"), extension);
    const supported = site.begin("public", "INVITE", {
      headers: { supported: `100rel, ${extension}`, "call-id": "2@peer" },
      sdp: sdpOf("public"),
    });
    const sent = only(site.take("public", supported), "INVITE");
    assert.doesNotMatch(sent.message.headers.get("supported") ?? "", new RegExp(extension));
  });
}
