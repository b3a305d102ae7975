import assert from "node:assert/strict";
import { test } from "node:test";
import { ByHand, dialogsOf, only, type Sent, sdpOf } from "../../test/support/by-hand.ts";

// RFC 3261 §26.2.2, RFC 5630: what asks for sips goes by TLS all the way, or not at all.

const SIPS = "sips:0123@192.0.2.1:5063";

/** A request of the operator to a sips URI; what the gateway makes of it. */
function asked(site: ByHand, method: string): Sent[] {
  const more = method === "INVITE" ? { sdp: sdpOf("public") } : {};
  const request = site.begin("public", method, more);
  request.uri = SIPS;
  request.headers.set("contact", "<sips:peer@198.51.100.1:5061>");
  return site.take("public", request);
}

const uriOf = ({ message }: Sent): string => (message.kind === "request" ? message.uri : "");

test("a sips call goes on as one, both ways, by TLS", () => {
  const site = new ByHand({ transport: "tls" });
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  invite.uri = SIPS;
  invite.headers.set("contact", "<sips:peer@198.51.100.1:5061;transport=tcp>");
  const there = only(site.take("public", invite), "INVITE");
  assert.equal(there.to.transport, "tls");
  assert.match(uriOf(there), /^sips:0123@10\.77\.0\.2/);
  assert.match(there.message.headers.get("contact")!, /^<sips:4001@10\.77\.0\.1:5064>$/);
  const contact = "<sips:bob@10.77.0.2:5061>";
  const answer = site.answer(there, 200, { sdp: sdpOf("private"), headers: { contact } });
  const answered = only(site.take("private", answer), 200);
  assert.match(answered.message.headers.get("contact")!, /^<sips:0123@192\.0\.2\.1:5063>$/);
  const { caller, callee } = dialogsOf("public", invite, there, answered.message);
  site.take("public", site.inside(caller, "ACK", 1));
  for (const [side, dialog] of [
    ["private", callee],
    ["public", caller],
  ] as const) {
    const update = site.inside(dialog, "UPDATE", 2);
    update.headers.set(
      "contact",
      `<sips:peer@${side === "public" ? "198.51.100.1" : "10.77.0.2"}:5061>`,
    );
    const sent = only(site.take(side, update), "UPDATE");
    assert.equal(sent.to.transport, "tls");
    assert.match(uriOf(sent), /^sips:/);
    assert.match(sent.message.headers.get("contact")!, /^<sips:/);
    site.take(side === "public" ? "private" : "public", site.answer(sent, 200));
  }
});

test("so does a sips MESSAGE", () => {
  const there = only(asked(new ByHand({ transport: "tls" }), "MESSAGE"), "MESSAGE");
  assert.equal(there.to.transport, "tls");
  assert.match(uriOf(there), /^sips:/);
});

for (const method of ["INVITE", "MESSAGE"]) {
  test(`a sips ${method} is refused where the way on is not TLS`, () => {
    const protocols = {
      privateProtocols: "udp/tcp",
      pbx: { host: "10.77.0.2", optionsIntervalS: 0 },
    };
    for (const settings of [
      { ...protocols, pbx: { ...protocols.pbx, transport: "udp" } },
      protocols,
    ]) {
      const site = new ByHand({ transport: "tls", settings });
      const refused = only(asked(site, method), 480);
      assert.match(refused.message.headers.get("warning")!, /^380 gateway "/);
      assert.equal(site.gateway.callCount, 0);
    }
  });

  test(`a sips ${method} is refused that came without TLS`, () => {
    only(asked(new ByHand(), method), 480);
  });
}

test("of a trunk's peers only those that speak TLS are asked", () => {
  const peers = [
    { host: "198.51.100.1", transport: "udp" },
    { host: "198.51.100.2", transport: "tls", priority: 1 },
  ];
  const settings = { publicProtocols: "tls+udp/tcp" };
  const site = new ByHand({ transport: "tls", trunk: { peers }, settings });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  invite.uri = "sips:0123@10.77.0.1:5064";
  const there = only(site.take("private", invite), "INVITE");
  assert.deepEqual([there.to.transport, there.to.address], ["tls", "198.51.100.2"]);
});

test("a redirection from sips to sip is not followed", () => {
  const trunk = { redirects: "follow" };
  const site = new ByHand({ transport: "tls", trunk });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  invite.uri = "sips:0123@10.77.0.1:5064";
  const there = only(site.take("private", invite), "INVITE");
  const headers = { contact: "<sip:0123@198.51.100.2>" };
  only(site.take("public", site.answer(there, 302, { headers })), 302);
});
