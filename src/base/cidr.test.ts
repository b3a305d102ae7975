import assert from "node:assert/strict";
import { test } from "node:test";
import { cidrContains, parseCidr, printCidr } from "./cidr.ts";
import { parseAddress } from "./ip-address.ts";

const canonical = (text: string): string | undefined => {
  const block = parseCidr(text);
  return block && printCidr(block);
};

test("a block is read, and the bits beyond its prefix become zero", () => {
  assert.equal(canonical("192.0.2.77/24"), "192.0.2.0/24");
  assert.equal(canonical("192.0.2.77"), "192.0.2.77/32");
  assert.equal(canonical("2001:DB8:1::9/33"), "2001:db8::/33");
  assert.equal(canonical("::1"), "::1/128");
  assert.equal(canonical("0.0.0.0/0"), "0.0.0.0/0");
});

test("what is no block is refused", () => {
  for (const text of [
    "",
    "192.0.2.0/33",
    "192.0.2.0/",
    "192.0.2.0/-1",
    "::/129",
    "a/8",
    "1.2.3/8",
  ]) {
    assert.equal(canonical(text), undefined, text);
  }
});

test("a block contains its own addresses alone", () => {
  const contains = (block: string, address: string): boolean =>
    cidrContains(parseCidr(block)!, parseAddress(address)!);
  assert.ok(contains("192.0.2.128/25", "192.0.2.200"));
  assert.ok(!contains("192.0.2.128/25", "192.0.2.127"));
  assert.ok(contains("0.0.0.0/0", "8.8.8.8"));
  assert.ok(contains("2001:db8::/33", "2001:db8:7fff::1"));
  assert.ok(!contains("2001:db8::/33", "2001:db8:8000::1"));
  assert.ok(!contains("::/0", "192.0.2.1"));
});
