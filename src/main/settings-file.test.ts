import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { printError, type SettingError } from "#settings";
import { parseSettings, readSettings } from "./settings-file.ts";

const errorsOf = (text: string): readonly SettingError[] => parseSettings(text).errors ?? [];

test("all errors come at once, in the order of the file and with their lines", () => {
  const errors = errorsOf(`mode: sideways
publicLocal: { address: 192.0.2.1, tlsPort: 0 }
privateLocal:
  address: nowhere
rtp:
  portMin: 40000
  portMax: 30000
ottSupport: yes
trunks:
  - name: a
    peers: [{ host: 198.51.100.7, transport: udp }]
  - name: a
    peers: [{ host: "???" }]
routing:
  defaultTrunk: b
`);
  assert.deepEqual(
    errors.map(({ field, line }) => [field, line]),
    [
      ["mode", 1],
      ["publicLocal.tlsPort", 2],
      ["privateLocal.address", 4],
      ["rtp.portMax", 7],
      ["ottSupport", 8],
      ["trunks[0].peers[0].transport", 11],
      ["trunks[1].name", 12],
      ["trunks[1].peers[0].host", 13],
      ["routing.defaultTrunk", 15],
    ],
  );
});

test("what is missing is reported at the line of what should hold it", () => {
  const errors = errorsOf("publicLocal: { address: 192.0.2.1 }\nprivateLocal:\n  tlsPort: 5064\n");
  assert.deepEqual(
    errors.map(({ field, line }) => [field, line]),
    [
      ["pbx", undefined],
      ["privateLocal.address", 2],
    ],
  );
});

test("keys that objects have by nature are unknown settings", () => {
  const errors = errorsOf("rtp: { __proto__: 1 }").map((error) => error.field);
  assert.deepEqual(errors.sort(), ["pbx", "privateLocal", "publicLocal", "rtp.__proto__"]);
});

test("a file that can't be read is one error", () => {
  const [error, ...others] = readSettings("/nowhere/settings.yaml").errors ?? [];
  assert.equal(others.length, 0);
  assert.match(
    printError(error!),
    /^\(file\): \/nowhere\/settings\.yaml: cannot be read \(ENOENT\)/,
  );
});

test("what is no text of settings is said in words", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "passerelle-file-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const saidOf = (content: Buffer): string => {
    const path = join(folder, "settings.yaml");
    writeFileSync(path, content);
    return (readSettings(path).errors ?? []).map((error) => printError(error)).join();
  };
  assert.match(saidOf(Buffer.from("mode: a\0b")), /^[^:]*: [^:]*: is not text in UTF-8; [^,]*$/);
  assert.match(saidOf(Buffer.from([0xff, 0xfe, 0x6d, 0])), /: is not text in UTF-8;/);
  assert.match(saidOf(Buffer.alloc(5_000_000, "#")), /: too large; allowed: at most 4 MiB$/);
  assert.match(
    (readSettings(folder).errors ?? []).map((error) => printError(error)).join(),
    /: is a directory;/,
  );
  for (const nothing of ["", " \n\t\r\n", "\ufeff"]) {
    assert.match(saidOf(Buffer.from(nothing)), /^[^:]*: [^:]*: is empty; [^:]*: a YAML file[^:]*$/);
  }
  assert.match(saidOf(Buffer.from("# to be filled in\n")), /publicLocal: missing/);
});

test("a file with passwords that others can read is a warning", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "passerelle-file-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "settings.yaml");
  const trunk = "{ name: a, peers: [{ host: 192.0.2.7 }], credentials: { user: a, password: b } }";
  writeFileSync(
    path,
    `publicLocal: { address: 192.0.2.1 }\nprivateLocal: { address: 10.0.0.1 }\npbx: { host: 10.0.0.2 }\ntrunks: [${trunk}]\n`,
  );
  const warned = (mode: number): boolean => {
    chmodSync(path, mode);
    const result = readSettings(path);
    assert.ok(result.settings);
    return result.warnings.some(({ message }) => message.en.includes("chmod 600"));
  };
  assert.deepEqual([warned(0o644), warned(0o640), warned(0o600)], [true, true, false]);
});
