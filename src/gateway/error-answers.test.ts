import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "#base";
import { ErrorAnswers } from "./error-answers.ts";

/** How many of so many are answered. */
const given = (answers: ErrorAnswers, asked: number, source: string, now: number): number =>
  Array.from({ length: asked }).filter(() => answers.take(source, instant(now))).length;

test("one source has fifty answers a second, whatever another draws", () => {
  const answers = new ErrorAnswers();
  assert.equal(given(answers, 80, "198.51.100.1", 0), 50);
  assert.equal(given(answers, 80, "198.51.100.2", 500), 50);
  assert.equal(given(answers, 80, "198.51.100.1", 999), 0);
  assert.equal(given(answers, 80, "198.51.100.1", 1000), 50);
});

test("a whole block of sources has five hundred", () => {
  const answers = new ErrorAnswers();
  let all = 0;
  for (let i = 0; i < 5000; i++) all += given(answers, 1, `198.51.100.${i}`, 10);
  assert.equal(all, 500);
});
