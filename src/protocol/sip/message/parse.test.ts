import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMessage, parseMessageText } from "./parse.ts";
import { MESSAGE_LIMITS, type ParseFailure } from "./parse-failure.ts";

const FIELDS = [
  "Via: SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bK1",
  "From: <sip:a@a>;tag=1",
  "To: <sip:b@b>",
  "Call-ID: c1",
  "CSeq: 1 OPTIONS",
];

const text = (start: string, fields: readonly string[], body = ""): string =>
  `${[start, ...fields, "", ""].join("\r\n")}${body}`;

const options = (...more: readonly string[]): string =>
  text("OPTIONS sip:b@b SIP/2.0", [...FIELDS, ...more]);

function failureOf(message: string, limits = MESSAGE_LIMITS): ParseFailure {
  const failure = parseMessageText(message, limits);
  assert.ok(failure.kind === "parse-failure", `accepted: ${message.slice(0, 300)}`);
  return failure;
}

test("bytes of all values survive in a body and in a header", () => {
  const body = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const head = Buffer.from(options(`Content-Length: 256`, "Subject: caf\xc3\xa9"), "latin1");
  const message = parseMessage(new Uint8Array(Buffer.concat([head, body])));
  assert.ok(message.kind === "request");
  assert.equal(message.headers.get("subject"), "caf\xc3\xa9");
  assert.deepEqual(Buffer.from(message.body, "latin1"), body);
});

test("line ends before a message are ignored, and nothing but them is empty", () => {
  assert.equal(parseMessageText(`\r\n\r\n${options()}`).kind, "request");
  assert.equal(failureOf("").what, "empty");
  assert.equal(failureOf("\r\n\r\n").what, "empty");
  assert.equal(failureOf("\r\n\r\n").replyTo, undefined);
});

test("a datagram's body ends where Content-Length says, or with the datagram", () => {
  const cut = parseMessageText(`${options("Content-Length: 3")}abcdef`);
  assert.ok(cut.kind === "request");
  assert.equal(cut.body, "abc");
  const whole = parseMessageText(`${options()}abcdef`);
  assert.ok(whole.kind === "request");
  assert.equal(whole.body, "abcdef");
  assert.equal(failureOf(`${options("Content-Length: 7")}abcdef`).what, "body-too-short");
});

test("a Via list becomes one field a hop", () => {
  const message = parseMessageText(options('v: SIP/2.0/TCP a, SIP/2.0/TCP b;x="1,2"'));
  assert.ok(message.kind === "request");
  assert.deepEqual(message.headers.all("via").slice(1), ["SIP/2.0/TCP a", 'SIP/2.0/TCP b;x="1,2"']);
});

test("each fault has its name and its status", () => {
  const replaced = (from: string, to: string): string => options().replace(from, to);
  const faults: readonly (readonly [string, string, number?])[] = [
    ["hello", "headers-unended"],
    ["hello\r\n\r\n", "start-line"],
    ["OPTIONS sip:b@b\r\n\r\n", "start-line"],
    [replaced("SIP/2.0\r", "SIP/2.1\r"), "version", 505],
    [replaced("SIP/2.0\r", "XIP/2.0\r"), "start-line"],
    [replaced("OPTIONS", "OPT(IONS"), "start-line"],
    [replaced("sip:b@b", "im:b@b"), "unsupported-scheme", 416],
    [replaced("sip:b@b", "sip:b@@b"), "request-uri", 400],
    [replaced("sip:b@b", `sip:${"b".repeat(2100)}@b`), "request-uri-too-long", 414],
    [replaced("To: <sip:b@b>", `To: <sip:${"b".repeat(2100)}@b>`), "uri-too-long", 400],
    [replaced("Call-ID: c1", `Call-ID: ${"c".repeat(1025)}`), "identifier-too-long", 400],
    [replaced("Call-ID: c1", "Call-ID: c 1"), "call-id", 400],
    [replaced("Call-ID: c1", "Call-ID:"), "call-id", 400],
    [replaced("Call-ID: c1\r\n", ""), "missing-header"],
    [replaced("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), "cseq-method", 400],
    [replaced("CSeq: 1 OPTIONS", "CSeq: OPTIONS"), "cseq", 400],
    [replaced("Via: SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bK1", "Via: ,"), "via"],
    [options("To: <sip:c@c>"), "repeated-header", 400],
    [options("Subject without colon"), "header-without-colon", 400],
    [options(" : x"), "cseq", 400],
    [options("Sub(ject: x"), "header-name", 400],
    [options(": x"), "header-name", 400],
    [options("Subject: a\nEvil: b"), "line-end", 400],
    [options("Subject: a\rEvil: b"), "line-end", 400],
    [options("Contact: nobody"), "contact", 400],
    [options("Contact: <sip:a@b>, <sip:c@d"), "contact", 400],
    [options("Route: <sip:a@b>;;"), "route", 400],
    [options("Record-Route: x"), "route", 400],
    [options("Max-Forwards: 256"), "max-forwards", 400],
    [options("Expires: -1"), "expires", 400],
    [options("Content-Length: 0000000000"), "content-length", 400],
    [options().slice(0, -2), "headers-unended", 400],
    [replaced("OPTIONS sip:b@b SIP/2.0", "SIP/2.0 99 Low"), "status"],
    [replaced("OPTIONS sip:b@b SIP/2.0", "SIP/2.0 2000 High"), "status"],
    [replaced("OPTIONS sip:b@b SIP/2.0", "SIP/3.0 200 OK"), "version"],
  ];
  for (const [message, what, status] of faults) {
    const failure = failureOf(message);
    assert.equal(failure.what, what, JSON.stringify(message.slice(0, 200)));
    if (status === undefined) assert.equal(failure.replyTo, undefined, `${what} is answered`);
    else
      assert.deepEqual(
        [failure.status, failure.replyTo?.callId !== undefined],
        [status, true],
        what,
      );
  }
});

test("an ACK is never answered, broken or not", () => {
  const ack = options("Expires: -1").replaceAll("OPTIONS", "ACK");
  assert.equal(failureOf(ack).replyTo, undefined);
});

test("each limit holds at its value and not before", () => {
  const few = { ...MESSAGE_LIMITS, headersMax: 10, valuesMax: 4, identifierBytesMax: 30 };
  const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-${i}: ${i}`);
  assert.equal(parseMessageText(options(...many(5)), few).kind, "request");
  assert.equal(failureOf(options(...many(6)), few).what, "too-many-headers");
  assert.equal(
    parseMessageText(options("Accept: a/a, b/b", "Accept: c/c,d/d"), few).kind,
    "request",
  );
  assert.equal(
    failureOf(options("Accept: a/a, b/b", "Accept: c/c,d/d,e/e"), few).what,
    "too-many-values",
  );
  assert.equal(
    failureOf(options("X-A: 1", "x-a: 2", "X-A: 3", "X-A: 4", "X-A: 5"), few).what,
    "too-many-values",
  );
  const tag = (length: number): string => options().replace("tag=1", `tag=${"t".repeat(length)}`);
  assert.equal(parseMessageText(tag(30), few).kind, "request");
  assert.equal(failureOf(tag(31), few).what, "identifier-too-long");
  const bytes = Buffer.from(options(`Subject: ${"s".repeat(100)}`));
  const exact = { ...MESSAGE_LIMITS, messageBytesMax: bytes.length };
  assert.equal(parseMessage(bytes, exact).kind, "request");
  const over = parseMessage(bytes, { ...exact, messageBytesMax: bytes.length - 1 });
  assert.ok(over.kind === "parse-failure");
  assert.deepEqual([over.what, over.status], ["message-too-large", 513]);
  assert.equal(over.replyTo?.callId, "c1");
});

test("requests may be addressed to numbers and services", () => {
  for (const uri of ["tel:+33123", "urn:service:sos", "sips:b@b"]) {
    assert.equal(parseMessageText(options().replace("sip:b@b", uri)).kind, "request", uri);
  }
});

test("a status line may lack the space before its empty reason", () => {
  const response = parseMessageText(text("SIP/2.0 200", FIELDS));
  assert.ok(response.kind === "response");
  assert.deepEqual([response.status, response.reason], [200, ""]);
});

test("a response is not lost for a number that decides nothing", () => {
  const response = parseMessageText(text("SIP/2.0 200 OK", [...FIELDS, "Expires: soon"]));
  assert.equal(response.kind, "response");
});

test("a broken request is answered by way of all its hops, and with its first fields", () => {
  const { replyTo } = failureOf(options("v: SIP/2.0/TCP b, SIP/2.0/TCP c", "From: <sip:z@z>"));
  assert.deepEqual(replyTo?.headers.all("via").slice(1), ["SIP/2.0/TCP b", "SIP/2.0/TCP c"]);
  assert.deepEqual(replyTo?.headers.all("from"), ["<sip:a@a>;tag=1"]);
});
