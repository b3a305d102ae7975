import assert from "node:assert/strict";
import { test } from "node:test";
import { headerKey } from "./header-names.ts";
import { Headers } from "./headers.ts";

function headersOf(...fields: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.add(name, value);
  return headers;
}

test("names are found in any case and by their compact form", () => {
  const headers = headersOf(["i", "a@b"], ["X-Unknown", "1"]);
  for (const name of ["call-id", "Call-ID", "CALL-ID", "i", "I"]) {
    assert.equal(headers.get(headerKey(name)), "a@b", name);
  }
  assert.equal(headers.get("x-unknown"), "1");
  assert.equal(headers.get(headerKey("X-UNKNOWN")), "1");
  assert.equal(headers.get("x-other"), undefined);
  assert.deepEqual(
    [...headers.entries()],
    [
      ["Call-ID", "a@b"],
      ["X-Unknown", "1"],
    ],
  );
});

test("set replaces all fields of a name in the place of the first", () => {
  const headers = headersOf(["route", "a"], ["from", "b"], ["route", "c"], ["route", "d"]);
  headers.set("route", "e");
  assert.deepEqual(
    [...headers.entries()],
    [
      ["Route", "e"],
      ["From", "b"],
    ],
  );
  headers.set("to", "f");
  assert.deepEqual(headers.all("to"), ["f"]);
});

test("setFirst leaves the others of its name alone", () => {
  const headers = headersOf(["via", "a"], ["via", "b"]);
  headers.setFirst("via", "c");
  assert.deepEqual(headers.all("via"), ["c", "b"]);
});

test("prepend, delete and copy", () => {
  const headers = headersOf(["via", "b"], ["to", "t"], ["x-a", "1"], ["X-A", "2"]);
  const copy = headers.copy();
  headers.prepend("via", "a");
  headers.delete("x-a");
  assert.deepEqual(headers.all("via"), ["a", "b"]);
  assert.ok(!headers.has("x-a"));
  assert.deepEqual(copy.all("via"), ["b"]);
  assert.deepEqual(copy.all("x-a"), ["1", "2"]);
});

test("list cuts at commas over all lines, but for quotes, brackets and headers that are no lists", () => {
  const headers = headersOf(
    ["contact", '"a, b" <sip:c,d@e>, <sip:f>'],
    ["contact", "<sip:g>"],
    ["supported", "timer,,  100rel ,"],
    ["date", "Sat, 13 Nov 2010 23:29:00 GMT"],
    ["www-authenticate", 'Digest realm="a", nonce="b"'],
  );
  assert.deepEqual(headers.list("contact"), ['"a, b" <sip:c,d@e>', "<sip:f>", "<sip:g>"]);
  assert.deepEqual(headers.list("supported"), ["timer", "100rel"]);
  assert.deepEqual(headers.list("date"), ["Sat, 13 Nov 2010 23:29:00 GMT"]);
  assert.deepEqual(headers.list("www-authenticate"), ['Digest realm="a", nonce="b"']);
  assert.deepEqual(headers.list("require"), []);
});

test("a value can't end its line, whatever it was made of", () => {
  const headers = headersOf(["subject", "a\r\nEvil: b\0c\nd"]);
  assert.equal(headers.get("subject"), "a  Evil: b c d");
  headers.set("subject", "x\r\ny");
  headers.prepend("X-A", "1\r2");
  assert.equal(headers.print(), "\r\nX-A: 1 2\r\nSubject: x  y");
});

test("each shows keys in lower case and names as they are written", () => {
  const seen: string[] = [];
  headersOf(["m", "a"], ["X-Up", "b"]).each(({ key, print }, value) => {
    seen.push(`${key} ${print} ${value}`);
  });
  assert.deepEqual(seen, ["contact Contact a", "x-up X-Up b"]);
});
