import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  Headers,
  type Message,
  type ParseFailure,
  parseCredentials,
  parseMessage,
  parseMessageText,
  parseNameAddr,
  parseParametered,
  parseReason,
  parseReferTo,
  parseReplaces,
  parseSessionExpires,
  parseUri,
  parseVia,
  printMessage,
  printNameAddr,
  printUri,
  Request,
  responseTo,
} from "#sip-message";
import { RFC4475_INVALID } from "../conformance/torture/rfc4475-invalid.ts";
import { RFC4475_LAYERS } from "../conformance/torture/rfc4475-layers.ts";
import { RFC4475_VALID } from "../conformance/torture/rfc4475-valid.ts";
import { RFC5118 } from "../conformance/torture/rfc5118.ts";

const SEEDS: readonly Buffer[] = [
  ...RFC4475_VALID,
  ...RFC4475_INVALID,
  ...RFC4475_LAYERS,
  ...RFC5118,
].map((torture) => Buffer.from(torture.wire));

const MUTATED_RUNS = 10_000;

/** Reads all that can be read of a message: nothing of it may throw. */
function readAll(message: Message): void {
  const { headers } = message;
  void [message.via.params, message.from.params, message.to.params, message.cseq, message.callId];
  void [message.from.display, message.to.display, message.contact?.params, message.contacts];
  if (message.kind === "request") void message.target?.params;
  headers.each(({ key }, value) => {
    for (const element of headers.list(key)) readAs(element);
    readAs(value);
  });
}

function readAs(value: string): void {
  const address = parseNameAddr(value);
  if (address) void [address.params, address.display, parseUri(address.uri)?.params];
  void [parseVia(value)?.params, parseUri(value)?.params, parseCredentials(value)];
  void [parseReferTo(value), parseReplaces(value), parseReason(value)];
  void [parseParametered(value), parseSessionExpires(value)];
}

/** What holds of everything that the parser makes of any bytes. */
function check(result: Message | ParseFailure): void {
  if (result.kind === "parse-failure") {
    if (!result.replyTo) return;
    checkLines(printMessage(responseTo(result.replyTo, result.status, undefined, "tag")));
    return;
  }
  readAll(result);
  const printed = printMessage(result);
  checkLines(printed);
  const again = parseMessageText(printed);
  assert.ok(again.kind === result.kind, `what was printed is refused: ${printed}`);
  assert.equal(printMessage(again), printed);
  assert.deepEqual(summaryOf(again), summaryOf(result));
}

/** The head is lines that end with CRLF, without a CR, LF or NUL within. */
function checkLines(printed: string): void {
  const head = printed.slice(0, printed.indexOf("\r\n\r\n"));
  for (const line of head.split("\r\n")) {
    assert.ok(!/[\r\n\0]/.test(line), `a line within a line: ${JSON.stringify(line)}`);
  }
}

const summaryOf = (message: Message): unknown => [
  message.kind === "request" ? [message.method, message.uri] : [message.status, message.reason],
  message.callId,
  message.cseq,
  [message.via.transport, message.via.host, message.via.port, message.via.branch],
  [message.from.display, message.from.uri, message.from.tag],
  [message.to.display, message.to.uri, message.to.tag],
  message.contacts.map((contact) => [contact.display, contact.uri, [...contact.params]]),
  message.body,
];

/** Pieces that matter to a parser, to be put where they don't belong. */
const PIECES = [
  "\r\n",
  "\n",
  "\r",
  "\r\n ",
  "\r\n\r\n",
  "\0",
  '"',
  "\\",
  "<",
  ">",
  ";",
  ",",
  "=",
  ":",
  "@",
  "%",
  "%00",
  "%0D%0A",
  "[",
  "]",
  "?",
  " ",
  "\t",
  "Via: ",
  "Content-Length: 5\r\n",
  "SIP/2.0",
  "tag=",
  "branch=z9hG4bK",
  "*",
  "-1",
  "99999999999",
  "\xff",
].map((piece) => Buffer.from(piece, "latin1"));

const mutation = fc.record({
  kind: fc.constantFrom("flip", "flip", "delete", "insert", "insert", "repeat", "cut", "splice"),
  // Left to itself fast-check prefers small numbers, and would break hardly more than start lines.
  at: fc.noBias(fc.nat()),
  length: fc.integer({ min: 1, max: 12 }),
  value: fc.nat(),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never;

function mutate(bytes: Buffer, { kind, at, length, value }: Mutation): Buffer {
  const start = at % (bytes.length + 1);
  const end = Math.min(start + length, bytes.length);
  const before = bytes.subarray(0, start);
  const rest = bytes.subarray(start);
  switch (kind) {
    case "flip": {
      const flipped = Buffer.from(bytes);
      if (start < flipped.length) flipped[start] = value & 0xff;
      return flipped;
    }
    case "delete":
      return Buffer.concat([before, bytes.subarray(end)]);
    case "insert":
      return Buffer.concat([before, PIECES[value % PIECES.length]!, rest]);
    case "repeat":
      return Buffer.concat([before, bytes.subarray(start, end), rest]);
    case "cut":
      return before;
    case "splice": {
      const other = SEEDS[value % SEEDS.length]!;
      return Buffer.concat([before, other.subarray(at % other.length)]);
    }
  }
}

const mutated = fc
  .tuple(fc.constantFrom(...SEEDS), fc.array(mutation, { minLength: 1, maxLength: 3 }))
  .map(([seed, mutations]) => mutations.reduce(mutate, seed));

test("random bytes are refused or read, never thrown at", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => check(parseMessage(bytes))),
    { numRuns: 2_000 },
  );
});

test(`${MUTATED_RUNS} mutated messages: none throws, and what is read is printed as the same`, () => {
  let read = 0;
  fc.assert(
    fc.property(mutated, (bytes) => {
      const result = parseMessage(bytes);
      if (result.kind !== "parse-failure") read++;
      check(result);
    }),
    { numRuns: MUTATED_RUNS },
  );
  // Of mutated messages a good part is still sound: else the printing would not have been tried.
  assert.ok(read > MUTATED_RUNS / 20, `${read} were read`);
});

const text = (chars: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...chars), minLength, maxLength });

const TOKEN = "abcXYZ019-.!%*_+`'~";
const HOST = "abcxyz019";
const token = text(TOKEN, 1, 12);
const host = fc.oneof(
  text(HOST, 1, 10).map((name) => `${name}.example`),
  fc.constantFrom("192.0.2.1", "[2001:db8::1]"),
);
const user = text("abc019-_.!~*'()&=+$,;?/", 1, 10);
const uri = fc
  .tuple(
    fc.constantFrom("sip", "sips"),
    fc.option(user),
    host,
    fc.option(fc.integer({ min: 0, max: 65_535 })),
  )
  .map(
    ([scheme, name, where, port]) =>
      `${scheme}:${name === null ? "" : `${name}@`}${where}${port === null ? "" : `:${port}`}`,
  );
const display = fc
  .string({ unit: "binary-ascii", minLength: 1, maxLength: 12 })
  .map((name) => name.replace(/[\r\n\0]/g, "_"));
const address = fc.record({
  display: fc.option(display, { nil: undefined }),
  uri,
  tag: token,
});

test("a message of valid parts is read as those parts", () => {
  fc.assert(
    fc.property(
      token,
      uri,
      address,
      address,
      token,
      fc.nat(0x7fff_ffff),
      fc.string(),
      (...parts) => {
        const [method, target, from, to, callId, number, subject] = parts;
        const headers = new Headers();
        headers.add("via", "SIP/2.0/UDP a.example;branch=z9hG4bK1");
        headers.add("from", printNameAddr(from));
        headers.add("to", printNameAddr(to));
        headers.add("call-id", callId);
        headers.add("cseq", `${number} ${method}`);
        headers.add("subject", Buffer.from(subject, "utf8").toString("latin1"));
        const printed = printMessage(new Request(method, target, headers, subject));
        const message = parseMessageText(printed);
        assert.ok(message.kind === "request", JSON.stringify(message));
        assert.deepEqual([message.method, message.uri, message.callId], [method, target, callId]);
        assert.deepEqual(message.cseq, { number, method });
        assert.deepEqual(
          [message.from.display, message.from.uri, message.from.tag],
          Object.values({ ...from }),
        );
        assert.deepEqual(
          [message.to.display, message.to.uri, message.to.tag],
          Object.values({ ...to }),
        );
        assert.equal(message.body, subject);
        assert.equal(printUri(message.target!), target);
      },
    ),
    { numRuns: 2_000 },
  );
});
