import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNameAddr, parseNameAddrs, printNameAddr } from "./name-addr.ts";

test("an address in brackets keeps the parameters of its URI apart from its own", () => {
  const address = parseNameAddr(
    '"Bob \\"B\\" Smith" <sip:bob@b;lr;x=1> ;tag=a1;q=0.5;flag;s="a;b"',
  );
  assert.ok(address);
  assert.equal(address.display, 'Bob "B" Smith');
  assert.equal(address.uri, "sip:bob@b;lr;x=1");
  assert.equal(address.tag, "a1");
  assert.deepEqual(
    [...address.params],
    [
      ["tag", "a1"],
      ["q", "0.5"],
      ["flag", undefined],
      ["s", '"a;b"'],
    ],
  );
});

test("without brackets all parameters are the header's (RFC 3261 §20.10)", () => {
  const address = parseNameAddr("sip:bob@b;tag=1;x=2");
  assert.equal(address?.uri, "sip:bob@b");
  assert.equal(address?.tag, "1");
  assert.equal(address?.params.get("x"), "2");
  assert.equal(address?.display, undefined);
});

test("names without quotes are read as they are seen", () => {
  assert.equal(parseNameAddr("Bob <sip:b@b>")?.display, "Bob");
  assert.equal(parseNameAddr("A. Bell (home)  <sip:b@b>")?.display, "A. Bell (home)");
  assert.equal(parseNameAddr("caller<sip:b@b>")?.display, "caller");
  assert.equal(parseNameAddr("<sip:b@b>")?.display, undefined);
  assert.equal(parseNameAddr('"" <sip:b@b>')?.display, "");
});

test("what is no single address is refused", () => {
  for (const value of [
    "",
    "*",
    "/",
    "bob",
    "<bob>",
    "<sip:b@b",
    '"Bob <sip:b@b>',
    '"Bob" sip:b@b',
    "< sip:b@b >",
    "<sip:b@b c>",
    "<sip:b@b>x",
    "<sip:b@b>;;",
    "<sip:b@b>;tag=",
    "<sip:b@b>;tag=1;tag=2",
    "<sip:b@b>, <sip:c@c>",
    "Bell, Alexander <sip:b@b>",
    "sip:b@b?Route=x",
    "sip:b@b,sip:c@c",
    "<sip:a@b<c>",
    '<sip:b@b>;x="open',
    "sip:b@b\0",
  ]) {
    assert.equal(parseNameAddr(value), undefined, JSON.stringify(value));
  }
});

test("an address is printed quoted and in brackets, so that it reads back the same", () => {
  const address = { display: 'a "b" \\c', uri: "sip:x@y;lr", params: new Map([["tag", "t"]]) };
  const text = printNameAddr(address);
  assert.equal(text, '"a \\"b\\" \\\\c" <sip:x@y;lr>;tag=t');
  assert.equal(parseNameAddr(text)?.display, address.display);
  assert.equal(printNameAddr({ uri: "sip:x@y", tag: "t" }), "<sip:x@y>;tag=t");
  assert.equal(printNameAddr({ uri: "sip:x@y", display: "" }), "<sip:x@y>");
});

test("of a list what is no address is left out", () => {
  assert.deepEqual(
    parseNameAddrs(["<sip:a@b>", "*", "sip:c@d"]).map(({ uri }) => uri),
    ["sip:a@b", "sip:c@d"],
  );
});
