import assert from "node:assert/strict";
import { test } from "node:test";
import { printError } from "./errors.ts";
import { validateSettings } from "./validate.ts";

const checked = (security: object) =>
  validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "10.0.0.2" },
    trunks: [{ name: "op", peers: [{ host: "198.51.100.7" }] }],
    security,
  });

const errorsOf = (security: object, language: "en" | "fr"): string[] => {
  const { settings, errors } = checked(security);
  return settings ? [] : errors.map((error) => printError(error, language));
};

test("a first installation is at auto-protection, and an entry leaves after an hour", () => {
  const { security } = checked({}).settings!;
  assert.deepEqual(
    [security.level, security.denyPeriod, security.dryRun, security.kernelMirror],
    ["auto-protection", "1h", false, false],
  );
});

test("what is out of range says so, with the range, in both languages", () => {
  const wrong = { dos: { requests: 9, windowS: 11 }, ddos: { requests: 5001, windowS: 1 } };
  assert.deepEqual(errorsOf(wrong, "en"), [
    "security.dos.requests: 9: out of range; allowed: 10–5000",
    "security.dos.windowS: 11: out of range; allowed: 2–10 s",
    "security.ddos.requests: 5001: out of range; allowed: 10–5000",
    "security.ddos.windowS: 1: out of range; allowed: 2–10 s",
  ]);
  assert.equal(
    errorsOf({ dos: { requests: 9 } }, "fr")[0],
    "security.dos.requests: 9: hors bornes; admis : 10–5000",
  );
});

test("a bad address of the allow list is an error of its line; a hundred are allowed", () => {
  const line = (i: number) => ({ address: `192.0.2.${i}`, comment: "a partner" });
  const lines = Array.from({ length: 100 }, (_, i) => line(i));
  assert.deepEqual(errorsOf({ allowList: lines }, "en"), []);
  const [bad] = errorsOf({ allowList: [line(1), { address: "192.0.2.300" }] }, "fr");
  assert.match(bad!, /^security\.allowList\[1\]\.address: 192\.0\.2\.300: erreur syntaxe/);
  assert.match(errorsOf({ allowList: [...lines, line(1)] }, "en")[0]!, /at most 100 entries/);
  const { security } = checked({ allowList: [{ address: "2001:DB8:0::1/48" }] }).settings!;
  assert.deepEqual(security.allowList, [{ address: "2001:db8::/48" }]);
});

test("an allow list that trusts half the world, or that isn't used, is warned of", () => {
  const warned = (security: object): string[] => {
    const result = checked(security);
    return result.settings ? result.warnings.map(({ field }) => field) : [];
  };
  assert.deepEqual(warned({ allowList: [{ address: "0.0.0.0/0" }] }), [
    "security.allowList[0].address",
  ]);
  assert.deepEqual(warned({ level: "none", allowList: [{ address: "192.0.2.1" }] }), [
    "security.allowList",
  ]);
});

test("each period of the manual is one, and no other", () => {
  for (const denyPeriod of ["30s", "5min", "30min", "1h", "1day", "1week", "forever"])
    assert.deepEqual(errorsOf({ denyPeriod }, "en"), []);
  assert.match(errorsOf({ denyPeriod: "2h" }, "fr")[0]!, /valeur non admise; admis : 30s \| 5min/);
});
