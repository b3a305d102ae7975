import assert from "node:assert/strict";
import { test } from "node:test";
import { validateSettings } from "#settings";
import type { Flow, Side } from "#sip";
import { Sources } from "./sources.ts";

const settings = validateSettings({
  securedInterface: "no",
  publicLocal: { address: "192.0.2.1" },
  privateLocal: { address: "10.0.0.1" },
  pbx: { host: "10.0.0.2" },
  trunks: [
    { name: "wide", peers: [{ host: "198.51.100.7" }], sourceAddresses: ["198.51.100.0/24"] },
    { name: "narrow", peers: [{ host: "198.51.100.9" }] },
    { name: "six", peers: [{ host: "2001:db8::7" }] },
    { name: "named", peers: [{ host: "SIP.Operator.example" }] },
    { name: "twin-a", peers: [{ host: "203.0.113.5", port: 5060 }] },
    { name: "twin-b", peers: [{ host: "203.0.113.5", port: 5070 }] },
  ],
}).settings!;

const flow = (side: Side, remoteAddress: string, remotePort = 5060): Flow => ({
  id: "f",
  side,
  transport: "udp",
  localAddress: side === "public" ? "192.0.2.1" : "10.0.0.1",
  localPort: 5060,
  remoteAddress,
  remotePort,
});

const nameOf = (sources: Sources, from: Flow): string | undefined => {
  const source = sources.find(from);
  return source?.kind === "trunk" ? source.trunk.name : source?.kind;
};

const CASES: readonly (readonly [string, Flow, string | undefined])[] = [
  ["the PBX on its side", flow("private", "10.0.0.2"), "pbx"],
  ["the PBX's address on the public side", flow("public", "10.0.0.2"), undefined],
  ["a trunk on the private side", flow("private", "198.51.100.7"), undefined],
  ["an address in a block", flow("public", "198.51.100.200"), "wide"],
  ["an address that a narrower block has too", flow("public", "198.51.100.9"), "narrow"],
  ["an IPv6 address in another spelling", flow("public", "2001:DB8:0:0::7"), "six"],
  ["an IPv4 address as IPv6 sockets tell it", flow("public", "::ffff:198.51.100.9"), "narrow"],
  ["a stranger", flow("public", "8.8.8.8"), undefined],
  ["the first of twins by its port", flow("public", "203.0.113.5", 5060), "twin-a"],
  ["the second of twins by its port", flow("public", "203.0.113.5", 5070), "twin-b"],
];

for (const [name, from, expected] of CASES) {
  test(name, () => assert.equal(nameOf(new Sources(settings), from), expected));
}

test("what a trunk's name resolves to is a source, until it resolves to something else", () => {
  const sources = new Sources(settings);
  const from = flow("public", "203.0.113.80");
  assert.deepEqual(sources.names, ["sip.operator.example"]);
  assert.equal(nameOf(sources, from), undefined);
  sources.learn("SIP.operator.example", ["203.0.113.80", "2001:db8::80"]);
  assert.equal(nameOf(sources, from), "named");
  sources.learn("sip.operator.example", ["203.0.113.81"]);
  assert.equal(nameOf(sources, from), undefined);
});

test("a LAN element knows its WAN element, and no trunk", () => {
  const lan = validateSettings({
    mode: "chained-lan",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "10.0.0.2" },
    wanElement: { host: "172.16.0.9", tlsPort: 5064 },
  }).settings!;
  assert.equal(nameOf(new Sources(lan), flow("public", "172.16.0.9")), "wan-element");
});
