import assert from "node:assert/strict";
import { test } from "node:test";
import { ByHand, only, sdpOf } from "../../../test/support/by-hand.ts";

const CHALLENGE = { "www-authenticate": 'Digest realm="op", nonce="n", algorithm=MD5, qop="auth"' };
const CREDENTIALS = { user: "u", password: "p", realm: "op" };

test("a REFER outside any dialog crosses with whom it refers to", () => {
  const site = new ByHand();
  const headers = { "refer-to": "<sip:4002@10.77.0.1>" };
  const sent = only(site.take("private", site.begin("private", "REFER", { headers })), "REFER");
  assert.equal(sent.message.headers.get("refer-to"), "<sip:4002@192.0.2.1:5060>");
  only(
    site.take("private", site.begin("private", "REFER", { headers: { "call-id": "2@peer" } })),
    400,
  );
});

test("a SUBSCRIBE that had to prove itself is refreshed with a CSeq of its own", () => {
  const site = new ByHand({ trunk: { credentials: CREDENTIALS } });
  const headers = { event: "dialog", expires: "600" };
  const first = site.begin("private", "SUBSCRIBE", { headers });
  let sent = only(site.take("private", first), "SUBSCRIBE");
  const challenge = () => site.take("public", site.answer(sent, 401, { headers: CHALLENGE }));
  sent = only(challenge(), "SUBSCRIBE");
  const accepted = only(site.take("public", site.answer(sent, 200)), 200);
  const dialog = {
    side: "private" as const,
    callId: first.callId,
    from: first.headers.get("from")!,
    to: accepted.message.headers.get("to")!,
  };
  for (const cseq of [2, 3]) {
    const before = sent.message.cseq.number;
    sent = only(
      site.take("private", site.inside(dialog, "SUBSCRIBE", cseq, { headers })),
      "SUBSCRIBE",
    );
    assert.ok(sent.message.cseq.number > before, "the CSeq grows");
    sent = only(challenge(), "SUBSCRIBE");
    only(site.take("public", site.answer(sent, 200)), 200);
  }
});

test("a PBX of several addresses is tried at the next one where the first has no room", () => {
  const site = new ByHand({ settings: { pbx: { host: "pbx.example", optionsIntervalS: 0 } } });
  const target = (address: string) => ({ transport: "udp" as const, address, port: 5060 });
  site.names.set("pbx.example", [target("10.77.0.2"), target("10.77.0.3")]);
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const first = only(site.take("public", invite), "INVITE");
  const second = only(site.take("private", site.answer(first, 503)), "INVITE");
  assert.equal(second.to.address, "10.77.0.3");
});
