import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../support/source-tree.ts";

/** The cases of docs/security.md that end at messages, at who sends them and how much; there is no A11. */
const CASES = [
  ...["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A12"],
  ...["B1", "B2", "B3", "B4", "B5"],
  ...["C1", "C2", "C3", "C4", "C5"],
  ...["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8"],
];

/** The names of tests, groups and rows that begin with cases: "A10, C5: …", "C4 …". */
const NAMED = /^\s*(?:(?:test|describe)\()?["`]([A-G]\d+(?:, [A-G]\d+)*)[: ]/gm;

const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

test("each attack case of messages, log-ins and floods is the name of a test, and a row for who looks", () => {
  const paths = globSync(["src/**/*.test.ts", "test/**/*.test.ts"], { cwd: ROOT });
  const tested = new Set(
    paths.flatMap((path) =>
      [...textOf(path).matchAll(NAMED)].flatMap(([, cases]) => cases!.split(", ")),
    ),
  );
  const rows = new Set(
    [...textOf("docs/security.md").matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) =>
      cell!.match(/[A-G]\d+/g),
    ),
  );
  assert.deepEqual(
    CASES.filter((name) => !tested.has(name)),
    [],
    "no test is named for it",
  );
  assert.deepEqual(
    CASES.filter((name) => !rows.has(name)),
    [],
    "docs/security.md has no row",
  );
});
