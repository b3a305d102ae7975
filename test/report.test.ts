import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { Tally } from "./report.ts";

const passed = (name: string, type: "test" | "suite", skip?: string): TestEvent =>
  ({ type: "test:pass", data: { name, details: { type }, skip } }) as unknown as TestEvent;

function reportOf(skipFails: boolean, ...events: TestEvent[]) {
  const tally = new Tally(skipFails);
  for (const event of events) tally.take(event);
  return tally.report();
}

test("a skipped suite is named with its reason, and a suite that ran is not counted itself", () => {
  const report = reportOf(
    false,
    passed("a", "test"),
    passed("ran", "suite"),
    passed("calls", "suite", "sipp is not installed"),
  );
  assert.ok(report.lines.includes("  calls: sipp is not installed"));
  assert.equal(report.lines.at(-1), "1 passed, 0 failed");
});

test("where peers are required, a skipped suite is a failure", () => {
  const report = reportOf(true, passed("calls", "suite", "sipp is not installed"));
  assert.equal(report.failed, 1);
  assert.equal(report.lines.at(-1), "0 passed, 1 failed");
});
