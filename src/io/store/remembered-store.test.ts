import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RememberedStore } from "./remembered-store.ts";

async function withFile(use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "remembered-"));
  try {
    await use(join(folder, "remembered.sqlite"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the last text of each record is there for the next process, and none that was forgotten", () =>
  withFile(async (file) => {
    const store = RememberedStore.open(file, assert.fail);
    store.remember({ name: "countries op", text: '["33"]' });
    store.remember({ name: "countries op", text: '["33","881"]' });
    store.remember({ name: "countries gone", text: "[]" });
    store.remember({ name: "countries gone" });
    await store.close();
    const next = RememberedStore.open(file, assert.fail);
    assert.deepEqual(next.records, [{ name: "countries op", text: '["33","881"]' }]);
    await next.close();
  }));

test("a file that is none of SQLite is put aside, and said", () =>
  withFile(async (file) => {
    writeFileSync(file, "no database, but long enough to be looked at");
    const said: string[] = [];
    const store = RememberedStore.open(file, (why) => said.push(why));
    assert.equal(said.length, 1);
    assert.deepEqual(store.records, []);
    assert.ok(existsSync(`${file}.broken`));
    await store.close();
  }));
