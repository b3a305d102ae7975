import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fact } from "#facts";
import { RepeatedLines } from "./repeated-lines.ts";

const malformed = (source: string, what = "cseq"): Fact => ({
  kind: "malformed",
  side: "public",
  transport: "udp",
  source,
  what,
});

const refused = (method: string, end: "no-dialog" | "no-route"): Fact => ({
  kind: "refused",
  method,
  side: "public",
  source: "198.51.100.1",
  end,
});

const told = (lines: RepeatedLines, count: number, fact: (i: number) => Fact): number =>
  Array.from({ length: count }, (_, i) => lines.tells(fact(i))).filter(Boolean).length;

test("the first lines of a source are told, and then how many more there were", () => {
  const lines = new RepeatedLines();
  const faults = ["cseq", "via", "nul"];
  assert.equal(
    told(lines, 1000, (i) => malformed("198.51.100.1", faults[i % 3]!)),
    20,
  );
  assert.equal(
    told(lines, 5, () => malformed("198.51.100.2")),
    5,
  );
  assert.deepEqual(lines.sums(), [
    "980 more: messages from 198.51.100.1 (public, udp) not understood",
  ]);
  assert.deepEqual(lines.sums(), []);
  assert.equal(
    told(lines, 30, () => malformed("198.51.100.1")),
    20,
  );
});

test("a rare reason is told beside a frequent one, whatever methods are made up", () => {
  const lines = new RepeatedLines();
  assert.equal(
    told(lines, 500, (i) => refused(`M${i}`, "no-dialog")),
    20,
  );
  assert.equal(
    told(lines, 1, () => refused("INVITE", "no-route")),
    1,
  );
  assert.match(
    lines.sums().join(),
    /^480 more: requests from 198\.51\.100\.1 \(public\) refused: /,
  );
});

test("many sources fill neither the log nor the memory", () => {
  const lines = new RepeatedLines();
  assert.equal(
    told(lines, 100_000, (i) => malformed(`source ${i}`)),
    120,
  );
  assert.deepEqual(lines.sums(), [
    "99880 more: messages of further sources refused or not understood",
  ]);
});

test("what nobody causes at will is always told", () => {
  const lines = new RepeatedLines();
  assert.equal(
    told(lines, 500, () => ({ kind: "media-restarted", streams: 1 })),
    500,
  );
});
