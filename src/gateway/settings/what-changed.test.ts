import assert from "node:assert/strict";
import { test } from "node:test";
import { validateSettings } from "./validate.ts";
import { describeChanges, whatChanged } from "./what-changed.ts";

const TRUNK = {
  name: "op",
  peers: [{ host: "198.51.100.7" }],
  register: { user: "me" },
  credentials: { user: "me", password: "first" },
};

const settingsOf = (more: object = {}) =>
  validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "10.0.0.2" },
    trunks: [TRUNK],
    ...more,
  }).settings!;

test("the same settings change nothing and keep every socket", () => {
  const changes = whatChanged(settingsOf(), settingsOf());
  assert.deepEqual(changes.fields, []);
  assert.deepEqual(
    [changes.sockets.open, changes.sockets.close, changes.sockets.keep.length],
    [[], [], 4],
  );
  assert.deepEqual(describeChanges(changes), []);
});

test("only the sockets whose address or port differs are opened and closed", () => {
  const now = settingsOf({
    publicLocal: { address: "192.0.2.1", plainPort: 5080 },
    qos: { signalling: 0 },
  });
  const { sockets } = whatChanged(settingsOf(), now);
  assert.deepEqual(
    sockets.open.map(({ transport, port }) => [transport, port]),
    [
      ["udp", 5080],
      ["tcp", 5080],
    ],
  );
  assert.deepEqual(
    sockets.close.map(({ transport, port }) => [transport, port]),
    [
      ["udp", 5060],
      ["tcp", 5060],
    ],
  );
  assert.ok(sockets.keep.every(({ side, dscp }) => side === "private" && dscp === 0));
});

test("trunks are known by their names, wherever they stand", () => {
  const other = { ...TRUNK, name: "new" };
  const changes = whatChanged(
    settingsOf(),
    settingsOf({ trunks: [other, TRUNK], routing: { defaultTrunk: "op" } }),
  );
  assert.deepEqual(changes.trunks, { added: ["new"], removed: [], changed: [], register: [] });
  assert.deepEqual(whatChanged(settingsOf(), settingsOf({ trunks: [] })).trunks.removed, ["op"]);
});

test("a trunk registers again when what its registration says has changed, a password too", () => {
  const trunks = (more: object) =>
    whatChanged(settingsOf(), settingsOf({ trunks: [{ ...TRUNK, ...more }] }));
  const password = trunks({ credentials: { user: "me", password: "second" } });
  assert.deepEqual(password.trunks.register, ["op"]);
  assert.deepEqual(password.fields, ["trunks[op].credentials.password"]);
  assert.ok(!JSON.stringify(describeChanges(password)).includes("second"));
  assert.deepEqual(trunks({ peers: [{ host: "198.51.100.8" }] }).trunks.register, ["op"]);
  const rules = trunks({ refer: "perform" });
  assert.deepEqual([rules.trunks.changed, rules.trunks.register], [["op"], []]);
});

test("a new port range and a new certificate are told apart", () => {
  const ports = whatChanged(settingsOf(), settingsOf({ rtp: { portMax: 29999 } }));
  assert.deepEqual([ports.ports, ports.tls, ports.fields], [true, false, ["rtp.portMax"]]);
  const tls = whatChanged(
    settingsOf(),
    settingsOf({ tls: { certificateFile: "c", keyFile: "k" } }),
  );
  assert.deepEqual([tls.ports, tls.tls], [false, true]);
});

test("each change is a sentence", () => {
  const now = settingsOf({
    trunks: [],
    topologyMask: "no",
    privateLocal: { address: "10.0.0.1", plainPort: 5070 },
  });
  assert.deepEqual(describeChanges(whatChanged(settingsOf(), now)), [
    "opens private udp 10.0.0.1 port 5070",
    "opens private tcp 10.0.0.1 port 5070",
    "closes private udp 10.0.0.1 port 5062",
    "closes private tcp 10.0.0.1 port 5062",
    "removes trunk op",
    "sets privateLocal.plainPort",
    "sets topologyMask",
    "sets routing.defaultTrunk",
  ]);
});
