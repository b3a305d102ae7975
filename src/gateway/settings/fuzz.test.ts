import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { describeFields } from "./fields.ts";
import { validateSettings } from "./validate.ts";

const GOOD: Readonly<Record<string, unknown>> = {
  securedInterface: "no",
  publicLocal: { address: "192.0.2.1" },
  privateLocal: { address: "10.0.0.1" },
  pbx: { host: "10.0.0.2" },
  trunks: [
    {
      name: "op",
      peers: [{ host: "198.51.100.7" }],
      register: { user: "me" },
      credentials: { user: "me", password: "x" },
      numberRules: { in: [{ prefix: "0", e164: { countryCode: "33" } }] },
    },
  ],
  routing: { rules: [{ prefix: "0", trunk: "op" }] },
};

const paths = describeFields().map(({ field }) => field.replaceAll("[]", ".0").split("."));
const anything = fc.oneof(
  fc.anything({ withBigInt: false, maxDepth: 3 }),
  fc.constantFrom(
    "",
    "yes",
    "-1",
    "1e9",
    "::",
    "[",
    "a.b",
    "(a+)+",
    "none",
    0,
    -1,
    1e99,
    [],
    {},
    null,
  ),
);

/** The same settings with another value at one path. */
function changed(tree: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(tree))
    return tree.map((inner, i) => (String(i) === step ? changed(inner, rest, value) : inner));
  const object = typeof tree === "object" && tree !== null ? (tree as Record<string, unknown>) : {};
  return { ...object, [step]: changed(object[step], rest, value) };
}

test("any value at any field is either taken or named, and nothing throws", () => {
  assert.ok(validateSettings(GOOD).settings);
  fc.assert(
    fc.property(fc.constantFrom(...paths), anything, (path, value) => {
      const { errors, settings } = validateSettings(changed(GOOD, path, value));
      if (settings) return;
      assert.ok(errors.length > 0);
      for (const { field, allowed, message } of errors) {
        assert.ok(
          field !== "" && message.en !== "" && message.fr !== "" && allowed.en !== undefined,
        );
      }
    }),
    { numRuns: 3000 },
  );
});

test("no data at all makes it throw", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const result = validateSettings(value);
      assert.ok(result.errors, "nothing valid comes by chance");
    }),
    { numRuns: 1000 },
  );
});
