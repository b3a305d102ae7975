import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { selfSigned } from "#certificates";
import { printError, type Settings, validateSettings } from "#settings";
import { tlsFileErrors, tlsFileWarnings } from "./tls-files.ts";

const folder = mkdtempSync(join(tmpdir(), "passerelle-tls-"));
after(() => rmSync(folder, { recursive: true }));

const NOW = new Date("2026-11-23T00:00:00Z");
const DAY_MS = 86_400_000;

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function pair(name: string) {
  const { certificate, key } = selfSigned({
    commonName: name,
    notBefore: new Date(NOW.getTime() - DAY_MS),
    notAfter: new Date(NOW.getTime() + DAY_MS),
  });
  return {
    certificateFile: written(`${name}.crt`, certificate),
    keyFile: written(`${name}.key`, key.reveal()),
  };
}

const settingsOf = (tls: object): Settings =>
  validateSettings({
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "10.0.0.2" },
    tls,
  }).settings!;

const errorsOf = (tls: object, now = NOW): string[] =>
  tlsFileErrors(settingsOf(tls), now).map((error) => printError(error));

const [one, other] = [pair("one"), pair("other")];

test("a certificate with its key is fine, and so are no files", () => {
  assert.deepEqual(errorsOf(one), []);
  assert.deepEqual(errorsOf({}), []);
  assert.deepEqual(errorsOf({ ...one, authoritiesFile: other.certificateFile }), []);
});

test("a key of another certificate is named", () => {
  const [error, ...more] = errorsOf({ ...one, keyFile: other.keyFile });
  assert.deepEqual(more, []);
  assert.match(error!, /^tls\.keyFile: .*other\.key: the key does not belong to the certificate/);
});

test("an absent file, and one that is no PEM, are named together", () => {
  const errors = errorsOf({
    ...one,
    certificateFile: "/nowhere.crt",
    authoritiesFile: written("x", "hello"),
  });
  assert.equal(errors.length, 2);
  assert.match(errors[0]!, /^tls\.certificateFile: \/nowhere\.crt: cannot be read \(ENOENT\)/);
  assert.match(errors[1]!, /^tls\.authoritiesFile: .*: syntax error/);
});

test("a certificate that has run out is named with its dates", () => {
  const [error] = errorsOf(one, new Date(NOW.getTime() + 2 * DAY_MS));
  assert.match(error!, /^tls\.certificateFile: .*: valid only from 2026-11-22.* to 2026-11-24/);
});

for (const [mode, told] of [
  [0o600, []],
  [0o400, []],
  [0o711, []],
  [
    0o640,
    [/^tls\.keyFile: .*one\.key: readable by others than its owner \(mode 0640\): chmod 600/],
  ],
  [0o604, [/\(mode 0604\)/]],
] as const) {
  test(`a private key of mode 0${mode.toString(8)}: ${told.length} warnings`, () => {
    chmodSync(one.keyFile, mode);
    const warnings = tlsFileWarnings(settingsOf(one));
    assert.equal(warnings.length, told.length);
    for (const [i, { field, message }] of warnings.entries())
      assert.match(`${field}: ${message.en}`, told[i]!);
  });
}

test("a key that isn't there, and none, are no warning", () => {
  assert.deepEqual(tlsFileWarnings(settingsOf({ ...one, keyFile: "/nowhere.key" })), []);
  assert.deepEqual(tlsFileWarnings(settingsOf({})), []);
});
