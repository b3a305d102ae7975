import assert from "node:assert/strict";
import { test } from "node:test";
import { after, instant } from "#base";
import { MESSAGE_LIMITS, parseMessageText } from "#sip-message";
import { sourceFlow } from "../../../test/support/security-by-hand.ts";
import { UnknownNumbers } from "./unknown-numbers.ts";

const NOW = instant(1_000_000);
const CALLER = { trunk: "op", caller: "0999" };

let calls = 0;

/** A call that ends so. */
function call(
  numbers: UnknownNumbers,
  called: string,
  { refused, hasRung = false }: { refused?: number; hasRung?: boolean },
  caller = CALLER,
): void {
  const id = `c${++calls}`;
  numbers.begun(id, { ...caller, called });
  numbers.ended(id, { refused, hasRung }, NOW);
}

/** One that has called ten numbers that nobody has. */
function tried(status = 404): UnknownNumbers {
  const numbers = new UnknownNumbers();
  for (let i = 0; i < 10; i++) call(numbers, `70${i}`, { refused: status });
  return numbers;
}

/** A stranger's INVITE. */
function asks(numbers: UnknownNumbers, called: string, to = called) {
  const text = [
    `INVITE sip:${called}@192.0.2.1 SIP/2.0`,
    "Via: SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK1",
    "From: <sip:100@203.0.113.5>;tag=1",
    `To: <sip:${to}@192.0.2.1>`,
    "Call-ID: 1",
    "CSeq: 1 INVITE",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
  const message = parseMessageText(text, MESSAGE_LIMITS);
  assert.ok(message.kind === "request");
  return numbers.take(message, text, sourceFlow({}), NOW);
}

test("C3: who has called ten numbers that nobody has is in a series, and nobody else", () => {
  for (const status of [404, 484, 604]) {
    const numbers = tried(status);
    assert.ok(numbers.isOneMore({ ...CALLER, called: "710" }, NOW), `${status}`);
    assert.ok(!numbers.isOneMore({ ...CALLER, called: "705" }, NOW), "one of them again");
    assert.ok(!numbers.isOneMore({ trunk: "op", caller: "0998", called: "710" }, NOW));
    assert.ok(!numbers.isOneMore({ trunk: "other", caller: "0999", called: "710" }, NOW));
    assert.ok(!numbers.isOneMore({ ...CALLER, called: "710" }, after(NOW, 600_000)));
  }
});

test("a number that rang, was busy or declined once is called by whoever likes", () => {
  for (const outcome of [{ hasRung: true }, { refused: 486 }, { refused: 600 }, { refused: 603 }]) {
    const numbers = tried();
    call(numbers, "200", outcome, { trunk: "op", caller: "0111" });
    assert.ok(!numbers.isOneMore({ ...CALLER, called: "200" }, NOW));
  }
});

test("what says nothing of a number makes it neither known nor unknown", () => {
  for (const outcome of [{ refused: 503 }, { refused: 480 }, {}]) {
    const numbers = new UnknownNumbers();
    for (let i = 0; i < 30; i++) call(numbers, `70${i}`, outcome);
    assert.ok(!numbers.isOneMore({ ...CALLER, called: "799" }, NOW));
    const other = tried();
    call(other, "200", outcome);
    assert.ok(other.isOneMore({ ...CALLER, called: "200" }, NOW));
  }
});

test("a number that nobody has any more is unknown again", () => {
  const numbers = tried();
  call(numbers, "200", { hasRung: true });
  call(numbers, "200", { refused: 404 });
  assert.ok(numbers.isOneMore({ ...CALLER, called: "200" }, NOW));
});

test("C3: a stranger that calls one number after the other gives evidence, but for known ones", () => {
  const numbers = new UnknownNumbers();
  for (let i = 0; i < 10; i++) assert.equal(asks(numbers, `90${i}`, "100"), undefined);
  const found = asks(numbers, "911", "100");
  assert.deepEqual([found?.rule, found?.weight], ["unknown-numbers", 100]);
  assert.match(found!.excerpt, /^INVITE sip:911@192\.0\.2\.1 SIP\/2\.0\\r\\nVia/);
  call(numbers, "200", { hasRung: true });
  assert.equal(asks(numbers, "200"), undefined);
  assert.equal(asks(numbers, "905"), undefined);
});

test("C3: as many callers, calls and numbers as there may be are kept, and no more", () => {
  const numbers = new UnknownNumbers();
  for (let i = 0; i < 5_000; i++)
    call(numbers, "1", { refused: 404 }, { trunk: "op", caller: `${i}` });
  assert.equal(numbers.watched, 4_096);
  for (let i = 0; i < 25_000; i++) numbers.begun(`p${i}`, { ...CALLER, called: `${i}` });
  assert.equal(numbers.pending, 20_000);
  numbers.forget("p24999");
  assert.equal(numbers.pending, 19_999);
});
