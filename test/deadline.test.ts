import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Deadline } from "./deadline.ts";

test("what runs too long is told once, and a new process of its number begins anew", () => {
  const deadline = new Deadline(1000);
  const [one, other] = [
    { pid: 7, file: "a.test.ts" },
    { pid: 8, file: "b.test.ts" },
  ];
  assert.deepEqual(deadline.overdue([one], 0), []);
  assert.deepEqual(deadline.overdue([one, other], 500), []);
  assert.deepEqual(deadline.overdue([one, other], 1000), [one]);
  assert.deepEqual(deadline.overdue([one], 1600), []);
  assert.deepEqual(deadline.overdue([], 1700), []);
  assert.deepEqual(deadline.overdue([one, other], 1800), []);
  assert.deepEqual(deadline.overdue([one, other], 2800), [one, other]);
});

/** Runs test/run.ts over files of these texts; what it printed, and its exit status. */
async function ran(files: Readonly<Record<string, string>>, parts: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "passerelle-run-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, [join(import.meta.dirname, "run.ts"), ...parts], {
      cwd: folder,
      env: { ...env, PASSERELLE_TEST_FILES: "*.test.mjs", PASSERELLE_TEST_FILE_S: "2" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stdout.on("data", (bytes) => (said += String(bytes)));
    child.stderr.on("data", (bytes) => (said += String(bytes)));
    const [status] = await once(child, "close");
    return { said, status };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const HEAD = 'import { test } from "node:test";\n';

test("a file that never ends is named and cut, and the others count", async () => {
  const { said, status } = await ran(
    {
      "fine.test.mjs": `${HEAD}test("fine", () => {});`,
      "open.test.mjs": `${HEAD}test("open", () => {}); setInterval(() => {}, 1000);`,
      "spins.test.mjs": `${HEAD}test("spins", () => { for (;;) {} });`,
    },
    [],
  );
  assert.match(said, /^CUT open\.test\.mjs: not over after 2 s$/m);
  assert.match(said, /^CUT spins\.test\.mjs: not over after 2 s$/m);
  assert.match(said, /^Cut, since they did not end: open\.test\.mjs, spins\.test\.mjs$/m);
  assert.match(said, /^2 passed, [1-9]\d* failed$/m);
  assert.doesNotMatch(said, /fine\.test\.mjs/);
  assert.equal(status, 1);
});

test("a part that matches no file is an error that names it, though another matches", async () => {
  const { said, status } = await ran({ "fine.test.mjs": `${HEAD}test("fine", () => {});` }, [
    "fine",
    "nothing",
  ]);
  assert.equal(said, "no test file matches nothing\n");
  assert.equal(status, 1);
});
