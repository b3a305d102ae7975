import assert from "node:assert/strict";
import { test } from "node:test";
import { runScenario } from "./scenario.ts";

/** Another range of seeds, or one that failed: PASSERELLE_SEED=17 PASSERELLE_SEEDS=1. */
const FIRST = Number(process.env.PASSERELLE_SEED ?? 1);
const COUNT = Number(process.env.PASSERELLE_SEEDS ?? 2000);
const SHOWN_MAX = 5;

test(`${COUNT} seeded worlds from seed ${FIRST} keep every invariant`, () => {
  const failures: string[] = [];
  let failed = 0;
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    const { story, broken } = runScenario(seed);
    if (broken.length === 0) continue;
    failed++;
    if (failures.length >= SHOWN_MAX) continue;
    const replay = `PASSERELLE_SEED=${seed} PASSERELLE_SEEDS=1 npm test -- simulation`;
    failures.push(`seed ${seed} (${replay})\n  ${story}\n  ${broken.join("\n  ")}`);
  }
  assert.equal(failed, 0, `${failed} of ${COUNT} worlds are broken:\n${failures.join("\n")}`);
});

test("the same seed gives the same world", () => {
  for (const seed of [3, 14, 159]) assert.deepEqual(runScenario(seed), runScenario(seed));
});
