import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");

const SENTENCE =
  "Passerelle's media plane is compiled at installation: install the packages g++ make python3 " +
  "(on Debian: apt install g++ make python3) and run npm ci again.\n";

/** What `npm ci` runs at its end, in a tree where nothing is built, on a machine with these programs. */
function install(context: TestContext, programs: readonly string[]) {
  const tree = mkdtempSync(join(tmpdir(), "passerelle-install-"));
  context.after(() => rmSync(tree, { recursive: true }));
  for (const folder of ["scripts", "native", "bin"]) mkdirSync(join(tree, folder));
  copyFileSync(join(ROOT, "scripts/install.mjs"), join(tree, "scripts/install.mjs"));
  for (const part of ["node_modules", "native/src", "native/kernel", "native/binding.gyp"]) {
    symlinkSync(join(ROOT, part), join(tree, part));
  }
  for (const program of programs) {
    writeFileSync(join(tree, "bin", program), "#!/bin/false\n", { mode: 0o755 });
  }
  const ended = spawnSync(process.execPath, [join(tree, "scripts/install.mjs")], {
    encoding: "utf8",
    timeout: 60_000,
    env: { PATH: join(tree, "bin") },
  });
  return { ...ended, hasBuilt: existsSync(join(tree, "native/build")) };
}

for (const [name, programs] of [
  ["without g++, make and python3", []],
  ["without g++ alone", ["make", "python3"]],
  ["without python3 alone", ["g++", "make"]],
] as const) {
  test(`npm ci ${name} ends with one sentence that names the packages`, (context) => {
    const { status, stdout, stderr, hasBuilt } = install(context, programs);
    assert.equal(status, 1);
    assert.equal(stderr, SENTENCE);
    assert.equal(stdout, "");
    assert.equal(hasBuilt, false);
  });
}
