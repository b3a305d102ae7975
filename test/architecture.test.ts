import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as rules from "./support/architecture.ts";
import { ROOT, readNames, readSources, type Source, sourceOf } from "./support/source-tree.ts";

const LINES_PER_FILE_MAX = 400;
const LINES_PER_FUNCTION_MAX = 70;
const LINES_PER_FACE_MAX = 30;

/** Tables over the limit, each with its own: a ratchet that only goes down. */
const LONG_FILES: Readonly<Record<string, number>> = {};

const names = readNames();
const sources = readSources(["src/**/*.ts"]);
const product = sources.filter(({ path }) => !path.endsWith(".test.ts"));
const around = readSources(["test/**/*.ts", "bench/**/*.ts", "scripts/**/*.ts"]);
const everything = [...sources, ...around];
const untested = everything.filter(({ path }) => !path.endsWith(".test.ts"));

const holds = (complaints: readonly string[]): void => assert.deepEqual(complaints, []);

test("every file of src belongs to a known folder of a ring", () =>
  holds(rules.unknownFolders(sources)));

test("an import points left: base ← protocol ← gateway ← io ← http ← main", () =>
  holds(rules.importsToTheRight(product, names)));

test("./ stays home and # crosses a border: no deep import", () =>
  holds(rules.deepImports(product, names)));

test("a relative import names its file with the extension", () =>
  holds(rules.importsWithoutExtension(everything)));

test("no files need one another to load", () => holds(rules.importCycles(product, names)));

test("pure rings import nothing from outside, but zod in settings", () =>
  holds(rules.foreignImportsInPureRings(product)));

test("pure rings know no clock, no chance, no async and no world", () =>
  holds(rules.worldInPureRings(product)));

test("only main reads the environment and the arguments", () =>
  holds(rules.environmentReaders(product)));

test("only observe and main write to the terminal", () => holds(rules.logWriters(product)));

test("every #name of package.json resolves, and every #name used is in it", () => {
  const lost = [...names].filter(([, file]) => !existsSync(join(ROOT, file)));
  const used = everything.flatMap((source) => source.imports.map(({ from }) => from));
  const unknown = used.filter((from) => from.startsWith("#") && !names.has(from));
  holds([...lost.map(([name]) => name), ...unknown]);
});

test("every folder under src has a face", () => holds(rules.missingFaces(product)));

test("a face only re-exports, in few lines", () =>
  holds(rules.fatFaces(sources, LINES_PER_FACE_MAX)));

test("no file is too long", () => {
  // Messages of the conformance tests are data: as long as there are cases.
  const written = untested.filter(({ path }) => !path.startsWith("test/conformance/"));
  holds(rules.longFiles(written, LINES_PER_FILE_MAX, LONG_FILES));
});

test("no function is too long", () => holds(rules.longFunctions(untested, LINES_PER_FUNCTION_MAX)));

test("no default exports", () => holds(rules.defaultExports(everything)));

test("names say what a thing decides", () => holds(rules.bannedNames(everything)));

test("nothing is left undone without an issue", () => holds(rules.openEnds(everything)));

// A rule that cannot fail proves nothing: each is shown a file that breaks it.
const broken: readonly (readonly [string, (files: Source[]) => string[], string, string])[] = [
  [
    "right",
    (files) => rules.importsToTheRight(files, names),
    "src/base/a.ts",
    'import { b } from "#sip";',
  ],
  [
    "siblings",
    (files) => rules.importsToTheRight(files, names),
    "src/gateway/routing/a.ts",
    'import type { B } from "#media";',
  ],
  [
    "deep",
    (files) => rules.deepImports(files, names),
    "src/io/a.ts",
    'import { b } from "../base/ip-address.ts";',
  ],
  [
    "detour",
    (files) => rules.deepImports(files, names),
    "src/base/a.ts",
    'import { b } from "#base";',
  ],
  [
    "node:",
    rules.foreignImportsInPureRings,
    "src/protocol/sip/a.ts",
    'import { hash } from "node:crypto";',
  ],
  ["zod", rules.foreignImportsInPureRings, "src/gateway/routing/a.ts", 'import { z } from "zod";'],
  ["clock", rules.worldInPureRings, "src/gateway/a.ts", "export const now = () => Date.now();"],
  ["date", rules.worldInPureRings, "src/gateway/a.ts", "export const now = () => new Date();"],
  [
    "chance",
    rules.worldInPureRings,
    "src/gateway/a.ts",
    "export const dice = () => Math.random();",
  ],
  ["async", rules.worldInPureRings, "src/base/a.ts", "export const later = async () => 1;"],
  ["timer", rules.worldInPureRings, "src/base/a.ts", "setTimeout(() => {}, 1);"],
  ["env", rules.environmentReaders, "src/io/a.ts", "export const home = process.env.HOME;"],
  ["log", rules.logWriters, "src/io/a.ts", 'console.log("x");'],
  [
    "cycle",
    (files) => rules.importCycles(files, names),
    "src/base/a.ts",
    'import { a } from "./a.ts";',
  ],
  ["ring", rules.unknownFolders, "src/misc/a.ts", ""],
  ["face", (files) => rules.fatFaces(files, 30), "src/base/index.ts", "export const a = 1;"],
  ["no face", rules.missingFaces, "src/base/a.ts", ""],
  ["default", rules.defaultExports, "src/base/a.ts", "export default class A {}"],
  ["assigned", rules.defaultExports, "src/base/a.ts", "export default 1;"],
  ["file name", rules.bannedNames, "src/base/utils.ts", ""],
  ["camel", rules.bannedNames, "src/base/ipAddress.ts", ""],
  ["class name", rules.bannedNames, "src/base/a.ts", "class CallManager {}"],
  ["long file", (files) => rules.longFiles(files, 2, {}), "src/base/a.ts", "1;\n2;\n3;\n"],
  [
    "old exemption",
    (files) => rules.longFiles(files, 9, { "src/base/a.ts": 12 }),
    "src/base/a.ts",
    "1;\n",
  ],
  [
    "long function",
    (files) => rules.longFunctions(files, 2),
    "src/base/a.ts",
    "function a() {\n  return 1;\n}\n",
  ],
  ["open end", rules.openEnds, "src/base/a.ts", `// TO${"DO"}: later`],
  ["extension", rules.importsWithoutExtension, "src/base/a.ts", 'import { b } from "./b";'],
];

for (const [name, rule, path, text] of broken) {
  test(`the rules can fail: ${name}`, () => {
    assert.equal(rule([sourceOf(path, text)]).length, 1);
  });
}

test("the words of an outer folder may be imported by the folders in it", () => {
  const source = sourceOf("src/gateway/admission/a.ts", 'import { end } from "#ends";');
  holds([...rules.deepImports([source], names), ...rules.importsToTheRight([source], names)]);
});
