import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readYaml } from "./yaml-text.ts";

const read = (source: string) => {
  const result = readYaml(source);
  assert.equal(result.kind, "tree", source);
  return result as Extract<typeof result, { kind: "tree" }>;
};

test("scalars stay as they were written: the schema decides what they mean", () => {
  const { value } = read('a: 0033\nb: +33\nc: yes\nd: 0x10\ne: "1.50"\nf: [1e3, 112]');
  assert.deepEqual(value, {
    a: "0033",
    b: "+33",
    c: "yes",
    d: "0x10",
    e: "1.50",
    f: ["1e3", "112"],
  });
});

test("what is empty is absent, and an empty text is a text", () => {
  assert.deepEqual(read('a:\nb: ~\nc: null\nd: ""\ne: {}\nf: []').value, { d: "", e: {}, f: [] });
  assert.deepEqual(read("").value, {});
  assert.deepEqual(read("# comments alone\n").value, {});
});

test("each field knows its line", () => {
  const { lines } = read("a: 1\nb:\n  - c: 2\n    d: 3\n  - 4\n");
  assert.equal(lines.get("b"), 2);
  assert.equal(lines.get("b[0].d"), 4);
  assert.equal(lines.get("b[1]"), 5);
});

test("an anchor stands for its value", () => {
  assert.deepEqual(read("a: &x { y: 1 }\nb: *x").value, { a: { y: "1" }, b: { y: "1" } });
});

test("bad YAML is an error with its line", () => {
  const cases: [string, number, RegExp][] = [
    ["a: 1\nb: [1\nc: 2", 3, /Flow sequence/],
    ["a: 1\na: 2", 2, /a stands twice/],
    ["a: 1\n---\nb: 2", 2, /several documents/],
    ["a: 1\n\tb: 2", 2, /syntax error/],
    ["a: *nobody", 1, /alias/i],
  ];
  for (const [source, line, message] of cases) {
    const result = readYaml(source);
    assert.equal(result.kind, "errors", source);
    if (result.kind !== "errors") continue;
    assert.ok(
      result.errors.some((error) => message.test(error.message.en)),
      JSON.stringify(result.errors),
    );
    assert.ok(
      result.errors.some((error) => error.line === line),
      JSON.stringify(result.errors),
    );
  }
});

test("bombs are refused, quickly", () => {
  const aliases = Array.from(
    { length: 12 },
    (_, i) => `a${i}: &a${i} [${i === 0 ? "1" : `*a${i - 1}, `.repeat(9)}]`,
  );
  for (const bomb of [
    aliases.join("\n"),
    "[".repeat(50_000),
    "x".repeat(5_000_000),
    "a: &a [*a]",
  ]) {
    const result = readYaml(bomb);
    assert.equal(result.kind, "errors", bomb.slice(0, 40));
  }
});

test("no text makes it throw", () => {
  const piece = fc.constantFrom(
    "a: ",
    "- ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    "&x ",
    "*x",
    "!!map ",
    "? ",
    "'",
    '"',
    "|",
    ">",
    "#",
    "\t",
    "--- ",
    "1",
    "<<: ",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join("")),
      ),
      (source) => {
        readYaml(source);
      },
    ),
    { numRuns: 2000 },
  );
});

test("a key that stands twice is named, and so are the limits of size", () => {
  const twice = readYaml("trunks: []\nsip:\n  limits: {}\n  limits: {}\n");
  assert.ok(twice.kind === "errors");
  assert.equal(twice.errors[0]!.message.en, "syntax error (limits stands twice)");
  assert.equal(twice.errors[0]!.line, 4);
  const deep = readYaml(`${"[".repeat(40)}${"]".repeat(40)}`);
  assert.ok(deep.kind === "errors");
  assert.equal(deep.errors[0]!.allowed.en, "at most 200000 values, 16 levels deep");
});
