import assert from "node:assert/strict";
import { test } from "node:test";
import { rewriteE164 } from "./e164.ts";

const FRANCE = { countryCode: "33", internationalPrefix: "00", nationalPrefix: "0" };
const SPAIN = { countryCode: "34", internationalPrefix: "00", nationalPrefix: "" };

const CASES: readonly (readonly [string, string, string, string])[] = [
  // As dialled, then as e164, national, international.
  ["0123456789", "+33123456789", "0123456789", "0033123456789"],
  ["+33123456789", "+33123456789", "0123456789", "0033123456789"],
  ["0033123456789", "+33123456789", "0123456789", "0033123456789"],
  ["+4930123456", "+4930123456", "004930123456", "004930123456"],
  ["004930123456", "+4930123456", "004930123456", "004930123456"],
  // Not of the plan: as they are.
  ["112", "112", "112", "112"],
  ["4001", "4001", "4001", "4001"],
  ["*21#", "*21#", "*21#", "*21#"],
  ["anonymous", "anonymous", "anonymous", "anonymous"],
  ["+331234567890123456", "+331234567890123456", "+331234567890123456", "+331234567890123456"],
];

for (const [dialled, e164, national, international] of CASES) {
  test(`${dialled} in France`, () => {
    assert.equal(rewriteE164(dialled, { ...FRANCE, form: "e164" }), e164);
    assert.equal(rewriteE164(dialled, { ...FRANCE, form: "national" }), national);
    assert.equal(rewriteE164(dialled, { ...FRANCE, form: "international" }), international);
  });
}

test("without a national prefix the length tells a number from an extension", () => {
  assert.equal(rewriteE164("912345678", { ...SPAIN, form: "e164" }), "+34912345678");
  assert.equal(rewriteE164("112", { ...SPAIN, form: "e164" }), "112");
  assert.equal(rewriteE164("+34912345678", { ...SPAIN, form: "national" }), "912345678");
});
