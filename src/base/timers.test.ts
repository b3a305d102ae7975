import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, instant } from "./instant.ts";
import { Timers } from "./timers.ts";

interface Thing {
  readonly name: string;
}

const allDue = (timers: Timers<Thing>, now: Instant): string[] => {
  const names: string[] = [];
  for (let thing = timers.due(now); thing; thing = timers.due(now)) names.push(thing.name);
  return names;
};

test("things fall due in the order of their ticks, none before its time", () => {
  const timers = new Timers<Thing>();
  for (const at of [500, 30, 4_000, 120]) timers.set(instant(at), { name: `at ${at}` });
  assert.equal(timers.next, 30);
  assert.deepEqual(allDue(timers, instant(29)), []);
  assert.deepEqual(allDue(timers, instant(500)), ["at 30", "at 120", "at 500"]);
  assert.equal(timers.size, 1);
});

test("a cancelled timer never rings, and keeps nothing alive until its time", () => {
  const timers = new Timers<Thing>();
  const timer = timers.set(instant(180_000), { name: "ring" });
  timers.cancel(timer);
  timers.cancel(timer);
  assert.equal(timer.what, undefined);
  assert.equal(timers.size, 0);
  assert.deepEqual(allDue(timers, instant(200_000)), []);
});

test("a timer that has rung can't be cancelled any more", () => {
  const timers = new Timers<Thing>();
  const timer = timers.set(instant(10), { name: "once" });
  timers.set(instant(20), { name: "later" });
  assert.deepEqual(allDue(timers, instant(10)), ["once"]);
  timers.cancel(timer);
  assert.equal(timers.size, 1);
});
