import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeaderKey } from "#sip-message";
import { ByHand, dialogsOf, only, sdpOf } from "../../test/support/by-hand.ts";

/** National towards the operator becomes E.164, and the other way round. */
const NATIONAL = { form: "national", countryCode: "33" };
const E164 = { form: "e164", countryCode: "33" };
const RULES = {
  numberRules: {
    out: [
      { number: "calling", prefix: "4", prepend: "+3314444" },
      { number: "both", e164: E164 },
    ],
    in: [{ number: "both", e164: NATIONAL }],
  },
};

/** What the callee gets of a call to 0123456789. */
function invited(site: ByHand, side: "public" | "private", headers: Record<string, string>) {
  const invite = site.begin(side, "INVITE", { sdp: sdpOf(side), headers });
  invite.uri = "sip:0123456789@192.0.2.1";
  return only(site.take(side, invite), "INVITE");
}

test("who calls and who forwarded are told to the operator as the calling number is", () => {
  const { headers } = invited(new ByHand({ trunk: RULES }), "private", {
    "p-asserted-identity": '"Reception" <sip:4001@10.77.0.2>, <tel:4001>',
    "p-preferred-identity": "<sip:reception@10.77.0.2>",
    diversion: "<sip:4005@10.77.0.2>;reason=unconditional;counter=1",
    "history-info":
      "<sip:4005@10.77.0.2?Reason=SIP%3Bcause%3D302&Subject=x>;index=1, <sip:0123456789@10.77.0.2;cause=302>;index=1.1",
  }).message;
  const all = (name: HeaderKey) => headers.get(name);
  assert.match(all("from")!, /^<sip:\+33144444001@/);
  assert.equal(
    all("p-asserted-identity"),
    '"Reception" <sip:+33144444001@192.0.2.1>, <tel:+33144444001>',
  );
  assert.equal(all("p-preferred-identity"), "<sip:reception@192.0.2.1>");
  assert.equal(all("diversion"), "<sip:+33144444005@192.0.2.1>;reason=unconditional;counter=1");
  assert.equal(
    all("history-info"),
    "<sip:+33144444005@192.0.2.1?Reason=SIP%3Bcause%3D302>;index=1, <sip:+33123456789@192.0.2.1;cause=302>;index=1.1",
  );
});

test("the PBX reads numbers as its users dial them, without the mask too", () => {
  const site = new ByHand({ trunk: RULES, settings: { topologyMask: "no" } });
  const { headers } = invited(site, "public", {
    "p-asserted-identity": "<tel:+33155555555>",
    diversion: "<sip:+33166666666;phone-context=x@198.51.100.1;user=phone>;reason=no-answer",
  }).message;
  assert.equal(headers.get("p-asserted-identity"), "<sip:0155555555@10.77.0.1;user=phone>");
  assert.equal(
    headers.get("diversion"),
    "<sip:0166666666@198.51.100.1;user=phone>;reason=no-answer",
  );
});

test("who answers is told by the same rules, in the answer and in the dialog", () => {
  const site = new ByHand({ trunk: RULES });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  const asked = only(site.take("private", invite), "INVITE");
  const headers = { "p-asserted-identity": "<sip:+33177777777@198.51.100.1>" };
  const answer = site.answer(asked, 200, { sdp: sdpOf("public"), headers });
  const answered = only(site.take("public", answer), 200).message;
  assert.equal(answered.headers.get("p-asserted-identity"), "<sip:0177777777@10.77.0.1>");
  const { caller, callee } = dialogsOf("private", invite, asked, answered);
  site.take("private", site.inside(caller, "ACK", 1));
  const fromPbx = { headers: { "p-asserted-identity": "<sip:4009@10.77.0.2>" } };
  const update = only(site.take("private", site.inside(caller, "UPDATE", 2, fromPbx)), "UPDATE");
  assert.equal(update.message.headers.get("p-asserted-identity"), "<sip:+33144444009@192.0.2.1>");
  const back = only(site.take("public", site.inside(callee, "UPDATE", 1, { headers })), "UPDATE");
  assert.equal(back.message.headers.get("p-asserted-identity"), "<sip:0177777777@10.77.0.1>");
});

test("rules of called numbers alone change nobody else's", () => {
  const numberRules = { out: [{ number: "called", prepend: "9" }] };
  const { message } = invited(new ByHand({ trunk: { numberRules } }), "private", {
    "p-asserted-identity": "<sip:4001@10.77.0.2>",
    "history-info": "<sip:4005@10.77.0.2>;index=1, <sip:0123456789@10.77.0.2>;index=1.1",
  });
  assert.equal(message.headers.get("p-asserted-identity"), "<sip:4001@192.0.2.1>");
  assert.equal(
    message.headers.get("history-info"),
    "<sip:4005@192.0.2.1>;index=1, <sip:90123456789@192.0.2.1>;index=1.1",
  );
});
