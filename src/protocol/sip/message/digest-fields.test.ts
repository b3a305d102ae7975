import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseAuthenticationInfo,
  parseChallenge,
  parseCredentials,
  printChallenge,
  printCredentials,
} from "./digest-fields.ts";

test("a challenge is read and printed", () => {
  const text =
    'Digest realm="a, \\"b\\"", nonce="84a4", algorithm=SHA-256, qop="auth,auth-int", stale=TRUE';
  const challenge = parseChallenge(text);
  assert.ok(challenge);
  assert.equal(challenge.scheme, "digest");
  assert.equal(challenge.params.get("realm"), 'a, "b"');
  assert.equal(challenge.params.get("qop"), "auth,auth-int");
  assert.equal(challenge.params.get("stale"), "TRUE");
  assert.equal(printChallenge(challenge), text);
});

test("credentials leave qop and nc without quotes (RFC 7616 §3.4)", () => {
  const text =
    'Digest username="bob", realm="r", nonce="n", uri="sip:a@b", qop=auth, nc=00000001, cnonce="c", response="d", algorithm=MD5';
  const credentials = parseCredentials(text.replaceAll(", ", " , "));
  assert.ok(credentials);
  assert.equal(printCredentials(credentials), text);
});

test("Authentication-Info has parameters alone", () => {
  assert.equal(parseAuthenticationInfo('nextnonce="n", qop=auth')?.get("nextnonce"), "n");
});

test("malformed credentials are refused (A6)", () => {
  for (const value of [
    "",
    "=",
    "Digest =",
    "Digest username",
    'Digest username="open',
    'Digest username="a" realm="b"',
    'Digest a="1", a="2"',
    'Digest ,a="1"',
    `Digest ${Array.from({ length: 40 }, (_, i) => `p${i}=1`).join(",")}`,
  ]) {
    assert.equal(parseCredentials(value), undefined, value);
  }
  assert.equal(parseCredentials("Digest")?.params.size, 0);
  assert.equal(parseCredentials('Digest __proto__="x"')?.params.get("__proto__"), "x");
});
