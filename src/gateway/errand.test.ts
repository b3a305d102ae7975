import assert from "node:assert/strict";
import { test } from "node:test";
import { ByHand, linesOf, only, type Sent } from "../../test/support/by-hand.ts";

// RFC 3263 §4.3 for what is no call: the next address, the next peer.

const FIRST = "198.51.100.1";
const SECOND = "198.51.100.2";

/** A request of the PBX to the operator, as it goes to the first peer. */
function asked(site: ByHand, method: string): Sent {
  const headers = { event: "presence", "refer-to": "<sip:4002@10.77.0.1>" };
  const sent = only(site.take("private", site.begin("private", method, { headers })), method);
  assert.equal(sent.to.address, FIRST);
  return sent;
}

for (const method of ["MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER"]) {
  test(`a ${method} that can't be sent goes to the next peer, and its answer comes back`, () => {
    const site = new ByHand();
    const first = asked(site, method);
    const second = only(site.fail(first), method);
    assert.equal(second.to.address, SECOND);
    assert.equal(second.message.callId, first.message.callId);
    const headers = { "sip-etag": "x" };
    const [back] = site.take("public", site.answer(second, 200, { headers }));
    assert.equal(back?.to.side, "private");
    assert.equal(back.message.headers.get("sip-etag"), "x");
  });
}

test("a peer without room is passed over, one that refuses is believed", () => {
  const site = new ByHand();
  const second = only(site.take("public", site.answer(asked(site, "MESSAGE"), 503)), "MESSAGE");
  assert.equal(second.to.address, SECOND);
  assert.deepEqual(linesOf(site.take("public", site.answer(second, 404))), [404]);
});

test("where every peer fails, the asker is told so", () => {
  const site = new ByHand();
  const second = only(site.fail(asked(site, "MESSAGE")), "MESSAGE");
  assert.deepEqual(linesOf(site.fail(second)), [503]);
});

test("after a peer's silence the next is asked, and whoever accepts first has it", () => {
  const site = new ByHand();
  const first = asked(site, "MESSAGE");
  const second = site.wait(4100).find(({ to }) => to.address === SECOND)!;
  assert.equal(second.message.kind === "request" && second.message.method, "MESSAGE");
  assert.deepEqual(site.take("public", site.answer(first, 486)), []);
  assert.deepEqual(linesOf(site.take("public", site.answer(second, 200))), [200]);
});

test("a late answer of the first counts when the second has the same request already", () => {
  const site = new ByHand();
  const first = asked(site, "MESSAGE");
  const second = site.wait(4100).find(({ to }) => to.address === SECOND)!;
  assert.deepEqual(site.take("public", site.answer(second, 482)), []);
  assert.deepEqual(linesOf(site.take("public", site.answer(first, 202))), [202]);
});

test("a subscription stands with the peer that accepted it", () => {
  const site = new ByHand();
  const first = asked(site, "SUBSCRIBE");
  const second = only(site.take("public", site.answer(first, 503)), "SUBSCRIBE");
  only(site.take("public", site.answer(second, 200, { headers: { expires: "600" } })), 200);
  const { callId, headers } = second.message;
  const dialog = {
    side: "public" as const,
    callId,
    from: `${headers.get("to")};tag=callee`,
    to: headers.get("from")!,
  };
  const more = { event: "presence", "subscription-state": "active" };
  const notify = site.inside(dialog, "NOTIFY", 1, { headers: more });
  only(site.take("public", notify), "NOTIFY");
  assert.equal(site.gateway.sizes.subscriptions, 1);
});

test("a PBX of several addresses is tried at the next one", () => {
  const site = new ByHand({ settings: { pbx: { host: "pbx.example", optionsIntervalS: 0 } } });
  const target = (address: string) => ({ transport: "udp" as const, address, port: 5060 });
  site.names.set("pbx.example", [target("10.77.0.2"), target("10.77.0.3")]);
  const message = site.begin("public", "MESSAGE");
  const first = only(site.take("public", message), "MESSAGE");
  const second = only(site.take("private", site.answer(first, 503)), "MESSAGE");
  assert.equal(second.to.address, "10.77.0.3");
});

test("what nobody answers leaves nothing behind", () => {
  const site = new ByHand();
  asked(site, "SUBSCRIBE");
  site.wait(4_000_000);
  const left = Object.entries(site.gateway.sizes).filter(([, size]) => size > 0);
  assert.deepEqual(left, []);
});
