import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Framed, Framing } from "./framing.ts";

const limits = { headerBytesMax: 1000, messageBytesMax: 2000 };
const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
const words = (framed: Framed): string => {
  if (framed.kind === "message") return Buffer.from(framed.bytes).toString("latin1");
  return framed.kind === "broken" ? framed.why : framed.kind;
};
const cut = (text: string): string[] => new Framing(limits).push(latin1(text)).map(words);
const message = (body: string, length = `Content-Length: ${body.length}`): string =>
  `MESSAGE sip:a@b SIP/2.0\r\nX: 1\r\n${length}\r\n\r\n${body}`;

test("messages are cut by their length, in all its spellings", () => {
  const spellings = [
    "Content-Length: 5",
    "l:5",
    "L \t: 5 ",
    "CONTENT-LENGTH:\r\n 5",
    "content-length: 00005",
    "Content-Length: 5\r\nX: 2\r\nl: 5",
  ];
  const texts = spellings.map((length) => message("hello", length));
  assert.deepEqual(cut(texts.join("")), texts);
});

test("a name that only looks like a length is none", () => {
  for (const length of [
    "X: y\r\n Content-Length: 5",
    "X-Content-Length: 5",
    "Content-Length2: 5",
    "Content -Length: 5",
    "X: l: 5",
  ]) {
    assert.deepEqual(cut(message("hello", length)), ["content-length-missing"], length);
  }
  assert.deepEqual(cut("l: 5\r\n\r\n"), ["content-length-missing"]);
});

test("a length that two readers could read in two ways breaks the stream", () => {
  const faults: Record<string, string> = {
    "Content-Length: 5\r\nContent-Length: 6": "content-length-ambiguous",
    "Content-Length: 5\r\nl: 0": "content-length-ambiguous",
    "Content-Length: -1": "content-length-malformed",
    "Content-Length: +5": "content-length-malformed",
    "Content-Length: 0x5": "content-length-malformed",
    "Content-Length: 5, 5": "content-length-malformed",
    "Content-Length: 5 5": "content-length-malformed",
    "Content-Length: 5\u00a0": "content-length-malformed",
    "Content-Length: 5\v": "content-length-malformed",
    "Content-Length: 5;x": "content-length-malformed",
    "Content-Length:": "content-length-malformed",
    "Content-Length: 0000000005": "content-length-malformed",
    "Content-Length: 99999999999999999999": "content-length-malformed",
    "X: 1\nContent-Length: 5": "bare-line-end",
    "X: 1\rContent-Length: 5": "bare-line-end",
    "Content-Length: 5\nX: 1": "bare-line-end",
    "X: 1": "content-length-missing",
  };
  for (const [length, why] of Object.entries(faults)) {
    assert.deepEqual(cut(message("hello", length)), [why], length);
  }
});

test("what follows a broken message is never read", () => {
  const framing = new Framing(limits);
  const smuggled = message("hello", "l: 5\r\nl: 6") + message("");
  assert.deepEqual(framing.push(latin1(smuggled)).map(words), ["content-length-ambiguous"]);
  assert.deepEqual(framing.push(latin1(message(""))), []);
  assert.equal(framing.pendingBytes, 0);
});

test("a body may hold anything, another message too", () => {
  const body = `\0\r\n\r\n${message("x")}\n\r`;
  assert.deepEqual(cut(message(body) + message("")), [message(body), message("")]);
});

test("empty lines between messages are told one by one", () =>
  assert.deepEqual(cut(`\r\n\r\n${message("a")}\r\n${message("")}\r\n`), [
    "empty-line",
    "empty-line",
    message("a"),
    "empty-line",
    message(""),
    "empty-line",
  ]));

test("what can't begin a message breaks the stream at once", () => {
  for (const start of ["\x16\x03\x01", "\0\0\0\0", " GET", "\n", "\x80abc", "\x7f"]) {
    assert.deepEqual(cut(start), ["not-sip"]);
  }
  assert.deepEqual(cut("\rx"), ["bare-line-end"]);
});

test("header and message are bounded, whether or not they end", () => {
  assert.deepEqual(cut(`A${"a".repeat(1000)}`), ["header-too-long"]);
  assert.deepEqual(cut(message("", `X: ${"a".repeat(1000)}\r\nl: 0`)), ["header-too-long"]);
  assert.deepEqual(cut(message("", "Content-Length: 1990")), ["message-too-long"]);
  assert.deepEqual(cut("A".repeat(1000)), []);
  const header = message("", "Content-Length: 1900");
  assert.equal(header.length + 1900 <= 2000, true);
  assert.equal(cut(header + "b".repeat(1900)).length, 1);
});

test("an idle stream keeps nothing", () => {
  const framing = new Framing(limits);
  framing.push(latin1(message("hello").slice(0, 40)));
  assert.equal(framing.pendingBytes, 40);
  framing.push(latin1(message("hello").slice(40)));
  assert.equal(framing.pendingBytes, 0);
});

test("messages given out stay as they were while the stream goes on", () => {
  const framing = new Framing(limits);
  const kept: Framed[] = [];
  const texts = ["one", "two", "three", "four"].map((body) => message(body));
  for (const byte of latin1(texts.join(""))) kept.push(...framing.push(Uint8Array.of(byte)));
  assert.deepEqual(kept.map(words), texts);
});

/** Cuts a text into pieces at the given places. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((end, i) => text.slice(i === 0 ? 0 : places[i - 1], end));
}

const piecewise = (text: string, cuts: readonly number[]): string[] => {
  const framing = new Framing(limits);
  return pieces(text, cuts).flatMap((piece) => framing.push(latin1(piece)).map(words));
};

const cuts = fc.array(fc.nat({ max: 5000 }), { maxLength: 40 });

test("however the network cuts a stream, the messages are the same", () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: "binary-ascii", maxLength: 60 }).map((body) => message(body)),
          fc.constant("\r\n"),
        ),
        { maxLength: 12 },
      ),
      cuts,
      (texts, places) => {
        const expected = texts.map((text) => (text === "\r\n" ? "empty-line" : text));
        assert.deepEqual(piecewise(texts.join(""), places), expected);
      },
    ),
  ));

test("any bytes, however they are cut: never a throw, always the same, never past the limits", () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom("\r\n", "\r\n\r\n", "\r", "\n", "l: 3", "Content-Length:", " ", "0", "-"),
          fc.constantFrom("SIP/2.0 200 OK\r\n", "abc", message("hi"), "\0", "\xff"),
          fc.string({ unit: "binary-ascii", maxLength: 20 }),
        ),
        { maxLength: 30 },
      ),
      cuts,
      (parts, places) => {
        const text = parts.join("");
        const whole = cut(text);
        assert.deepEqual(piecewise(text, places), whole);
        const framing = new Framing(limits);
        for (const piece of pieces(text, places)) framing.push(latin1(piece));
        assert.ok(framing.pendingBytes <= limits.messageBytesMax);
      },
    ),
    { numRuns: 500 },
  ));
