import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUri } from "#sip-message";
import { isNumber, userOf } from "./numbers.ts";

const CASES: readonly (readonly [string, string])[] = [
  ["sip:+33123456789@example.com", "+33123456789"],
  ["sip:+33-1.23(45)6789@example.com;user=phone", "+33123456789"],
  ["tel:+1-201-555-0123", "+12015550123"],
  ["tel:7042;phone-context=example.com", "7042"],
  ["sip:7042;phone-context=+33@example.com", "7042"],
  ["sip:%2B33123@example.com", "+33123"],
  ["sip:*21#@example.com", "*21#"],
  ["sip:anna-lisa@example.com", "anna-lisa"],
  ["sip:j.doe@example.com", "j.doe"],
  ["sip:example.com", ""],
];

for (const [uri, expected] of CASES) {
  test(`${uri} names ${expected || "nobody"}`, () => {
    assert.equal(userOf(parseUri(uri)!), expected);
  });
}

test("a number has a digit or a dialled sign", () => {
  assert.deepEqual(["112", "+33", "*21#", "", "+", "bad", "anna"].map(isNumber), [
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
