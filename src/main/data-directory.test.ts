import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { prepareDataDirectory } from "./data-directory.ts";

test("a data directory is its owner's alone, also one that was open to others", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "passerelle-data-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const told: string[] = [];
  const rightsOf = async (path: string): Promise<number> => {
    await prepareDataDirectory(path, (line) => told.push(line));
    return statSync(path).mode & 0o777;
  };
  assert.equal(await rightsOf(join(folder, "new/deep")), 0o700);
  assert.deepEqual(told, []);
  const open = join(folder, "open");
  mkdirSync(open);
  chmodSync(open, 0o755);
  assert.equal(await rightsOf(open), 0o700);
  assert.equal(await rightsOf(open), 0o700);
  assert.deepEqual(told, [`${open}: others had rights in it (755): taken from them`]);
});
