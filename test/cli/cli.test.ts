import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "passerelle-cli-"));
after(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function passerelle(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(join(ROOT, "bin/passerelle"), args, {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, out: stdout, err: stderr };
}

let files = 0;
function fileOf(text: string): string {
  const path = join(folder, `settings-${++files}.yaml`);
  writeFileSync(path, text);
  return path;
}

const GOOD = `securedInterface: no
publicLocal: { address: 127.0.0.1 }
privateLocal: { address: 127.0.0.1 }
pbx: { host: 127.0.0.1, port: 5070 }
`;

test("check says that a valid file is valid, what it carries, and its warnings", () => {
  const { status, out } = passerelle("check", fileOf(GOOD));
  assert.equal(status, 0);
  assert.deepEqual(out.trimEnd().split("\n"), [
    "valid",
    "8000 RTP ports: 2000 audio calls, or 1000 with video",
    "warning: trunks: no trunk: the PBX can call nobody",
  ]);
});

test("check names all errors at once, a line each, and ends with 1", () => {
  const file = fileOf(`${GOOD}rtp: { portMin: 7, portMax: 99999 }\ncolour: red\n`);
  const { status, out, err } = passerelle("check", file);
  assert.equal(status, 1);
  assert.equal(out, "");
  const lines = err.trimEnd().split("\n");
  assert.deepEqual(lines.slice(0, 2), [
    "rtp.portMin: 7: out of range; allowed: an even port, 1024–65532 (line 5)",
    "rtp.portMax: 99999: out of range; allowed: 1024–65535 (line 5)",
  ]);
  assert.match(lines[2]!, /^colour: unknown setting; allowed: mode, .* \(line 6\)$/);
  assert.equal(lines.length, 3);
});

test("check names faults of files together with those of fields, each with its line", () => {
  const tls = "tls: { certificateFile: /nowhere.crt, keyFile: /nowhere.key }\n";
  const { status, err } = passerelle("check", fileOf(`${GOOD}rtp: { portMin: 7 }\n${tls}`));
  assert.equal(status, 1);
  const lines = err.trimEnd().split("\n");
  assert.equal(lines.length, 3);
  assert.match(lines[0]!, /^rtp\.portMin: 7: out of range; .* \(line 5\)$/);
  assert.match(lines[1]!, /^tls\.certificateFile: \/nowhere\.crt: cannot be read .* \(line 6\)$/);
  assert.match(lines[2]!, /^tls\.keyFile: \/nowhere\.key: cannot be read .* \(line 6\)$/);
});

test("an odd first port doesn't hide a last one below it", () => {
  const file = fileOf(`${GOOD}rtp: { portMin: 40001, portMax: 30000 }\n`);
  const { err } = passerelle("check", file);
  assert.match(err, /^rtp\.portMin: 40001: out of range; .*\nrtp\.portMax: 30000: out of range; /);
});

test("help of what isn't a command says so", () => {
  assert.match(passerelle("help", "nope").err, /^error: unknown command 'nope'\n/);
  assert.match(passerelle("help", "check").out, /^Usage: passerelle check/);
});

test("check speaks French when asked", () => {
  const file = fileOf(GOOD.replace("127.0.0.1", "0.0.0.0"));
  const { status, err } = passerelle("check", file, "--language", "fr");
  assert.equal(status, 1);
  assert.match(err, /^publicLocal\.address: 0\.0\.0\.0: erreur syntaxe; admis : /);
});

test("check wants the addresses of this machine, unless the file is for elsewhere", () => {
  const file = fileOf(GOOD.replaceAll("address: 127.0.0.1", "address: 192.0.2.99"));
  const here = passerelle("check", file);
  assert.equal(here.status, 1);
  assert.match(
    here.err,
    /^publicLocal\.address: 192\.0\.2\.99: out of range; allowed: an address of this machine: /,
  );
  assert.equal(passerelle("check", file, "--elsewhere").status, 0);
});

test("a file that can't be read is an error with its name", () => {
  const { status, err } = passerelle("check", join(folder, "absent.yaml"));
  assert.equal(status, 1);
  assert.match(err, /absent\.yaml: cannot be read \(ENOENT\)/);
});

test("every preset checks, a daisy chain by its elements", () => {
  for (const architecture of ["1", "2", "3"]) {
    const { status, out } = passerelle("preset", architecture);
    assert.equal(status, 0);
    assert.equal(passerelle("check", fileOf(out), "--elsewhere").status, 0, out);
  }
  const [both, wan, lan] = [[], ["--element", "wan"], ["--element", "lan"]].map((more) =>
    passerelle("preset", "4", ...more),
  );
  assert.equal(both!.out, `${wan!.out}---\n${lan!.out}`);
  assert.equal(passerelle("check", fileOf(wan!.out), "--elsewhere").status, 0);
  const whole = passerelle("check", fileOf(both!.out), "--elsewhere");
  assert.equal(whole.status, 1);
  assert.match(whole.err, /several documents/);
});

test("firewall prints a table, JSON, and nftables rules", () => {
  const file = fileOf(passerelle("preset", "3").out);
  assert.match(
    passerelle("firewall", file).out,
    /^FROM +TO +PROTOCOL +PORTS +PURPOSE\ninternet +gateway 10\.20\.0\.5 +TCP +5063 +SIP\/TLS\n/,
  );
  const rows: unknown = JSON.parse(passerelle("firewall", file, "--format", "json").out);
  assert.ok(Array.isArray(rows) && rows.length === 6);
  assert.match(passerelle("firewall", file, "--format", "nft").out, /^table inet passerelle \{$/m);
  const bad = passerelle("firewall", fileOf("mode: standard"));
  assert.equal(bad.status, 1);
  assert.match(bad.err, /^publicLocal: missing/);
});

test("run refuses bad settings, and a mode that doesn't run yet, with all errors", () => {
  const bad = passerelle(
    "run",
    "--settings",
    fileOf(`${GOOD}rtp: { portMin: 7 }\n`),
    "--data",
    folder,
  );
  assert.equal(bad.status, 1);
  assert.match(bad.err, /^rtp\.portMin: 7: out of range; /);
  const chained = GOOD.replace(
    "securedInterface: no",
    "mode: chained-lan\nwanElement: { host: 127.0.0.9 }",
  );
  const notYet = passerelle("run", "--settings", fileOf(chained), "--data", folder);
  assert.equal(notYet.status, 1);
  assert.match(notYet.err, /^mode: chained-lan: not available yet; /);
  const checked = passerelle("check", fileOf(chained));
  assert.equal(checked.status, 0);
  assert.match(checked.out, /^warning: mode: chained-lan: not available yet; /m);
});

test("version prints the package's", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    version: string;
  };
  assert.ok(passerelle("version").out.startsWith(`passerelle ${version} `));
});

test("help is everywhere", () => {
  const commands = ["run", "check", "preset", "firewall", "settings", "version"];
  const { status, out } = passerelle("--help");
  assert.equal(status, 0);
  for (const command of commands) {
    assert.match(out, new RegExp(`^  ${command}\\b`, "m"));
    const help = passerelle(command, "--help");
    assert.equal(help.status, 0);
    assert.match(help.out, new RegExp(`^Usage: passerelle ${command}`));
  }
});

test("what isn't understood ends with 2", () => {
  const wrong = [
    [],
    ["walk"],
    ["help", "nope"],
    ["--loud"],
    ["check"],
    ["check", "a", "b"],
    ["check", "--loud", "a"],
    ["check", "a", "--language", "de"],
    ["preset", "6"],
    ["preset", "1", "--element", "wan"],
    ["firewall", "a", "--format", "xml"],
    ["run", "--loud"],
    ["run", "extra"],
  ];
  for (const args of wrong) {
    const { status, err } = passerelle(...args);
    assert.equal(status, 2, args.join(" "));
    assert.notEqual(err, "");
  }
});

test("the page of the settings is that of the schema", () => {
  const page = readFileSync(join(ROOT, "docs/operating/settings.md"), "utf8");
  assert.equal(
    page,
    passerelle("settings").out,
    "run: passerelle settings > docs/operating/settings.md",
  );
});
