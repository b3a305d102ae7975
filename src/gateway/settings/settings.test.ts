import assert from "node:assert/strict";
import { test } from "node:test";
import { capacityOf } from "./capacity.ts";
import { listenersOf, sentBy } from "./listeners.ts";
import type { Machine } from "./rules.ts";
import { validateSettings } from "./validate.ts";

const BASE = {
  securedInterface: "no",
  publicLocal: { address: "192.0.2.1" },
  privateLocal: { address: "10.0.0.1" },
  pbx: { host: "10.0.0.2" },
};
const OPERATOR = { name: "op", peers: [{ host: "198.51.100.7" }] };

const settingsOf = (more: object = {}) => validateSettings({ ...BASE, ...more }).settings!;
const warningsOf = (more: object, machine?: Machine): string[] => {
  const result = validateSettings({ ...BASE, trunks: [OPERATOR], ...more }, machine);
  return (result.settings ? result.warnings : []).map(
    ({ field, message }) => `${field}: ${message.en}`,
  );
};

test("without NAT IP1 is IP2, and IP4 is IP5", () => {
  const settings = settingsOf({ publicLocal: { address: "192.0.2.1", plainPort: 5080 } });
  assert.deepEqual(settings.advertised, settings.publicLocal);
  assert.deepEqual(settings.pbxReached, { host: "10.0.0.2", port: 5060 });
});

test("with NAT IP1 and IP4 are what they are set to", () => {
  const settings = settingsOf({
    publicNat: "yes",
    advertised: { address: "203.0.113.1", plainPort: 5090 },
    privateNat: "yes",
    pbxReached: { host: "10.9.9.9", port: 5099 },
  });
  assert.deepEqual(settings.pbxReached, { host: "10.9.9.9", port: 5099 });
  assert.deepEqual(settings.pbx.sourceAddresses, ["10.9.9.9/32"]);
  assert.deepEqual(sentBy(settings, "public", "udp"), { host: "203.0.113.1", port: 5090 });
  assert.deepEqual(sentBy(settings, "public", "tls"), { host: "203.0.113.1", port: 5063 });
  assert.deepEqual(sentBy(settings, "private", "tcp"), { host: "10.0.0.1", port: 5062 });
});

test("protocols and the PBX's transport and port follow from the secured interface", () => {
  const plain = settingsOf();
  assert.deepEqual(
    [plain.publicProtocols, plain.pbx.transport, plain.pbx.port],
    ["udp/tcp", "udp", 5060],
  );
  const secured = settingsOf({ securedInterface: "yes" });
  assert.deepEqual(
    [secured.privateProtocols, secured.pbx.transport, secured.pbx.port],
    ["tls", "tls", 5061],
  );
});

test("a name without a port is left to SRV records, and auto to NAPTR records", () => {
  const settings = settingsOf({
    pbx: { host: "PBX.Example." },
    trunks: [
      {
        name: "op",
        peers: [
          { host: "op.example", transport: "auto" },
          { host: "op.example", transport: "tcp" },
          { host: "op.example", port: 5070, transport: "auto" },
          { host: "198.51.100.7", transport: "auto" },
          { host: "2001:DB8::1" },
        ],
      },
    ],
  });
  assert.deepEqual([settings.pbx.host, settings.pbx.port], ["pbx.example", undefined]);
  assert.deepEqual(settings.pbx.sourceAddresses, []);
  const rank = { priority: 0, weight: 1 };
  assert.deepEqual(settings.trunks[0]!.peers, [
    { host: "op.example", ...rank },
    { host: "op.example", transport: "tcp", ...rank },
    { host: "op.example", port: 5070, ...rank },
    { host: "198.51.100.7", port: 5060, transport: "udp", ...rank },
    { host: "2001:db8::1", port: 5060, transport: "udp", ...rank },
  ]);
  assert.deepEqual(settings.trunks[0]!.sourceAddresses, ["198.51.100.7/32", "2001:db8::1/128"]);
});

test("the only trunk is the default one, unless none is wanted", () => {
  assert.equal(settingsOf({ trunks: [OPERATOR] }).routing.defaultTrunk, "op");
  assert.equal(
    settingsOf({ trunks: [OPERATOR], routing: { defaultTrunk: "none" } }).routing.defaultTrunk,
    undefined,
  );
  assert.equal(
    settingsOf({ trunks: [OPERATOR, { ...OPERATOR, name: "b" }] }).routing.defaultTrunk,
    undefined,
  );
});

test("a WAN element has the LAN element in the PBX's place", () => {
  const { settings } = validateSettings({
    mode: "chained-wan",
    publicLocal: BASE.publicLocal,
    privateLocal: BASE.privateLocal,
    lanElement: { host: "10.0.0.9" },
  });
  assert.deepEqual(
    [settings!.pbx.host, settings!.pbx.port, settings!.pbx.transport],
    ["10.0.0.9", 5063, "tls"],
  );
  assert.deepEqual(settings!.pbxReached, { host: "10.0.0.9", port: 5063 });
});

test("the sockets are those of the protocols of each side", () => {
  const summary = (more: object): string[] =>
    listenersOf(settingsOf(more)).map(
      ({ side, transport, address, port }) => `${side} ${transport} ${address}:${port}`,
    );
  assert.deepEqual(summary({}), [
    "public udp 192.0.2.1:5060",
    "public tcp 192.0.2.1:5060",
    "private udp 10.0.0.1:5062",
    "private tcp 10.0.0.1:5062",
  ]);
  assert.deepEqual(summary({ securedInterface: "yes", privateProtocols: "tls+udp/tcp" }), [
    "public tls 192.0.2.1:5063",
    "private tls 10.0.0.1:5064",
    "private udp 10.0.0.1:5062",
    "private tcp 10.0.0.1:5062",
  ]);
  assert.equal(listenersOf(settingsOf({ qos: { signalling: "EF" } }))[0]!.dscp, 46);
});

test("the port range says how many calls it carries", () => {
  const capacity = (portMin: number, portMax: number) =>
    capacityOf(settingsOf({ rtp: { portMin, portMax } }));
  assert.deepEqual(capacity(20000, 27999), { ports: 8000, audioCalls: 2000, videoCalls: 1000 });
  assert.deepEqual(capacity(30000, 30003), { ports: 4, audioCalls: 1, videoCalls: 0 });
  assert.deepEqual(capacity(30000, 30010), { ports: 10, audioCalls: 2, videoCalls: 1 });
});

test("what is probably not meant is a warning", () => {
  const cases: [object, RegExp][] = [
    [{ trunks: [] }, /^trunks: no trunk/],
    [{ advertised: { address: "203.0.113.1" } }, /^advertised: has no effect while publicNat: no/],
    [{ pbxReached: { host: "10.0.0.3" } }, /^pbxReached: has no effect/],
    [{ lanElement: { host: "10.0.0.3" } }, /^lanElement: has no effect while mode: standard/],
    [
      { publicNat: "yes", advertised: { address: "2001:db8::1" } },
      /^advertised\.address: of another IP family/,
    ],
    [{ pbx: { host: "2001:db8::1" } }, /^pbx\.host: of another IP family/],
    [{ limits: { callsMax: 2001 } }, /^limits\.callsMax: 2001 calls, but the RTP ports carry 2000/],
    [
      { trunks: [{ ...OPERATOR, limits: { callsMax: 3000 } }] },
      /^trunks\[0\]\.limits\.callsMax: more than/,
    ],
    [
      { trunks: [OPERATOR, { ...OPERATOR, name: "b" }] },
      /^trunks\[1\]\.sourceAddresses: 198\.51\.100\.7\/32 belongs/,
    ],
    [
      { trunks: [{ ...OPERATOR, credentials: { user: "a", password: "b" } }] },
      /^trunks\[0\]\.credentials\.realm: not set/,
    ],
  ];
  for (const [more, expected] of cases) {
    const warnings = warningsOf(more);
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.match(warnings[0]!, expected);
  }
  assert.deepEqual(warningsOf({}), []);
});

test("addresses on different cards are on different subnets, or there is a warning", () => {
  const machine = (prefix: number, cards: readonly [string, string]): Machine => ({
    addresses: ["192.0.2.1", "192.0.2.9"],
    cards: [
      { card: cards[0], address: "192.0.2.1", prefix },
      { card: cards[1], address: "192.0.2.9", prefix },
    ],
  });
  const sides = { privateLocal: { address: "192.0.2.9" } };
  assert.match(
    warningsOf(sides, machine(24, ["eth0", "eth1"]))[0]!,
    /^privateLocal\.address: on one subnet/,
  );
  assert.deepEqual(warningsOf(sides, machine(29, ["eth0", "eth1"])), []);
  assert.deepEqual(warningsOf(sides, machine(24, ["eth0", "eth0"])), []);
});
