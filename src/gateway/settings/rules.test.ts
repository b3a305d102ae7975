import assert from "node:assert/strict";
import { test } from "node:test";
import { printError } from "./errors.ts";
import type { Machine } from "./rules.ts";
import { validateSettings } from "./validate.ts";

const PLAIN = {
  securedInterface: "no",
  publicLocal: { address: "192.0.2.1" },
  privateLocal: { address: "10.0.0.1" },
  pbx: { host: "10.0.0.2" },
};
const SECURED = { ...PLAIN, securedInterface: "yes" };
const WAN = {
  mode: "chained-wan",
  publicLocal: PLAIN.publicLocal,
  privateLocal: PLAIN.privateLocal,
};
const ELEMENT = { host: "10.0.0.9" };
const TRUNK = { name: "op", peers: [{ host: "198.51.100.7" }] };

/** The errors as "field: message; allowed: …", cut to the length of what is expected. */
function assertErrors(source: object, expected: readonly string[], machine?: Machine): void {
  const found = (validateSettings(source, machine).errors ?? [])
    .map((error) => printError(error))
    .sort();
  const wanted = [...expected].sort();
  assert.equal(found.length, wanted.length, `${found.join("\n")}\n≠\n${wanted.join("\n")}`);
  for (const [i, start] of wanted.entries())
    assert.ok(found[i]!.startsWith(start), `${found[i]} ≠ ${start}`);
}

test("OTT and MTLS exclude one another, and the errors name both", () => {
  assertErrors({ ...SECURED, ottSupport: "yes", mutualTls: "yes" }, [
    "mutualTls: yes: conflicts with another setting; allowed: no while ottSupport is yes",
    "ottSupport: yes: conflicts with another setting; allowed: no while mutualTls is yes",
    "mutualTls: yes: not available yet",
    "ottSupport: yes: not available yet",
  ]);
});

test("OTT needs a secured interface, and is not for a LAN element", () => {
  assertErrors({ ...PLAIN, ottSupport: "yes" }, [
    "ottSupport: yes: conflicts with another setting; allowed: no unless securedInterface",
    "ottSupport: yes: not available yet",
  ]);
  assertErrors({ ...SECURED, mode: "chained-lan", wanElement: ELEMENT, ottSupport: "yes" }, [
    "ottSupport: yes: conflicts with another setting; allowed: no on a LAN element",
    "ottSupport: yes: not available yet",
  ]);
});

test("protocols fit the secured interface", () => {
  assertErrors({ ...PLAIN, publicProtocols: "tls" }, ["publicProtocols: tls: conflicts"]);
  assertErrors({ ...PLAIN, privateProtocols: "tls+udp/tcp" }, [
    "privateProtocols: tls+udp/tcp: conflicts",
  ]);
  assertErrors({ ...SECURED, publicProtocols: "udp/tcp" }, ["publicProtocols: udp/tcp: conflicts"]);
  assertErrors({ ...SECURED, privateProtocols: "udp/tcp" }, []);
  assertErrors({ ...PLAIN, publicProtocols: "udp/tcp", privateProtocols: "udp/tcp" }, []);
});

test("each mode needs its peers", () => {
  const { pbx: _, ...withoutPbx } = PLAIN;
  assertErrors(withoutPbx, ["pbx: missing; allowed: host, port, transport"]);
  assertErrors(WAN, ["lanElement: missing; allowed: host, tlsPort"]);
  assertErrors({ ...WAN, lanElement: ELEMENT }, []);
  assertErrors({ ...WAN, mode: "chained-lan" }, ["pbx: missing", "wanElement: missing"]);
  assertErrors({ ...SECURED, mode: "chained-lan", wanElement: ELEMENT }, []);
});

test("a chain talks TLS, and each element has NAT on its outer side alone", () => {
  assertErrors({ ...WAN, lanElement: ELEMENT, securedInterface: "no" }, [
    "securedInterface: no: conflicts",
  ]);
  assertErrors({ ...WAN, lanElement: ELEMENT, privateProtocols: "udp/tcp" }, [
    "privateProtocols: udp/tcp: conflicts",
  ]);
  assertErrors({ ...WAN, lanElement: ELEMENT, privateNat: "yes" }, ["privateNat: yes: conflicts"]);
  assertErrors({ ...SECURED, mode: "chained-lan", wanElement: ELEMENT, publicNat: "yes" }, [
    "publicNat: yes: conflicts",
  ]);
});

test("NAT needs the address that it maps", () => {
  assertErrors({ ...PLAIN, publicNat: "yes", privateNat: "yes" }, [
    "advertised: missing; allowed: address, tlsPort, plainPort",
    "pbxReached: missing; allowed: host, port",
  ]);
  const pair = { advertised: { address: "203.0.113.1" }, pbxReached: { host: "10.9.9.9" } };
  assertErrors({ ...PLAIN, publicNat: "yes", privateNat: "yes", ...pair }, []);
});

test("IP2 and IP3 are addresses of this machine", () => {
  const machine = { addresses: ["127.0.0.1", "192.0.2.1", "fe80::1"] };
  const start =
    "privateLocal.address: 10.0.0.1: out of range; allowed: an address of this machine: 127.0.0.1, 192.0.2.1";
  assertErrors(PLAIN, [start], machine);
  assertErrors(PLAIN, [], { addresses: ["192.0.2.1", "10.0.0.1"] });
  const six = { ...PLAIN, publicLocal: { address: "2001:DB8:0::1" } };
  assertErrors(six, [], { addresses: ["2001:db8::1", "10.0.0.1"] });
});

test("no two SIP sockets share an address and port, whatever the transport", () => {
  const same = { ...SECURED, privateLocal: { address: "192.0.2.1", tlsPort: 5063 } };
  assertErrors(same, [
    "privateLocal.tlsPort: 5063: duplicate; allowed: a port other than publicLocal.tlsPort's",
  ]);
  const cross = {
    ...SECURED,
    publicProtocols: "tls+udp/tcp",
    publicLocal: { address: "192.0.2.1", tlsPort: 5070, plainPort: 5070 },
  };
  assertErrors(cross, [
    "publicLocal.plainPort: 5070: duplicate; allowed: a port other than publicLocal.tlsPort's",
  ]);
  assertErrors({ ...SECURED, privateLocal: { address: "10.0.0.1", tlsPort: 5063 } }, []);
});

test("UDP sockets stay out of the RTP range, and sockets off the PBX's", () => {
  const inside = { ...PLAIN, publicLocal: { address: "192.0.2.1", plainPort: 20001 } };
  assertErrors(inside, [
    "publicLocal.plainPort: 20001: conflicts with another setting; allowed: a port outside the RTP range",
  ]);
  assertErrors({ ...PLAIN, pbx: { host: "10.0.0.1", port: 5062 } }, [
    "privateLocal.plainPort: 5062: duplicate",
  ]);
  // Architecture 1 in plain SIP: the defaults of the public port and of the PBX are the same.
  const one = { address: "10.0.0.1" };
  assertErrors({ ...PLAIN, publicLocal: one, privateLocal: one, pbx: { host: "10.0.0.1" } }, [
    "publicLocal.plainPort: 5060: duplicate; allowed: a port other than the PBX's 5060",
  ]);
});

test("the PBX's and the peers' transports are spoken on their side", () => {
  assertErrors({ ...PLAIN, pbx: { host: "10.0.0.2", transport: "tls" } }, [
    "pbx.transport: tls: conflicts",
  ]);
  assertErrors({ ...SECURED, pbx: { host: "10.0.0.2", transport: "udp" } }, [
    "pbx.transport: udp: conflicts",
  ]);
  const tls = {
    ...TRUNK,
    peers: [
      { host: "op.example", transport: "tls" },
      { host: "op.example", transport: "auto" },
    ],
  };
  assertErrors({ ...PLAIN, trunks: [tls] }, ["trunks[0].peers[0].transport: tls: conflicts"]);
  assertErrors({ ...SECURED, trunks: [tls] }, []);
});

test("a certificate comes with its key", () => {
  assertErrors({ ...PLAIN, tls: { certificateFile: "/etc/c.pem" } }, ["tls.keyFile: missing"]);
  assertErrors({ ...PLAIN, tls: { keyFile: "/etc/k.pem" } }, ["tls.certificateFile: missing"]);
});

test("ranges that depend on another field say so", () => {
  assertErrors({ ...PLAIN, pbx: { host: "10.0.0.2", rtpPortMin: 50000 } }, [
    "pbx.rtpPortMax: 41000: out of range; allowed: 50001–65535",
  ]);
});

test("trunks have names of their own, and routes lead to one", () => {
  const routing = {
    rules: [{ prefix: "0", trunk: "other" }, { trunk: "op" }],
    defaultTrunk: "elsewhere",
  };
  assertErrors({ ...PLAIN, trunks: [TRUNK, TRUNK], routing }, [
    "trunks[1].name: op: duplicate",
    "routing.rules[0].trunk: other: not allowed; allowed: a trunk's name: op",
    'routing.rules[1]: {"trunk":"op"}: missing; allowed: prefix, pattern or domain',
    "routing.defaultTrunk: elsewhere: not allowed",
  ]);
  assertErrors({ ...PLAIN, routing: { defaultTrunk: "none" } }, []);
});

test("a trunk that is wrong elsewhere can still be routed to", () => {
  const trunks = [{ ...TRUNK, peers: [] }];
  assertErrors({ ...PLAIN, trunks, routing: { defaultTrunk: "op" } }, [
    "trunks[0].peers: []: out of range",
  ]);
});

test("a number rule says one thing", () => {
  const rules = [
    { prefix: "0", pattern: "0" },
    { replace: "1" },
    { pattern: "0(\\d+)", replace: "+33$1", strip: 1, prepend: "0", e164: { countryCode: "33" } },
    { pattern: "0(\\d+)", replace: "+33$1" },
  ];
  const at = "trunks[0].numberRules.out";
  assertErrors({ ...PLAIN, trunks: [{ ...TRUNK, numberRules: { out: rules } }] }, [
    `${at}[0].pattern: 0: conflicts with another setting; allowed: prefix or pattern`,
    `${at}[1].replace: 1: conflicts with another setting; allowed: only with pattern`,
    `${at}[2].strip: 1: conflicts`,
    `${at}[2].prepend: 0: conflicts`,
    `${at}[2].e164: {"countryCode":"33"}: conflicts`,
  ]);
});

test("what the callee says never makes the gateway try another peer", () => {
  const trunk = { ...TRUNK, failoverStatuses: [503, 486, 404] };
  assertErrors({ ...PLAIN, trunks: [trunk] }, [
    "trunks[0].failoverStatuses[1]: 486: not allowed; allowed: 408, 500–599",
    "trunks[0].failoverStatuses[2]: 404: not allowed",
  ]);
  assertErrors({ ...PLAIN, trunks: [{ ...TRUNK, failoverStatuses: [399] }] }, [
    "trunks[0].failoverStatuses[0]: 399: out of range",
  ]);
});
