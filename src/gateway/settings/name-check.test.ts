import assert from "node:assert/strict";
import { test } from "node:test";
import { checksName } from "./name-check.ts";
import { validateSettings } from "./validate.ts";

const trunk = (name: string, host: string, verifyCertificate: string) => ({
  name,
  peers: [{ host }],
  verifyCertificate,
});

const settingsOf = (more: object) =>
  validateSettings({
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "pbx.example" },
    ...more,
  }).settings!;

test("a trunk says whether its peers' names are checked", () => {
  const trunks = [trunk("a", "a.example", "yes"), trunk("b", "b.example", "no")];
  const settings = settingsOf({ trunks });
  assert.equal(checksName(settings, "public", "a.example"), true);
  assert.equal(checksName(settings, "public", "B.example"), false);
});

test("a host that two trunks share is checked when one of them says so", () => {
  const trunks = [trunk("a", "sip.example", "no"), trunk("b", "sip.example", "yes")];
  assert.equal(checksName(settingsOf({ trunks }), "public", "sip.example"), true);
});

test("whom no trunk names is checked, wherever a redirection leads", () => {
  const settings = settingsOf({ trunks: [trunk("a", "a.example", "no")] });
  assert.equal(checksName(settings, "public", "elsewhere.example"), true);
});

test("the PBX is checked where the settings say so", () => {
  assert.equal(checksName(settingsOf({}), "private", "pbx.example"), false);
  const pbx = { host: "pbx.example", verifyCertificate: "yes" };
  assert.equal(checksName(settingsOf({ pbx }), "private", "pbx.example"), true);
});
