import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeUriHeader, escapeUser, parseUri, printUri, sameHost, unescapeUri } from "./uri.ts";

test("a SIP URI is cut into its parts", () => {
  const uri = parseUri(
    "SIP:alice:se:cret@Example.com:5061;Transport=TCP;lr?subject=x&priority=urgent",
  );
  assert.ok(uri);
  assert.equal(uri.scheme, "sip");
  assert.equal(uri.user, "alice");
  assert.equal(uri.password, "se:cret");
  assert.equal(uri.host, "Example.com");
  assert.equal(uri.port, 5061);
  assert.deepEqual(
    [...uri.params],
    [
      ["transport", "TCP"],
      ["lr", undefined],
    ],
  );
  assert.equal(uri.headers, "subject=x&priority=urgent");
});

test("URIs of all forms are printed as they were read", () => {
  for (const text of [
    "sip:example.com",
    "sips:bob@192.0.2.1:5061",
    "sip:+33123;phone-context=example.com@gw.example.net;user=phone",
    "sip:[2001:db8::1]",
    "sip:a@[2001:db8::1]:5060;transport=tcp",
    "sip:%23%00@example.com",
    "sip:#31#0123@example.com",
    "sip:a:@example.com",
    "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
    "tel:+1-201-555-0123",
    "tel:7042;phone-context=example.com",
    "urn:service:sos.fire",
    "isbn:2983792873",
    "http://www.example.com/a?b=c",
    "sip:user@host;received=2001:db8::1",
  ]) {
    const uri = parseUri(text);
    assert.ok(uri, text);
    assert.equal(printUri(uri), text);
  }
});

test("what is no URI is refused", () => {
  for (const text of [
    "",
    "/",
    ":",
    "sip:",
    "sip",
    "example.com",
    "1sip",
    "sip:@example.com",
    "sip:a@",
    "sip:a@b@c",
    "sip:a b@c",
    "sip:a@b c",
    "sip:a@b:",
    "sip:a@b:65536",
    "sip:a@b:50x",
    "sip:a@b;",
    "sip:a@b;;lr",
    "sip:a@b;=x",
    "sip:a@b?",
    "sip:a@b?a b",
    "sip:a@[2001:db8::1",
    "sip:a@[2001:db8::1]x",
    "sip:a@[]",
    "sip:a@[192.0.2.1]",
    "sip:a@2001:db8::1",
    "sip:a%4@b",
    "sip:a%@b",
    "sip:a%zz@b",
    "sip:<a@b>",
    'sip:"a"@b',
    "tel:",
    "tel:+33 1",
    "tel:+33;",
    "urn:",
    "sip:a@b\r\nEvil: x",
    "sip:a@b\0",
  ]) {
    assert.equal(parseUri(text), undefined, JSON.stringify(text));
  }
});

test("three colons before an IPv4 tail are read as two, and nowhere else (RFC 5118 §4.10)", () => {
  assert.equal(parseUri("sip:[2001:db8:::192.0.2.1]")?.host, "2001:db8::192.0.2.1");
  for (const host of ["[2001:db8:::10]", "[2001:db8::::192.0.2.1]", "[2001:db8::1:::192.0.2.1]"]) {
    assert.equal(parseUri(`sip:${host}`), undefined, host);
  }
});

test("of a parameter that comes twice the first counts, and no name is special", () => {
  const uri = parseUri("sip:a@b;maddr=1.1.1.1;maddr=2.2.2.2;__proto__=x;constructor");
  assert.equal(uri?.params.get("maddr"), "1.1.1.1");
  assert.equal(uri?.params.get("__proto__"), "x");
  assert.ok(uri?.params.has("constructor"));
  assert.ok(!uri?.params.has("tostring"));
});

test("an escaped parameter name is the name", () => {
  assert.ok(parseUri("sip:a@b;%6C%72")?.params.has("lr"));
});

test("escapes are undone once, and made where they are needed", () => {
  assert.equal(unescapeUri("a%2541%00b%"), "a%41\0b%");
  assert.equal(escapeUser("a b@c:d#é"), "a%20b%40c%3Ad%23%E9");
  assert.equal(unescapeUri(escapeUser("a b@c:d#é")), "a b@c:d#é");
  assert.equal(escapeUriHeader("a@b;to-tag=1"), "a%40b%3Bto-tag%3D1");
});

test("hosts are one in any case and any spelling of an address", () => {
  assert.ok(sameHost("Example.COM", "example.com"));
  assert.ok(sameHost("2001:DB8:0::1", "2001:db8::1"));
  assert.ok(!sameHost("192.0.2.1", "192.0.2.10"));
});
