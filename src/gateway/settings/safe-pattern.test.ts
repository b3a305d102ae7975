import assert from "node:assert/strict";
import { test } from "node:test";
import { PATTERN_SUBJECT_MAX, safePattern } from "./safe-pattern.ts";

const compile = (text: string) => {
  const pattern = safePattern(text);
  assert.equal(pattern.kind, "pattern", text);
  return pattern as Extract<typeof pattern, { kind: "pattern" }>;
};

test("number patterns of everyday use are taken and match from the start", () => {
  assert.deepEqual(
    [...compile("^0([1-9]\\d{8})$").match("0123456789")!],
    ["0123456789", "123456789"],
  );
  assert.ok(compile("00|\\+").match("+33123"));
  assert.equal(compile("33").match("0033"), undefined);
  assert.ok(compile("(?:1[578]|11[259])$").match("112"));
  assert.ok(compile("(\\d*)#(\\d*)").match("12#34"));
  assert.ok(compile("(?:(?:00|\\+)33|0)[67]\\d{8}").match("+33612345678"));
});

test("a match can be rewritten by its groups; the rest stays", () => {
  assert.equal(compile("0([1-9])").replace("0123456789", "+33$1"), "+33123456789");
  assert.equal(compile("9").replace("0123", ""), undefined);
  assert.equal(compile("(a)?b").replace("bc", "[$1]"), "[]c");
});

test("catastrophic patterns are refused", () => {
  const catastrophic = [
    "(a+)+$",
    "(a*)*",
    "(?:a|a)*$",
    "(a|aa)+$",
    "(.*)(.*)(.*)x",
    "\\d*\\d*\\d*\\d*x",
    "a?".repeat(30),
    "(?:a|b)".repeat(30),
    "(a{1,30}){1,30}",
    "(\\d+\\.?)+$",
  ];
  for (const text of catastrophic) assert.equal(safePattern(text).kind, "pattern-fault", text);
});

test("what is outside the subset is refused by name", () => {
  const cases: [string, RegExp][] = [
    ["(?=1)", /lookaround/],
    ["(?<=1)2", /lookaround/],
    ["(?<name>1)", /named/],
    ["(1)\\1", /back-references/],
    ["\\k<a>", /back-references/],
    ["\\p{L}", /escape/],
    ["\\u0041", /escape/],
    ["1**", /repeated/],
    ["^*", /anchor/],
    ["*", /nothing to repeat/],
    ["(1", /without/],
    ["1)", /unmatched/],
    ["[1", /without/],
    ["[]", /empty/],
    ["1{2,}", /without an end/],
    ["1{65}", /more than 64/],
    ["1{3,2}", /bad/],
    ["\\", /escape/],
    ["[9-0]", /not a regular expression/],
    ["1".repeat(201), /longer/],
    ["(".repeat(9) + ")".repeat(9), /deep/],
  ];
  for (const [text, what] of cases) {
    const pattern = safePattern(text);
    assert.equal(pattern.kind, "pattern-fault", text);
    if (pattern.kind === "pattern-fault") assert.match(pattern.what.en, what, text);
  }
});

test("the worst pattern that is allowed comes to an end", () => {
  const worst = compile("(?:\\d*)(?:\\d*)x");
  const subject = "1".repeat(PATTERN_SUBJECT_MAX);
  // A pattern that backtracks without bound would never come back from this.
  assert.equal(worst.match(subject), undefined);
});

test("a number longer than the limit never matches", () => {
  assert.equal(compile("1*").match("1".repeat(PATTERN_SUBJECT_MAX + 1)), undefined);
});
