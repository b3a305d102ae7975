import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Denied } from "#security";
import { DeniedStore } from "./denied-store.ts";

const fail = (why: string): never => assert.fail(why);

const denied = (address: string, more: Partial<Denied> = {}): Denied => ({
  version: 1,
  list: "dos",
  id: `public ${address}`,
  side: "public",
  address,
  rule: "flood",
  sinceMs: 1,
  untilMs: 2,
  counts: { flood: 3 },
  evidence: ["OPTIONS sip:a"],
  isDryRun: false,
  ...more,
});

async function withFile(use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "denied-"));
  try {
    await use(join(folder, "denied.sqlite"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the lines of both lists are there for the next process, but those forgotten", () =>
  withFile(async (file) => {
    const store = DeniedStore.open(file, fail);
    assert.deepEqual(store.entries, []);
    const kept = [
      denied("192.0.2.1"),
      denied("192.0.2.1", { list: "brute-force", rule: "wrong-password" }),
      denied("2001:db8::/64"),
      denied("192.0.2.9", { id: "public 192.0.2.9 5060", port: 5060 }),
    ];
    for (const each of [...kept, denied("192.0.2.2")]) store.keep(each);
    store.forget("dos", "public 192.0.2.2");
    await store.close();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const next = DeniedStore.open(file, fail);
    const sorted = (list: readonly Denied[]) => list.map((each) => JSON.stringify(each)).sort();
    assert.deepEqual(sorted(next.entries).length, 4);
    assert.deepEqual(new Set(next.entries.map(({ list, id }) => `${list} ${id}`)).size, 4);
    assert.deepEqual(
      next.entries.find(({ list }) => list === "brute-force"),
      kept[1],
    );
    await next.close();
  }));

test("what is no line of a list is left out, and gone afterwards", () =>
  withFile(async (file) => {
    const store = DeniedStore.open(file, fail);
    store.keep(denied("192.0.2.1"));
    const broken = [
      { version: 0 },
      { side: "inside" },
      { address: "192.0.2.300" },
      { address: "2001:DB8::1" },
      { rule: "__proto__" },
      { list: "brute-force" },
      { port: 70_000 },
      { counts: { nothing: 1 } },
      { evidence: [1] },
      { untilMs: "soon" },
    ];
    broken.forEach((more, i) => {
      store.keep({ ...denied("192.0.2.2"), ...more, id: `broken ${i}` } as unknown as Denied);
    });
    await store.close();
    const next = DeniedStore.open(file, fail);
    assert.deepEqual(next.entries, [denied("192.0.2.1")]);
    await next.close();
    const database = new DatabaseSync(file);
    assert.equal(database.prepare("SELECT count(*) AS n FROM denied").get()?.n, 1);
    database.close();
  }));

test("a file that is none of SQLite is put aside, and the lists begin anew", () =>
  withFile(async (file) => {
    writeFileSync(file, "no database at all, but long enough to look at".repeat(50));
    const told: string[] = [];
    const store = DeniedStore.open(file, (why) => told.push(why));
    assert.match(told.join(), /begin anew/);
    assert.ok(existsSync(`${file}.broken`));
    store.keep(denied("192.0.2.1"));
    await store.close();
    assert.equal(DeniedStore.open(file, fail).entries.length, 1);
  }));
