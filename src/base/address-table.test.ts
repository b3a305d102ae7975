import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AddressTable } from "./address-table.ts";
import { cidrContains, parseCidr } from "./cidr.ts";
import { canonicalAddress, parseAddress, printAddress } from "./ip-address.ts";

const tableOf = (...blocks: readonly string[]): AddressTable<string> => {
  const table = new AddressTable<string>(7);
  for (const block of blocks) table.set(parseCidr(block)!, block);
  return table;
};

test("an address is found by the longest block that it lies in", () => {
  const table = tableOf("192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0");
  const found = ["192.0.2.7", "192.0.2.8", "2001:db8::1", "2001:db8:0:1::1", "203.0.113.1", "::1"];
  assert.deepEqual(
    found.map((address) => table.find(address)),
    ["192.0.2.7", "192.0.2.0/24", "2001:db8::1", "2001:db8::/32", "0.0.0.0/0", undefined],
  );
});

test("an IPv4 address in IPv6 is the IPv4 address, and a zone is no part of one", () => {
  const table = tableOf("192.0.2.7", "fe80::1");
  assert.equal(table.find("::ffff:192.0.2.7"), "192.0.2.7");
  assert.equal(table.find("::ffff:c000:207"), "192.0.2.7");
  assert.equal(table.find("fe80::1%eth0"), "fe80::1");
});

test("what is no address is in no block", () => {
  const table = tableOf("0.0.0.0/0", "::/0");
  for (const text of ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "a.b.c.d", ":", "1::2::3"])
    assert.equal(table.find(text), undefined, text);
  for (const text of ["1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::12345", "1:2:3:4:5:6:7:1.2.3.4"])
    assert.equal(table.find(text), undefined, text);
});

test("what is deleted is gone, and what shares its place stays", () => {
  const table = new AddressTable<number>(1);
  const blocks = Array.from({ length: 5000 }, (_, i) => parseCidr(`10.0.${i >> 8}.${i & 255}`)!);
  blocks.forEach((block, i) => {
    table.set(block, i);
  });
  for (let i = 0; i < blocks.length; i += 2) assert.ok(table.delete(blocks[i]!));
  assert.equal(table.size, 2500);
  assert.equal(table.delete(blocks[0]!), false);
  for (const [i, block] of blocks.entries())
    assert.equal(table.find(printAddress(block.bytes)), i % 2 === 0 ? undefined : i);
});

const bytes = (length: number) =>
  fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 })), {
    minLength: length,
    maxLength: length,
  });
const address = fc.oneof(bytes(4), bytes(16)).map((each) => canonicalAddress(printAddress(each))!);

test("it finds what a search through all blocks finds", () => {
  const block = fc.tuple(address, fc.integer({ min: 0, max: 128 }));
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), address, (written, asked) => {
      const blocks = written.flatMap(([text, prefix]) => parseCidr(`${text}/${prefix}`) ?? []);
      const table = new AddressTable<number>(3);
      for (const each of blocks) table.set(each, each.prefix);
      const fits = blocks.filter((each) => cidrContains(each, parseAddress(asked)!));
      const longest = fits.length === 0 ? undefined : Math.max(...fits.map(({ prefix }) => prefix));
      assert.equal(table.find(asked), longest);
    }),
    { numRuns: 500 },
  );
});
