import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUtf8, encodeUtf8, latin1Bytes, latin1Text, ownText } from "./latin1.ts";

test("every byte is one character, and comes back", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const text = latin1Text(bytes.subarray(1));
  assert.equal(text.length, 255);
  assert.equal(text.charCodeAt(127), 128);
  assert.deepEqual([...latin1Bytes(text)], [...bytes.subarray(1)]);
});

test("a piece of its own is the same text", () => {
  const text = "caf\xe9 ".repeat(20);
  assert.equal(ownText(text.slice(3, 40)), text.slice(3, 40));
});

test("names of people go on the wire as UTF-8", () => {
  assert.equal(encodeUtf8("é€"), "\xc3\xa9\xe2\x82\xac");
  assert.equal(decodeUtf8(encodeUtf8("Zoé 日本")), "Zoé 日本");
});
