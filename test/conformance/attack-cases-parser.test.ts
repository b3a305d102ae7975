import assert from "node:assert/strict";
import { test } from "node:test";
import {
  headerKey,
  MESSAGE_LIMITS,
  type Message,
  type ParseFailure,
  parseChallenge,
  parseCredentials,
  parseMessage,
  parseNameAddr,
  parseUri,
  parseVia,
  printMessage,
  splitList,
} from "#sip-message";

// The attack cases that end at the parser, by their names in docs/security.md.

const FIELDS = [
  "Via: SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bK1",
  "From: <sip:a@example.com>;tag=1",
  "To: <sip:b@example.net>",
  "Call-ID: c1",
  "CSeq: 1 SUBSCRIBE",
];

const subscribe = (...more: readonly string[]): string =>
  ["SUBSCRIBE sip:b@example.net SIP/2.0", ...FIELDS, ...more, "", ""].join("\r\n");

const read = (text: string): Message | ParseFailure => parseMessage(Buffer.from(text, "latin1"));

function accepted(text: string): Message {
  const message = read(text);
  assert.ok(message.kind !== "parse-failure", `refused: ${JSON.stringify(message)}`);
  return message;
}

function refused(text: string): ParseFailure {
  const failure = read(text);
  assert.ok(failure.kind === "parse-failure", "accepted");
  return failure;
}

/**
 * What grows with the square of such a length takes seconds; what doesn't, some milliseconds
 * (`bench/parse.ts` tells how many), so that even a busy machine is no doubt.
 */
const HANG_MS = 1_000;

function hangs(task: () => void): boolean {
  const start = performance.now();
  task();
  return performance.now() - start > HANG_MS;
}

test("A1: a CSeq that overflows is a 400", () => {
  for (const number of ["2147483648", "4294967296", "36893488147419103232", "-1", "1e3", "0x1"]) {
    const failure = refused(subscribe().replace("CSeq: 1 ", `CSeq: ${number} `));
    assert.deepEqual([failure.what, failure.status], ["cseq", 400], number);
    assert.ok(failure.replyTo);
  }
  assert.equal(
    accepted(subscribe().replace("CSeq: 1 ", "CSeq: 2147483647 ")).cseq.number,
    2 ** 31 - 1,
  );
});

test("A2: a multipart body is a body: its headers are not the message's", () => {
  const body = "--b\r\nContent-Type: text/plain\r\nVia: evil\r\n\r\nx\r\n--b--\r\n";
  const message = accepted(
    `${subscribe("Content-Type: multipart/mixed;boundary=b", `Content-Length: ${body.length}`)}${body}`,
  );
  assert.equal(message.body, body);
  assert.deepEqual(message.headers.all("via").length, 1);
});

test("A3: fifty Accept headers are read, sixty-five are refused", () => {
  const accepts = (count: number): string[] => new Array(count).fill("Accept: text/plain");
  assert.equal(accepted(subscribe(...accepts(50))).headers.list("accept").length, 50);
  assert.equal(refused(subscribe(...accepts(65))).what, "too-many-values");
  assert.equal(refused(subscribe(`Accept: ${"a/b,".repeat(65)}a/b`)).what, "too-many-values");
});

test("A5: an over-long From tag, Via branch or Call-ID is refused", () => {
  const long = "a".repeat(MESSAGE_LIMITS.identifierBytesMax + 1);
  for (const [from, to] of [
    ["tag=1", `tag=${long}`],
    ["branch=z9hG4bK1", `branch=z9hG4bK${long}`],
    ["Call-ID: c1", `Call-ID: ${long}`],
  ] as const) {
    assert.equal(refused(subscribe().replace(from, to)).what, "identifier-too-long", from);
  }
});

test("A6: a malformed Authorization is refused by its reader, and hurts nobody else", () => {
  const values = [
    "Digest",
    'Digest username="',
    "Digest =,=,",
    "Digest a=b c=d",
    '"',
    "=",
    "Digest ,,,",
  ];
  for (const value of values) {
    const message = accepted(subscribe(`Authorization: ${value}`));
    const credentials = parseCredentials(message.headers.get("authorization")!);
    assert.ok(credentials === undefined || credentials.params.size === 0, value);
    assert.deepEqual(parseChallenge(value), credentials);
  }
});

test("A7: a Content-Length of more than nine digits and a negative Expires are 400s", () => {
  for (const value of ["9999999999", "0000000000", "-1", "+1", "1 2", "1,1", "", "0x10", "1e1"]) {
    const failure = refused(subscribe(`Content-Length: ${value}`));
    assert.deepEqual([failure.what, failure.status], ["content-length", 400], value);
  }
  for (const value of ["-1", "4294967296", "9".repeat(300), "soon"]) {
    const failure = refused(subscribe(`Expires: ${value}`));
    assert.deepEqual([failure.what, failure.status], ["expires", 400], value);
  }
});

test("A8: a URI that is none is refused wherever it stands", () => {
  for (const uri of ["/", "*", "", "//", "sip", ":", "sip:", "http"]) {
    assert.equal(parseUri(uri), undefined, uri);
    assert.equal(parseNameAddr(`<${uri}>`), undefined, uri);
    assert.equal(refused(subscribe().replace("<sip:b@example.net>", `<${uri}>`)).what, "to", uri);
    const start = subscribe().replace("SUBSCRIBE sip:b@example.net", `SUBSCRIBE ${uri}`);
    assert.ok(["request-uri", "start-line"].includes(refused(start).what), uri);
  }
});

test("A10: the PROTOS class: over-long, format strings, odd UTF-8, missing and repeated fields, bad versions", () => {
  const oddities = [
    "%s%n%x%d".repeat(100),
    "a".repeat(30_000),
    "\xff\xfe\xc0\x80",
    "\x01\x02\x7f",
    "\t \t",
  ];
  const whole = subscribe();
  for (const odd of oddities) {
    for (let i = 0; i < FIELDS.length; i++) {
      const name = FIELDS[i]!.split(":")[0]!;
      const message = read(whole.replace(FIELDS[i]!, `${name}: ${odd}`));
      if (message.kind !== "parse-failure") printMessage(message);
    }
    accepted(subscribe(`Subject: ${odd}`));
    refused(whole.replace("sip:b@example.net SIP", `${odd} SIP`));
    refused(whole.replace("SIP/2.0\r", `SIP/${odd}\r`));
  }
  for (const field of FIELDS) {
    assert.equal(refused(whole.replace(`${field}\r\n`, "")).what, "missing-header", field);
    const isVia = field.startsWith("Via");
    assert.equal(read(subscribe(field)).kind, isVia ? "request" : "parse-failure", field);
  }
});

test("A12: header and parameter names that mean something to JavaScript mean nothing here", () => {
  const message = accepted(
    subscribe(
      "__proto__: polluted",
      "constructor: x",
      "toString: y",
      "Contact: <sip:a@b>;__proto__=z",
    ),
  );
  assert.equal(message.headers.get("__proto__"), "polluted");
  assert.equal(message.headers.get("constructor"), "x");
  assert.equal(message.headers.get("hasownproperty"), undefined);
  assert.equal(message.headers.get("valueof"), undefined);
  assert.equal(message.contact?.params.get("__proto__"), "z");
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test("A12: no message of the largest size stalls the loop", () => {
  const size = 65_000;
  const filled = (unit: string): string => unit.repeat(Math.floor(size / unit.length));
  const hostile: readonly (readonly [string, string])[] = [
    ["commas in Via", subscribe(`Via: ${filled(",")}`)],
    ["Via values", subscribe(`Via: ${filled("SIP/2.0/UDP a,")}a`)],
    ["Via lines", subscribe(...new Array(4_000).fill("v: SIP/2.0/UDP a"))],
    ["Route values", subscribe(`Route: ${filled("<sip:a>,")}<sip:a>`)],
    ["quotes", subscribe(`Contact: ${filled('"\\"')}`)],
    ["open quote", subscribe(`Contact: "${filled("\\\\")}`)],
    ["brackets", subscribe(`Contact: ${filled("<,")}`)],
    ["semicolons", subscribe(`Contact: <sip:a@b>${filled(";a")}`)],
    ["folds", subscribe(`Subject: ${filled("\r\n ")}x`)],
    ["spaces", subscribe(`Subject: ${filled(" ")}x`)],
    ["spaces before the colon", subscribe(`Subject${filled(" ")}: x`)],
    ["empty lines first", `${filled("\r\n")}${subscribe()}`],
    ["no line end", filled("a")],
    ["no colon", subscribe(...new Array(30_000).fill("a"))],
    ["short headers", subscribe(...new Array(12_000).fill("a:"))],
    ["escapes", subscribe().replace("sip:b@example.net", `sip:${filled("%41")}@b`)],
    ["escaped NULs", subscribe(`Subject: "${filled("\\\0")}"`)],
    ["colons", subscribe(`Contact: <sip:[${filled(":")}]>`)],
    ["commas, no list", subscribe(`Subject: ${filled(",")}`)],
  ];
  for (const [name, text] of hostile) {
    const bytes = Buffer.from(text, "latin1");
    const isHung = hangs(() => {
      const message = parseMessage(bytes);
      if (message.kind === "parse-failure") return;
      for (const [header] of message.headers.entries()) message.headers.list(headerKey(header));
      printMessage(message);
    });
    assert.ok(!isHung, name);
  }
});

test("A12: the small readers don't stall either", () => {
  const long = 60_000;
  for (const text of [
    "a".repeat(long),
    ";".repeat(long),
    " ".repeat(long),
    '"'.repeat(long),
    "\\".repeat(long),
    `"${"\\".repeat(long)}`,
    "<".repeat(long),
    ",".repeat(long),
    ";a=".repeat(long / 3),
    "%".repeat(long),
    ":".repeat(long),
    `sip:[${"1:".repeat(long / 2)}]`,
  ]) {
    const isHung = hangs(() => {
      parseUri(text);
      parseNameAddr(text);
      parseVia(text);
      parseCredentials(text);
      parseCredentials(`Digest ${text}`);
      splitList(text);
    });
    assert.ok(!isHung, text.slice(0, 8));
  }
});

test("B1: white space before the colon makes no other header, and is not written again", () => {
  const message = accepted(
    subscribe("X-Bypass-me : x", "Route\t : <sip:evil.example;lr>", "m : <sip:c@d>"),
  );
  assert.equal(message.headers.get("x-bypass-me"), "x");
  assert.deepEqual(message.headers.list("route"), ["<sip:evil.example;lr>"]);
  message.headers.delete("x-bypass-me");
  message.headers.delete("route");
  const printed = printMessage(message);
  assert.doesNotMatch(printed, /bypass|evil|[ \t]:/i);
  assert.match(printed, /\r\nContact: <sip:c@d>\r\n/);
});

test("B1: a header in disguise is no known header, or is refused", () => {
  assert.equal(refused(subscribe("Ro ute: <sip:evil.example>")).what, "header-name");
  assert.equal(refused(subscribe("Route\0: <sip:evil.example>")).what, "nul");
  assert.equal(refused(subscribe("Route\x0b: <sip:evil.example>")).what, "header-name");
  assert.equal(refused(subscribe("Route\r\n : <sip:evil.example>")).what, "header-name");
  assert.ok(!accepted(subscribe("R%6Fute: <sip:evil.example>")).headers.has("route"));
});

test("B2: a body ends where Content-Length says, and two lengths are refused", () => {
  const smuggled = subscribe().replaceAll("SUBSCRIBE", "INVITE");
  const message = accepted(`${subscribe("Content-Length: 0")}${smuggled}`);
  assert.equal(message.body, "");
  assert.doesNotMatch(printMessage(message), /INVITE/);
  for (const second of ["Content-Length: 0", "Content-Length: 5", "l: 5", "content-LENGTH : 5"]) {
    assert.equal(refused(`${subscribe("Content-Length: 5", second)}hello`).what, "repeated-header");
  }
  assert.equal(refused(`${subscribe("Content-Length: 6")}hello`).what, "body-too-short");
});

test("B2: lines end with CRLF alone, for us as for everybody", () => {
  for (const end of ["\n", "\r", "\n\r", "\r\r\n"]) {
    assert.equal(refused(subscribe(`Subject: a${end}Route: <sip:evil.example>`)).what, "line-end");
    assert.ok(refused(subscribe().replaceAll("\r\n", end)).what);
  }
});

test("B2: no NUL goes from one side to the other", () => {
  const message = accepted(subscribe('Contact: "a\\\0b" <sip:c@d>', "Content-Type: x/y"));
  assert.equal(message.contact?.display, "ab");
  assert.ok(!printMessage(message).includes("\0"));
  for (const text of [
    subscribe("Subject: a\0b"),
    subscribe('Contact: "a\0b" <sip:c@d>'),
    subscribe().replace("Call-ID: c1", "Call-ID: c\0"),
    subscribe().replace("sip:b@example.net SIP", "sip:b\0@example.net SIP"),
  ]) {
    assert.ok(refused(text));
  }
});
