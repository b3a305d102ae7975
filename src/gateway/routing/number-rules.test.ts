import assert from "node:assert/strict";
import { test } from "node:test";
import type { NumberRule } from "#settings";
import { NumberRules } from "./number-rules.ts";

const rule = (more: Partial<NumberRule>): NumberRule => ({
  number: "called",
  strip: 0,
  prepend: "",
  ...more,
});
const applied = (rules: readonly NumberRule[], number: string): string =>
  new NumberRules(rules).apply("called", number);

test("the first rule that fits is applied, and no other", () => {
  const rules = [
    rule({ prefix: "00", strip: 2, prepend: "+" }),
    rule({ prefix: "0", prepend: "9" }),
  ];
  assert.equal(applied(rules, "0049123"), "+49123");
  assert.equal(applied(rules, "0123"), "90123");
  assert.equal(applied(rules, "4001"), "4001");
});

test("a rule reads the number that it names", () => {
  const rules = new NumberRules([
    rule({ number: "calling", prepend: "1" }),
    rule({ number: "both", prepend: "2" }),
  ]);
  assert.equal(rules.apply("calling", "55"), "155");
  assert.equal(rules.apply("called", "55"), "255");
});

test("a pattern replaces what it matched, with its groups", () => {
  const rules = [rule({ pattern: "0([1-9])(\\d{8})$", replace: "+33$1$2" })];
  assert.equal(applied(rules, "0123456789"), "+33123456789");
  assert.equal(applied(rules, "012345678"), "012345678");
});

test("a pattern without a replacement is a condition", () => {
  assert.equal(applied([rule({ pattern: "[67]", strip: 1, prepend: "0" })], "61234"), "01234");
});

test("strip, then E.164, then prepend", () => {
  const e164 = {
    form: "e164",
    countryCode: "33",
    internationalPrefix: "00",
    nationalPrefix: "0",
  } as const;
  const rules = [rule({ prefix: "0", strip: 1, e164, prepend: "77#" })];
  assert.equal(applied(rules, "00123456789"), "77#+33123456789");
});

test("a rule for all numbers leaves names alone", () => {
  assert.equal(applied([rule({ strip: 1 })], "anonymous"), "anonymous");
});

test("a strip that would leave nothing doesn't fit", () => {
  assert.equal(applied([rule({ prefix: "0", strip: 1 })], "0"), "0");
});
