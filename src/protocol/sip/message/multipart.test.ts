import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMultipart, printMultipart } from "./multipart.ts";

const TYPE = 'multipart/mixed;boundary="b:1"';

const parse = (body: string, type = TYPE) => parseMultipart(type, body);

test("parts are read with their fields, up to the line end that belongs to the boundary", () => {
  const read = parse(
    "preamble\r\n--b:1\r\nContent-Type: application/sdp\r\nContent-Disposition: session;\r\n handling=required\r\n\r\nv=0\r\n\r\n--b:1 \r\n\r\nplain\r\n--b:1--\r\nepilogue",
  );
  assert.equal(read?.subtype, "mixed");
  assert.equal(read.params.has("boundary"), false);
  assert.deepEqual(
    read.parts.map(({ body }) => body),
    ["v=0\r\n", "plain"],
  );
  assert.equal(read.parts[0]!.headers.get("content-disposition"), "session; handling=required");
  assert.equal(read.parts[1]!.headers.size, 0);
});

test("what is printed is read again as it was", () => {
  const { parts } = parse("--b:1\r\nContent-Type: a/b\r\n\r\n\0\r\n\xff\r\n--b:1--")!;
  const text = printMultipart(parts, "other");
  const again = parseMultipart("multipart/mixed;boundary=other", text)!;
  assert.equal(again.parts[0]!.body, "\0\r\n\xff");
  assert.equal(again.parts[0]!.headers.get("content-type"), "a/b");
});

test("a semicolon too many after the boundary is no loss", () => {
  const body = "--b\r\n\r\na\r\n--b--";
  assert.equal(parse(body, "multipart/mixed;boundary=b; ")?.parts[0]?.body, "a");
  assert.equal(parse(body, "multipart/mixed;boundary=b;;"), undefined);
});

test("a longer boundary that begins alike is no boundary of this body", () => {
  assert.equal(parse("--b:1x\r\n\r\na\r\n--b:1--"), undefined);
});

for (const [what, body, type] of [
  ["no end", "--b:1\r\n\r\nv=0"],
  ["no parts", "--b:1--"],
  ["no delimiter", "v=0\r\n"],
  ["no boundary", "--\r\n\r\nx\r\n----", "multipart/mixed"],
  ["a boundary without end", `--${"b".repeat(71)}--`, `multipart/mixed;boundary=${"b".repeat(71)}`],
  ["a field without a name", "--b:1\r\n: x\r\n\r\na\r\n--b:1--"],
  ["a field without a colon", "--b:1\r\nx\r\n\r\na\r\n--b:1--"],
  ["no empty line", "--b:1\r\nX: x\r\n--b:1--"],
  ["too many parts", `${"--b:1\r\n\r\na\r\n".repeat(17)}--b:1--`],
  ["too many fields", `--b:1\r\n${"X: x\r\n".repeat(17)}\r\na\r\n--b:1--`],
  ["two boundaries", "--b:1\r\n\r\na\r\n--b:1--", `${TYPE};boundary=c`],
  ["a boundary in pieces", "--b:1\r\n\r\na\r\n--b:1--", `${TYPE};boundary*0=c`],
  ["a part of two types", "--b:1\r\nContent-Type: a/b\r\nc: a/c\r\n\r\na\r\n--b:1--"],
  ["one body", "--b:1\r\n\r\na\r\n--b:1--", "application/sdp;boundary=b"],
] as const) {
  test(`no body of several parts: ${what}`, () => assert.equal(parse(body, type), undefined));
}

test("a hostile body is read in a time that grows with its length alone", () => {
  const started = performance.now();
  for (const piece of ["\r\n--b:1", "--b:1\r\n", "\r\n ", "--b:1\r\n\r\na\r\n", "\r\n--b:1x"]) {
    parse(`--b:1\r\nX: y${piece.repeat(Math.floor(65_000 / piece.length))}`);
  }
  assert.ok(performance.now() - started < 1_000);
});
