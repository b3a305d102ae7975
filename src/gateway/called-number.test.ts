import assert from "node:assert/strict";
import { test } from "node:test";
import { ByHand, only, sdpOf } from "../../test/support/by-hand.ts";

// Whom a registered trunk's operator calls: it asks for our Contact, and says the number in To.

const REGISTER = { user: "+33100000000", contactUser: "trunk7" };

/** The user that the PBX is asked for: the same whether it is a call or a message. */
function called(user: string, to: string, trunk: object = { register: REGISTER }): string {
  const users = (["INVITE", "MESSAGE"] as const).map((method) => {
    const site = new ByHand({ trunk });
    const asked = site.begin("public", method, { headers: { to }, sdp: sdpOf("public") });
    asked.uri = `sip:${user}@192.0.2.1:5060`;
    const { message } = only(site.take("public", asked), method);
    return message.kind === "request" ? (message.target?.user ?? "") : "";
  });
  assert.equal(users[0], users[1]);
  return users[0]!;
}

test("a call to our own Contact is for the number in To", () => {
  assert.equal(called("trunk7", "<sip:+33199999999@op.example>"), "+33199999999");
  assert.equal(called("trunk7", "<tel:+33-1-99-99-99-99>"), "+33199999999");
});

test("where To names our registration too, nobody knows better", () => {
  assert.equal(called("trunk7", "<sip:+33100000000@op.example>"), "trunk7");
  assert.equal(called("trunk7", "<sip:trunk7@op.example>"), "trunk7");
  assert.equal(called("trunk7", "<sip:op.example>"), "trunk7");
});

test("a number in the Request-URI stands, whatever To says", () => {
  assert.equal(called("0123", "<sip:0456@op.example>"), "0123");
  assert.equal(called("trunk7", "<sip:0456@op.example>", {}), "trunk7");
});

test("without a user of its own the Contact bears the registration's", () => {
  const trunk = { register: { user: "alice" } };
  assert.equal(called("alice", "<sip:0456@op.example>", trunk), "0456");
});

test("number rules see the number of To", () => {
  const trunk = {
    register: REGISTER,
    numberRules: { in: [{ number: "called", prefix: "+33", strip: 3, prepend: "0" }] },
  };
  assert.equal(called("trunk7", "<sip:+33199999999@op.example>", trunk), "0199999999");
});
