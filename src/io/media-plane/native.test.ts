import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { KERNEL_OBJECT, STEERING_OBJECT } from "#native";

const NATIVE = fileURLToPath(new URL("../../../native", import.meta.url));
const MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const FLAGS = ["-std=c++20", "-g", "-Wall", "-Wextra", "-fno-exceptions", "-fno-rtti"];
// The runtime's own headers; its OpenSSL is of the same major version as the system's.
const OPENSSL = ["-isystem", join(MODULES, `node-linux-${process.arch}/include/node`)];
const SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover"];

test("the plane holds without its runtime, under random input and sanitizers", () => {
  const folder = mkdtempSync(join(tmpdir(), "native-test-"));
  try {
    const program = join(folder, "native-test");
    const sources = globSync(["src/*.cc", "test/*.cc"], { cwd: NATIVE })
      .filter((file) => !/(addon|datagrams)\.cc$/.test(file))
      .map((file) => join(NATIVE, file));
    const built = spawnSync("g++", [
      ...[...FLAGS, ...SANITIZERS, ...OPENSSL],
      ...["-o", program, ...sources, "-l:libssl.so.3", "-l:libcrypto.so.3"],
    ]);
    assert.equal(built.status, 0, String(built.stderr));
    const run = spawnSync(program, [KERNEL_OBJECT, STEERING_OBJECT], { encoding: "utf8" });
    assert.equal(run.status, 0, run.stdout + run.stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
