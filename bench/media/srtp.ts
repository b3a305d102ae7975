import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

// `bin/node bench/media/srtp.ts`: the arithmetic of SRTP alone, opening and protecting one packet
// of 172 bytes, by the plane's own code and the OpenSSL of this Node. JSON on standard output.

const SOURCES = ["srtp_receiver", "srtp_sender", "srtp_cipher", "srtp_keys", "rtp"];

const root = new URL("../../", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "srtp-"));
try {
  const program = join(folder, "srtp.node");
  const { status, stderr } = spawnSync("g++", [
    ...["-O2", "-std=c++20", "-shared", "-fPIC", "-o", program],
    ...["-isystem", `${root}node_modules/node-linux-${process.arch}/include/node`],
    join(root, "bench/media/srtp.cc"),
    ...SOURCES.map((source) => `${root}native/src/${source}.cc`),
  ]);
  if (status !== 0) throw new Error(`srtp.cc doesn't compile: ${stderr}`);
  console.log(JSON.stringify({ processor: cpus()[0]?.model, openssl: process.versions.openssl }));
  // It measures as it is loaded; being no addon, it is refused after that.
  try {
    process.dlopen({ exports: {} }, program);
  } catch {}
} finally {
  rmSync(folder, { recursive: true });
}
