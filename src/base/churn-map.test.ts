import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { ChurnMap } from "./churn-map.ts";

type Step = readonly ["set" | "delete", number, number] | readonly ["clear", number, number];

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom("set", "set", "delete", "delete", "clear"),
  fc.nat(20),
  fc.nat(),
);

test("it holds what a Map holds, in its order", () => {
  const steps = fc.array(fc.oneof({ weight: 50, arbitrary: step }), { maxLength: 1_000 });
  fc.assert(
    fc.property(steps, (all) => {
      const [ours, model] = [new ChurnMap<number, number>(), new Map<number, number>()];
      for (const [what, key, value] of all) {
        if (what === "set") {
          ours.set(key, value);
          model.set(key, value);
        } else if (what === "delete") assert.equal(ours.delete(key), model.delete(key));
        else if (value % 50 === 0) {
          ours.clear();
          model.clear();
        }
        assert.equal(ours.get(key), model.get(key));
        assert.equal(ours.has(key), model.has(key));
        assert.equal(ours.size, model.size);
      }
      assert.deepEqual([...ours], [...model]);
      assert.deepEqual([...ours.keys()], [...model.keys()]);
      assert.deepEqual([...ours.values()], [...model.values()]);
    }),
    { numRuns: 200 },
  );
});

test("what has left it isn't kept alive by a table that has grown old", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options?: { type: "minor" }) => void;
  const map = new ChurnMap<string, number[]>();
  const pass = (from: number): void => {
    for (let i = from; i < from + 1_000; i++) {
      map.set(
        `key ${i}`,
        Array.from({ length: 500 }, (_, at) => i + at),
      );
      map.delete(`key ${i - 10}`);
    }
  };
  pass(0);
  // Its table is old from now on.
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let round = 1; round <= 5; round++) {
    pass(round * 1_000);
    collect({ type: "minor" });
    collect({ type: "minor" });
  }
  // 5,000 values of 4 KB have gone.
  assert.ok(process.memoryUsage().heapUsed - before < 4_000_000);
});
