import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReferTo, printReferTo } from "./refer-to.ts";
import { printUri } from "./uri.ts";

test("an attended transfer names the dialog to replace", () => {
  const to = parseReferTo(
    '"Bob" <sip:bob@b;lr?Replaces=12%40c%3Bto-tag%3D1%3Bfrom-tag%3D2&Accept-Contact=%3Bx>',
  );
  assert.ok(to);
  assert.equal(to.display, "Bob");
  assert.equal(printUri(to.uri), "sip:bob@b;lr");
  assert.equal(to.method, "INVITE");
  assert.deepEqual(to.replaces, { callId: "12@c", toTag: "1", fromTag: "2", isEarlyOnly: false });
  assert.deepEqual([...to.headers], [["accept-contact", ";x"]]);
  assert.deepEqual(parseReferTo(printReferTo(to)), to);
});

test("a method other than INVITE stays in the URI", () => {
  const to = parseReferTo("<sip:conf@b;method=bye>");
  assert.equal(to?.method, "BYE");
  assert.ok(to && !to.uri.params.has("method"));
  assert.equal(printReferTo(to), "<sip:conf@b;method=BYE>");
});

test("a number is referred to by tel", () => {
  assert.equal(printReferTo(parseReferTo("<tel:+33123>")!), "<tel:+33123>");
});

test("what points nowhere or replaces nothing is refused", () => {
  for (const value of ["", "bob", "<sip:>", "<sip:b?Replaces=x>", "sip:b?Replaces=x"]) {
    assert.equal(parseReferTo(value), undefined, value);
  }
});
