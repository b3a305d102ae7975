import assert from "node:assert/strict";

/** What was seen so far, by the name that a ladder gave it. */
export type Values = Map<string, string>;

/** Puts what was seen before in the place of "{name}"; "{name%}" escapes it for a URI. */
export const substitute = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replace(/\{(\w+)(%?)\}/g, (_, name: string, escapes: string) => {
    const value = values.get(name);
    assert.ok(value !== undefined, `{${name}} was never seen`);
    return escapes === "" ? value : encodeURIComponent(value);
  });

/**
 * Holds a header against what is expected: a text, "-" for no such header, "/…/" for a pattern;
 * "{name}" is what was seen by that name, and is kept where it wasn't.
 */
export function matchValue(name: string, value: string, expected: string, values: Values): void {
  if (expected === "-") return assert.equal(value, "", `no ${name}`);
  const pattern = /^\/(.*)\/$/.exec(expected)?.[1];
  if (pattern !== undefined)
    return assert.match(value, new RegExp(pattern), `${name}: ${value || "nothing"}`);
  const fresh: string[] = [];
  const source = expected
    .split(/(\{\w+%?\})/)
    .map((part) => partOf(part, values, fresh))
    .join("");
  const found = new RegExp(`^${source}$`).exec(value);
  assert.ok(found, `${name}: ${value || "nothing"}, not ${expected}`);
  for (const [i, fresher] of fresh.entries()) values.set(fresher, found[i + 1]!);
}

function partOf(part: string, values: Values, fresh: string[]): string {
  const [, name, escapes] = /^\{(\w+)(%?)\}$/.exec(part) ?? [];
  if (name === undefined) return escaped(part);
  const known = values.get(name);
  if (known !== undefined) return escaped(escapes === "" ? known : encodeURIComponent(known));
  fresh.push(name);
  return "(.+?)";
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
