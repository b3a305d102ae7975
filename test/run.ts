import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { run } from "node:test";
import { Tally } from "./report.ts";

// `npm test [-- PART…]`: all tests, or those whose path contains one of the parts.

const FILE_TIMEOUT_MS = 5 * 60_000;

const parts = process.argv.slice(2);
const files = globSync(["src/**/*.test.ts", "test/**/*.test.ts"])
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort();

const unmatched = parts.filter((part) => !files.some((file) => file.includes(part)));
if (files.length === 0 || unmatched.length > 0) {
  console.error(`no test file matches ${unmatched.join(", ")}`);
  process.exit(1);
}

const started = performance.now();
const tally = new Tally(process.env.PASSERELLE_PEERS === "required");
const events = run({ files, concurrency: availableParallelism(), timeout: FILE_TIMEOUT_MS });
for await (const event of events) {
  const line = tally.take(event);
  if (line !== undefined) console.log(line);
}

const report = tally.report();
console.log(`${files.length} files in ${((performance.now() - started) / 1000).toFixed(1)} s`);
for (const line of report.lines) console.log(line);
process.exit(report.failed > 0 || report.passed === 0 ? 1 : 0);
