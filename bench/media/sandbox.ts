import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

// `bin/node bench/media/sandbox.ts [--rounds 40] [--packets 5000]`: what it costs a packet that the
// media plane is confined (docs/decisions/0012), in nanoseconds of processor time; JSON on standard
// output. Needs g++, and no privilege.

const SOURCES = ["sandbox.cc", "capabilities.cc", "process_limits.cc", "system_calls.cc"];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "40" },
    packets: { type: "string", default: "5000" },
  },
});

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const folder = mkdtempSync(join(tmpdir(), "sandbox-"));
try {
  const program = join(folder, "sandbox");
  const native = fileURLToPath(new URL("../../native/src/", import.meta.url));
  const own = fileURLToPath(new URL("sandbox.cc", import.meta.url));
  run("g++", ["-O2", "-std=c++20", "-o", program, own, ...SOURCES.map((one) => native + one)]);
  const rounds = run(program, [values.rounds, values.packets])
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number) as [number, number, number, number]);
  const what = (free: 0 | 2) => ({
    freeNs: median(rounds.map((round) => round[free])),
    confinedNs: median(rounds.map((round) => round[free + 1]!)),
    // Of the rounds' own differences, which others' load touches less than either figure.
    addedNs: Number(median(rounds.map((round) => round[free + 1]! - round[free])).toFixed(1)),
  });
  console.log(JSON.stringify({ packetOfTwoCalls: what(0), emptyCall: what(2) }, undefined, 2));
} finally {
  rmSync(folder, { recursive: true });
}
