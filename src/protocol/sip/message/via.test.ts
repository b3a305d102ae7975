import assert from "node:assert/strict";
import { test } from "node:test";
import { parseVia, printVia, stampVia } from "./via.ts";

test("a hop is cut into its parts", () => {
  const via = parseVia("SIP/2.0/tls [2001:db8::1]:5061;branch=z9hG4bK1;rport;received=192.0.2.1");
  assert.ok(via);
  assert.equal(via.transport, "TLS");
  assert.equal(via.host, "2001:db8::1");
  assert.equal(via.port, 5061);
  assert.equal(via.branch, "z9hG4bK1");
  assert.ok(via.params.has("rport"));
  assert.equal(via.params.get("received"), "192.0.2.1");
});

test("white space may stand nearly everywhere", () => {
  const via = parseVia("SIP / 2.0 / UDP  host.example : 5070 ; branch = a ; ttl=1");
  assert.deepEqual(
    [via?.transport, via?.host, via?.port, via?.branch, via?.params.get("ttl")],
    ["UDP", "host.example", 5070, "a", "1"],
  );
});

test("what is no single hop is refused", () => {
  for (const value of [
    "",
    "SIP/2.0/UDP",
    "SIP/2.0/UDP ",
    "SIP/2.0 host",
    "HTTP/1.1/TCP host",
    "SIP/2.0/UDP host:",
    "SIP/2.0/UDP host:0x10",
    "SIP/2.0/UDP host:65536",
    "SIP/2.0/UDP host;;branch=a",
    "SIP/2.0/UDP host;branch=",
    "SIP/2.0/UDP host;branch=a;branch=b",
    "SIP/2.0/UDP host, SIP/2.0/UDP other",
    "SIP/2.0/UDP [::1",
    "SIP/2.0/UDP [zz]",
    "SIP/2.0/UDP 2001:db8::1",
    "SIP/2.0/UDP ho st",
    "SIP/2.0/UDP ho\0st",
  ]) {
    assert.equal(parseVia(value), undefined, JSON.stringify(value));
  }
});

test("a hop without a branch is that of RFC 2543", () => {
  assert.equal(parseVia("SIP/2.0/UDP host")?.branch, "");
});

test("a hop of our own is printed with its branch", () => {
  assert.equal(
    printVia({ transport: "TCP", host: "2001:db8::1", port: 5060, branch: "z9hG4bKx" }),
    "SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bKx",
  );
  const via = parseVia("SIP/2.0/UDP a:1;branch=b;rport")!;
  assert.equal(printVia(via), "SIP/2.0/UDP a:1;branch=b;rport");
});

test("a received hop is stamped where its sender was not where it says (RFC 3261 §18.2.1, RFC 3581)", () => {
  const stamp = (value: string): string => stampVia(parseVia(value)!, "192.0.2.9", 4000);
  assert.equal(stamp("SIP/2.0/UDP 192.0.2.9;branch=b"), "SIP/2.0/UDP 192.0.2.9;branch=b");
  assert.equal(
    stamp("SIP/2.0/UDP pc.example;branch=b;received=10.0.0.1"),
    "SIP/2.0/UDP pc.example;branch=b;received=192.0.2.9",
  );
  assert.equal(
    stamp("SIP/2.0/UDP 192.0.2.9:5060;rport;branch=b"),
    "SIP/2.0/UDP 192.0.2.9:5060;rport=4000;branch=b;received=192.0.2.9",
  );
});
