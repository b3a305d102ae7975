import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { keptInstance } from "./instance.ts";

test("an instance is the same at each start, its owner's alone, and made anew when damaged", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "passerelle-instance-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const first = await keptInstance(folder);
  assert.match(first, /^[0-9a-f-]{36}$/);
  assert.equal(await keptInstance(folder), first);
  const path = join(folder, "instance-id");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  writeFileSync(path, first.slice(0, 20));
  const next = await keptInstance(folder);
  assert.notEqual(next, first);
  assert.equal(readFileSync(path, "latin1").trim(), next);
});
