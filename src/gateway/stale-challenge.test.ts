import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCredentials } from "#sip-message";
import { ByHand, linesOf, only, type Sent, sdpOf } from "../../test/support/by-hand.ts";

// RFC 7616 §3.3: `stale` says that the password was right, and the nonce too old.

const CREDENTIALS = { user: "alice", password: "secret", realm: "op" };

const challenge = (nonce: string, more = "", realm = "op"): string =>
  `Digest realm="${realm}", nonce="${nonce}", qop="auth"${more}`;

const STALE = ", stale=true";

/** The proofs in a request, as realm and nonce. */
const proofsOf = ({ message: { headers } }: Sent): string[] =>
  [...headers.all("authorization"), ...headers.all("proxy-authorization")].map((value) => {
    const params = parseCredentials(value)!.params;
    return `${params.get("realm")} ${params.get("nonce")}`;
  });

/** A trunk that has answered the first challenge to its REGISTER. */
function proved(): { site: ByHand; register: Sent } {
  const site = new ByHand({ trunk: { register: { user: "alice" }, credentials: CREDENTIALS } });
  const [first] = site.wait(2100);
  return { site, register: again(site, first!, challenge("n1"))! };
}

/** What comes of a challenge to a REGISTER. */
function again(site: ByHand, register: Sent, value: string): Sent | undefined {
  const headers = { "www-authenticate": value };
  const sent = site.take("public", site.answer(register, 401, { headers }));
  return sent.length === 0 ? undefined : only(sent, "REGISTER");
}

test("a REGISTER whose nonce is stale is answered for with the new one, and with that alone", () => {
  const { site, register } = proved();
  assert.deepEqual(proofsOf(register), ["op n1"]);
  const second = again(site, register, challenge("n2", STALE));
  assert.ok(second, "the new nonce is answered");
  assert.deepEqual(proofsOf(second), ["op n2"]);
  assert.equal(second.message.cseq.number, register.message.cseq.number + 1);
  only([second], "REGISTER");
  site.take("public", site.answer(second, 200, { headers: { expires: "600" } }));
  assert.ok(site.facts.some(({ kind }) => kind === "trunk-registered"));
});

test("a new nonce that isn't called stale means a wrong password", () => {
  const { site, register } = proved();
  assert.equal(again(site, register, challenge("n2")), undefined);
  assert.ok(site.facts.some(({ kind }) => kind === "trunk-registration-failed"));
});

test("the same nonce again is none to try anew with", () => {
  const { site, register } = proved();
  assert.equal(again(site, register, challenge("n1", STALE)), undefined);
});

test("a registrar that calls every nonce stale is given up", () => {
  const { site, register } = proved();
  let asked: Sent | undefined = register;
  let answers = 0;
  for (let i = 2; asked && i < 50; i++) {
    asked = again(site, asked, challenge(`n${i}`, STALE));
    if (asked) answers++;
  }
  assert.equal(asked, undefined);
  assert.equal(answers, 2);
});

test("an INVITE keeps what it has proved to another realm", () => {
  const credentials = { ...CREDENTIALS, otherRealms: ["edge"] };
  const site = new ByHand({ trunk: { credentials } });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  let asked = only(site.take("private", invite), "INVITE");
  for (const value of [
    challenge("e1", "", "edge"),
    challenge("n1"),
    challenge("e2", STALE, "edge"),
  ]) {
    const headers = { "proxy-authenticate": value };
    asked = only(site.take("public", site.answer(asked, 407, { headers })), "INVITE");
  }
  assert.deepEqual(proofsOf(asked), ["op n1", "edge e2"]);
});

test("stale or not, another's realm is answered by nobody", () => {
  const { site, register } = proved();
  const sent = again(site, register, challenge("n2", STALE, "evil"));
  assert.deepEqual(linesOf(sent ? [sent] : []), []);
});
