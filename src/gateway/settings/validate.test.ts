import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { Secret } from "#base";
import { printError, type SettingError } from "./errors.ts";
import { notRunnableYet, validateSettings } from "./validate.ts";

const BASE = {
  securedInterface: "no",
  publicLocal: { address: "192.0.2.1" },
  privateLocal: { address: "10.0.0.1" },
  pbx: { host: "10.0.0.2" },
};
const PEER = { host: "198.51.100.7" };

const valid = (more: object = {}) => {
  const result = validateSettings({ ...BASE, ...more });
  assert.deepEqual(
    result.errors?.map((error) => printError(error)),
    undefined,
  );
  return result.settings!;
};

const errorsOf = (source: object): readonly SettingError[] => {
  const result = validateSettings(source);
  assert.ok(result.errors, "must not be valid");
  return result.errors;
};

const trunk = (more: object) => ({ trunks: [{ name: "op", peers: [PEER], ...more }] });

test("three addresses are enough: everything else has a default", () => {
  const settings = valid();
  assert.deepEqual(settings.rtp.portMin, 20000);
  assert.equal(settings.topologyMask, true);
  assert.equal(settings.symmetricRtp, "none");
  assert.deepEqual(settings.qos, { signalling: 24, audio: 46, video: 34 });
  assert.deepEqual(settings.sip.limits.messageBytesMax, 65536);
});

test("each bad value is refused in the words of the manual, with what is allowed", () => {
  const cases: [object, string][] = [
    [{ publicLocal: { address: "0.0.0.0" } }, "publicLocal.address: 0.0.0.0: syntax error"],
    [
      { publicLocal: { address: "255.255.255.255" } },
      "publicLocal.address: 255.255.255.255: syntax error",
    ],
    [{ publicLocal: { address: "::" } }, "publicLocal.address: ::: syntax error"],
    [{ publicLocal: { address: "224.0.0.1" } }, "publicLocal.address: 224.0.0.1: syntax error"],
    [{ publicLocal: { address: "ff02::1" } }, "publicLocal.address: ff02::1: syntax error"],
    [{ publicLocal: { address: "fe80::1" } }, "publicLocal.address: fe80::1: syntax error"],
    [{ publicLocal: { address: "192.0.2.256" } }, "publicLocal.address: 192.0.2.256: syntax error"],
    [
      { publicLocal: { address: "gateway.example" } },
      "publicLocal.address: gateway.example: syntax error",
    ],
    [{ publicLocal: { address: 7 } }, "publicLocal.address: 7: syntax error"],
    [{ pbx: { host: "192.0.2.256" } }, "pbx.host: 192.0.2.256: syntax error"],
    [{ pbx: { host: "-pbx.example" } }, "pbx.host: -pbx.example: syntax error"],
    [{ pbx: { host: "10.0.0.2", port: 0 } }, "pbx.port: 0: out of range; allowed: 1–65535"],
    [
      { rtp: { portMin: 1023 } },
      "rtp.portMin: 1023: out of range; allowed: an even port, 1024–65532",
    ],
    [
      { rtp: { portMin: 20001 } },
      "rtp.portMin: 20001: out of range; allowed: an even port, 1024–65532",
    ],
    [{ rtp: { portMax: 65536 } }, "rtp.portMax: 65536: out of range; allowed: 1024–65535"],
    [{ rtp: { portMin: 30000 } }, "rtp.portMax: 27999: out of range; allowed: 30003–65535"],
    [
      { rtp: { portMin: 30000, portMax: 30002 } },
      "rtp.portMax: 30002: out of range; allowed: 30003–65535",
    ],
    [{ rtp: { portMax: "many" } }, "rtp.portMax: many: syntax error"],
    [{ rtp: { portMax: 2.5 } }, "rtp.portMax: 2.5: syntax error"],
    [{ topologyMask: "perhaps" }, "topologyMask: perhaps: syntax error; allowed: yes | no"],
    [
      { symmetricRtp: "left" },
      "symmetricRtp: left: not allowed; allowed: none | public | private | both",
    ],
    [{ rtp: [] }, "rtp: []: syntax error; allowed: portMin, portMax"],
    [{ trunks: {} }, "trunks: {}: syntax error; allowed: a list"],
    [{ pbx: {} }, "pbx.host: missing; allowed: an IPv4 or IPv6 address"],
    [{ qos: { audio: 64 } }, "qos.audio: 64: out of range; allowed: 0–63"],
    [{ qos: { audio: "AF51" } }, "qos.audio: AF51: syntax error"],
    [
      { limits: { refuseStatus: 500 } },
      "limits.refuseStatus: 500: not allowed; allowed: 503 | 486 | 603",
    ],
    [{ emergencyNumbers: ["1"] }, "emergencyNumbers[0]: 1: syntax error; allowed: 2–15 digits"],
    [{ dns: { servers: ["dns.example"] } }, "dns.servers[0]: dns.example: syntax error"],
    [{ dns: { servers: ["192.0.2.9:99999"] } }, "dns.servers[0]: 192.0.2.9:99999: syntax error"],
    [
      { voiceEncryption: "aes-512" },
      "voiceEncryption: aes-512: not allowed; allowed: off | aes-128 | aes-256",
    ],
    [{ colour: "red" }, "colour: unknown setting; allowed: mode, "],
    [{ rtp: { portMx: 1 } }, "rtp.portMx: unknown setting; allowed: portMin, portMax"],
    [trunk({ name: "none" }), "trunks[0].name: none: syntax error"],
    [trunk({ peers: [] }), "trunks[0].peers: []: out of range; allowed: at least 1 entry"],
    [
      trunk({ sourceAddresses: ["10.0.0.0/33"] }),
      "trunks[0].sourceAddresses[0]: 10.0.0.0/33: syntax error",
    ],
    [
      trunk({ numberRules: { in: [{ pattern: "(1+)+" }] } }),
      "trunks[0].numberRules.in[0].pattern: (1+)+: syntax error (too many",
    ],
  ];
  for (const [more, expected] of cases) {
    const errors = errorsOf({ ...BASE, ...more }).map((error) => printError(error));
    assert.equal(errors.length, 1, errors.join("\n"));
    assert.ok(errors[0]!.startsWith(expected), `${errors[0]} ≠ ${expected}`);
  }
});

test("messages come in French too", () => {
  const [syntax, range] = errorsOf({ ...BASE, publicLocal: { address: "x" }, rtp: { portMax: 1 } });
  assert.match(
    printError(syntax!, "fr"),
    /^publicLocal\.address: x: erreur syntaxe; admis : une adresse IPv4/,
  );
  assert.match(printError(range!, "fr"), /hors bornes; admis : 1024–65535$/);
});

test("a password is never shown: not in the settings, not in an error", () => {
  const { trunks } = valid(trunk({ credentials: { user: "me", password: "s3cret" } }));
  const password = trunks[0]!.credentials!.password;
  assert.equal(password.reveal(), "s3cret");
  assert.ok(!inspect(trunks, { depth: 9 }).includes("s3cret"));
  assert.ok(!JSON.stringify(trunks).includes("s3cret"));
  const errors = [
    ...errorsOf({
      ...BASE,
      ...trunk({ credentials: { user: "me", password: "s3cret".repeat(50) } }),
    }),
    ...errorsOf({ ...BASE, ...trunk({ credentials: { user: "me", pasword: "s3cret" } }) }),
    ...errorsOf({
      ...BASE,
      ...trunk({ peers: "x", credentials: { user: "", password: "s3cret" } }),
    }),
  ];
  assert.ok(!JSON.stringify(errors).includes("s3cret"), JSON.stringify(errors));
});

test("settings that were validated validate again, secrets kept", () => {
  const settings = valid(trunk({ credentials: { user: "me", password: new Secret("s3cret") } }));
  assert.equal(settings.trunks[0]!.credentials!.password.reveal(), "s3cret");
});

test("what an API leaves out as null or undefined is absent", () => {
  const settings = valid({
    publicFqdn: undefined,
    advertised: null,
    routing: { defaultTrunk: null },
  });
  assert.ok(!("publicFqdn" in settings));
});

test("names of objects' own machinery are unknown settings, nothing more", () => {
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const own = Object.fromEntries([[key, { mode: "standard" }]]);
    const errors = errorsOf(
      Object.fromEntries([...Object.entries(BASE), [key, own], ["rtp", own]]),
    );
    assert.deepEqual(
      errors.map(({ field, message }) => [field, message.en]).sort(),
      [
        [key, "unknown setting"],
        [`rtp.${key}`, "unknown setting"],
      ].sort(),
    );
  }
});

test("a chained mode is valid but doesn't run yet, by name", () => {
  const settings = validateSettings({
    mode: "chained-wan",
    publicLocal: BASE.publicLocal,
    privateLocal: BASE.privateLocal,
    lanElement: { host: "10.0.0.9" },
  }).settings!;
  assert.deepEqual(
    notRunnableYet(settings).map((error) => printError(error)),
    ["mode: chained-wan: not available yet; allowed: only standard, for now"],
  );
  assert.deepEqual(notRunnableYet(valid()), []);
});

test("a transfer that the gateway performs is the PBX's alone to ask for, unless both may", () => {
  const trunk = { name: "a", peers: [{ host: "192.0.2.7" }], refer: "perform" };
  const [pbx, both] = [{}, { referFrom: "both" }].map(
    (more) => validateSettings({ ...BASE, trunks: [{ ...trunk, ...more }] }).settings!,
  );
  assert.deepEqual(notRunnableYet(pbx!), []);
  assert.equal(pbx!.trunks[0]?.referFrom, "pbx");
  assert.equal(both!.trunks[0]?.referFrom, "both");
});

test("a session interval is no shorter than the least that is accepted", () => {
  const sessionTimer = { public: { mode: "require", intervalS: 120, minIntervalS: 180 } };
  assert.deepEqual(
    errorsOf({ ...BASE, sessionTimer }).map((error) => printError(error)),
    ["sessionTimer.public.intervalS: 120: out of range; allowed: 180–86400"],
  );
  assert.deepEqual(
    errorsOf({ ...BASE, sessionTimer: { private: { minIntervalS: 60 } } }).map(
      (error) => error.field,
    ),
    ["sessionTimer.private.minIntervalS"],
  );
});
