import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { headerKey, type Message } from "#sip-message";
import { ByHand, only, sdpOf } from "../../../test/support/by-hand.ts";

const RULES = { numberRules: { out: [{ number: "calling", prefix: "4", prepend: "+3314444" }] } };

/** What the operator gets of the PBX's INVITE. */
function invited(headers: Readonly<Record<string, string>>, uri?: string): Message {
  const site = new ByHand({ trunk: RULES });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private"), headers });
  if (uri !== undefined) invite.uri = uri;
  return only(site.take("private", invite), "INVITE").message;
}

describe("who calls, who forwarded and who refers, as the operator is told", () => {
  for (const [name, value, told] of [
    // The context of a number names a host (RFC 3966 §5.1.5): behind us, it holds here.
    [
      "P-Asserted-Identity",
      "<tel:5001;phone-context=pbx7.corp>",
      "<sip:5001@192.0.2.1;user=phone>",
    ],
    [
      "P-Asserted-Identity",
      "<tel:5001;ext=12;phone-context=pbx7.corp>",
      "<sip:5001;ext=12@192.0.2.1;user=phone>",
    ],
    ["P-Asserted-Identity", "<tel:5001;phone-context=+33>", "<tel:5001;phone-context=+33>"],
    ["P-Asserted-Identity", "<tel:4001;phone-context=pbx7.corp>", "<tel:+33144444001>"],
    [
      "P-Asserted-Identity",
      "<sip:+33555;phone-context=pbx7.corp;cpc=ordinary@10.77.0.2;user=phone>",
      "<sip:+33555;cpc=ordinary@192.0.2.1;user=phone>",
    ],
    // A trunk group is one of its context alone (RFC 4904).
    [
      "Diversion",
      "<sip:+33555;tgrp=7;trunk-context=pbx7.corp@10.77.0.2>;reason=deflection",
      "<sip:+33555@192.0.2.1>;reason=deflection",
    ],
    // Names that stand for nobody tell no host (RFC 3323 §4.1.1.3, RFC 7044 §10.1.2, TS 29.163).
    [
      "P-Asserted-Identity",
      '"Anonymous" <sip:anonymous@Anonymous.invalid>',
      '"Anonymous" <sip:anonymous@anonymous.invalid>',
    ],
    [
      "History-Info",
      "<sip:anonymous@anonymous.invalid;cause=302?Privacy=history>;index=1",
      "<sip:anonymous@anonymous.invalid;cause=302?Privacy=history>;index=1",
    ],
    [
      "Remote-Party-ID",
      "<sip:unavailable@unknown.invalid>;party=calling",
      "<sip:unavailable@unknown.invalid>;party=calling",
    ],
    // What can't be read says who nobody is, and nobody vouches for it.
    ["P-Asserted-Identity", "<sip:4001@10.77.0.2", undefined],
    ["Diversion", "4001", undefined],
    ["P-Asserted-Identity", "4001, <tel:+33555>", "<tel:+33555>"],
    // Who transfers is known to the operator by the same number as when it calls.
    ["Referred-By", '<sip:4001@10.77.0.2>;cid="x@10.77.0.2"', "<sip:+33144444001@192.0.2.1>"],
  ] as const) {
    test(`${name}: ${value}`, () => {
      assert.equal(invited({ [name.toLowerCase()]: value }).headers.get(headerKey(name)), told);
    });
  }
});

test("that a user is a number stays said, of who calls, who is called and where it goes", () => {
  const { headers, ...message } = invited(
    {
      from: "<sip:+33555@10.77.0.2;user=phone>;tag=1",
      to: "<sip:0123@10.77.0.1;user=phone;transport=udp>",
    },
    "sip:0123@10.77.0.1:5062;user=phone;cause=302",
  );
  assert.match(headers.get("from")!, /^<sip:\+33555@192\.0\.2\.1;user=phone>;tag=/);
  assert.equal(headers.get("to"), "<sip:0123@198.51.100.1;user=phone>");
  assert.ok("uri" in message);
  assert.equal(message.uri, "sip:0123@198.51.100.1:5060;user=phone;cause=302");
});

test("a caller that is unknown stays so, and its Contact names no context of its number", () => {
  const unknown = invited({ from: "<sip:unavailable@unknown.invalid>;tag=1" });
  assert.match(unknown.headers.get("from")!, /^<sip:unavailable@unknown\.invalid>;tag=/);
  const { headers } = invited({ from: "<sip:5001;phone-context=pbx7.corp@10.77.0.2>;tag=1" });
  assert.match(headers.get("from")!, /^<sip:5001@192\.0\.2\.1>;tag=/);
  assert.equal(headers.get("contact"), "<sip:5001@192.0.2.1:5060>");
});

describe("what names no host crosses the mask", () => {
  for (const [name, value, told = value] of [
    ["Resource-Priority", "esnet.1"],
    ["Session-ID", "ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000"],
    ["Alert-Info", "<urn:alert:source:internal>;info=alert-internal"],
    [
      "Alert-Info",
      "<http://10.77.0.2/ring.wav>, <urn:alert:service:call-waiting>",
      "<urn:alert:service:call-waiting>",
    ],
    ["Alert-Info", "<http://10.77.0.2/ring.wav>", null],
    ["Call-Info", "<http://10.77.0.2/me.png>;purpose=icon", null],
  ] as const) {
    test(`${name}: ${value}`, () => {
      assert.equal(
        invited({ [name.toLowerCase()]: value }).headers.get(headerKey(name)) ?? null,
        told,
      );
    });
  }
});
