import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildTargets, missingClang, runTarget, TARGETS } from "./native-targets.ts";

// Half a minute for all; `npm run fuzz` takes as long as it is told.
const SECONDS_EACH = 5;
const TOLD_LINES = 60;

describe("the media plane under the fuzzer", { skip: missingClang() }, () => {
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "native-fuzz-"));
    await buildTargets(folder, TARGETS);
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const target of TARGETS) {
    test(`${target}: nothing breaks what must hold`, () => {
      const { status, stderr } = runTarget(folder, target, SECONDS_EACH);
      assert.equal(status, 0, stderr.split("\n").slice(-TOLD_LINES).join("\n"));
      const [, executed] = /number_of_executed_units: (\d+)/.exec(stderr) ?? [];
      assert.ok(Number(executed) > 100, `${executed} inputs tried`);
    });
  }
});
