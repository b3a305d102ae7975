import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "./instant.ts";
import { Sampler } from "./sampler.ts";

test("a few events of each span are told, the first of the next one with how many were not", () => {
  const sampler = new Sampler(2, 1000);
  const told = [0, 1, 2, 500, 999, 1000, 1001, 1002, 2000].map((at) => sampler.take(instant(at)));
  assert.deepEqual(told, [0, 0, undefined, undefined, undefined, 3, 0, undefined, 1]);
});
