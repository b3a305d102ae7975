import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { run } from "node:test";
import { Deadline, runningFiles } from "./deadline.ts";
import { Tally } from "./report.ts";

// `npm test [-- PART…]`: all tests, or those whose path contains one of the parts. The tests of this
// file itself set which files there are, and how long one may take.

const PATTERNS = process.env.PASSERELLE_TEST_FILES?.split(",");
const FILE_TIMEOUT_S = Number(process.env.PASSERELLE_TEST_FILE_S ?? 300);

const parts = process.argv.slice(2);
const files = globSync(PATTERNS ?? ["src/**/*.test.ts", "test/**/*.test.ts"])
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort();

const unmatched = parts.filter((part) => !files.some((file) => file.includes(part)));
if (files.length === 0 || unmatched.length > 0) {
  console.error(`no test file matches ${unmatched.join(", ")}`);
  process.exit(1);
}

const started = performance.now();
const tally = new Tally(process.env.PASSERELLE_PEERS === "required");
const cut: string[] = [];
const deadline = new Deadline(FILE_TIMEOUT_S * 1000);
setInterval(() => {
  for (const { pid, file } of deadline.overdue(runningFiles(files), performance.now())) {
    cut.push(file);
    console.log(`CUT ${file}: not over after ${FILE_TIMEOUT_S} s`);
    kill(pid);
  }
}, 500).unref();

const timeout = FILE_TIMEOUT_S * 1000;
const events = run({ files, concurrency: availableParallelism(), timeout });
for await (const event of events) {
  const line = tally.take(event);
  if (line !== undefined) console.log(line);
}

const report = tally.report();
console.log(`${files.length} files in ${((performance.now() - started) / 1000).toFixed(1)} s`);
if (cut.length > 0) console.log(`Cut, since they did not end: ${cut.join(", ")}`);
for (const line of report.lines) console.log(line);
process.exit(report.failed > 0 || report.passed === 0 || cut.length > 0 ? 1 : 0);

/** One that never gives way hears no other signal. It may have ended just now. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
