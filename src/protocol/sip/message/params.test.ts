import assert from "node:assert/strict";
import { test } from "node:test";
import { parseParams, printParams } from "./params.ts";

test("parameters are read with white space anywhere, and printed without", () => {
  const params = parseParams(' ; A = 1 ;b; C="x;\\"y" ; d=[2001:db8::1]');
  assert.ok(params);
  assert.deepEqual(
    [...params],
    [
      ["a", "1"],
      ["b", undefined],
      ["c", '"x;\\"y"'],
      ["d", "[2001:db8::1]"],
    ],
  );
  assert.equal(printParams(params), ';a=1;b;c="x;\\"y";d=[2001:db8::1]');
});

test("of a parameter that comes twice the first counts", () => {
  assert.equal(parseParams(";expires=1;Expires=2")?.get("expires"), "1");
});

test("a value may be empty, a name may not", () => {
  assert.equal(parseParams(";a=")?.get("a"), "");
  assert.equal(parseParams("")?.size, 0);
  for (const text of [";", ";;a", ";=1", "a=1", ";a=1 2", ';a="1', ";a,b", ";a=<b>", ";a=1=2,"]) {
    assert.equal(parseParams(text), undefined, text);
  }
});
