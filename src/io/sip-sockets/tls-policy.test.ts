import assert from "node:assert/strict";
import { test } from "node:test";
import { bearsName } from "./tls-policy.ts";

const peer = (subjectaltname: string, CN = "") => ({
  subjectaltname,
  subject: { CN } as never,
});

test("a certificate bears the DNS names that it lists, whatever their case", () => {
  const listed = peer("DNS:sip.example.org, DNS:EXAMPLE.net");
  assert.ok(bearsName(listed, "sip.example.org"));
  assert.ok(bearsName(listed, "Example.NET."));
  assert.ok(!bearsName(listed, "example.org"));
  assert.ok(!bearsName(listed, "sip.example.org.evil.net"));
});

test("where it lists SIP domains, they alone count (RFC 5922 §7.1)", () => {
  const listed = peer("URI:sip:example.org, DNS:host.example.net");
  assert.ok(bearsName(listed, "example.org"));
  assert.ok(!bearsName(listed, "host.example.net"));
  assert.ok(!bearsName(peer("URI:sip:bob@example.org"), "example.org"));
});

test("the common name counts only where no name is listed", () => {
  assert.ok(bearsName(peer("", "sip.example.org"), "sip.example.org"));
  assert.ok(!bearsName(peer("DNS:other.org", "sip.example.org"), "sip.example.org"));
  assert.ok(!bearsName({ subject: {} as never }, "undefined"));
});

test("an address is borne as an address", () => {
  const listed = peer("IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1");
  assert.ok(bearsName(listed, "192.0.2.1"));
  assert.ok(bearsName(listed, "2001:db8::1"));
  assert.ok(!bearsName(listed, "192.0.2.2"));
  assert.ok(!bearsName(peer("DNS:192.0.2.1"), "192.0.2.1"));
});

test("a star counts only where it is allowed, for one label", () => {
  const listed = peer("DNS:*.example.org, DNS:*.org");
  assert.ok(!bearsName(listed, "sip.example.org"));
  assert.ok(bearsName(listed, "sip.example.org", true));
  assert.ok(!bearsName(listed, "a.sip.example.org", true));
  assert.ok(!bearsName(listed, "example.org", true));
});

test("a quoted value can't pass for another name (CVE-2021-44532)", () => {
  assert.ok(!bearsName(peer('URI:"sip:a, DNS:sip.example.org"'), "sip.example.org"));
  assert.ok(!bearsName(peer('DNS:"x.org\\u002c DNS:sip.example.org"'), "sip.example.org"));
});
