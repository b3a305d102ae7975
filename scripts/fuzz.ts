import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Argument, Command, InvalidArgumentError } from "commander";
import {
  buildTargets,
  type FuzzTarget,
  missingClang,
  runTarget,
  TARGETS,
} from "../test/fuzz/native-targets.ts";

// The media plane's fuzzers, for as long as one has. What a run found interesting stays in the
// folder, and the next one begins with it.

const wanted = new Command("npm run fuzz --")
  .description("Tries the media plane's parsers with made-up input.")
  .addArgument(new Argument("[target...]", "which of them").choices(TARGETS).default(TARGETS))
  .option("--seconds <n>", "how long each is tried", wholeSeconds, 60)
  .option("--folder <path>", "where findings stay", join(tmpdir(), "passerelle-fuzz"))
  .parse();

const { seconds, folder } = wanted.opts<{ seconds: number; folder: string }>();
const targets = wanted.processedArgs[0] as readonly FuzzTarget[];
const missing = missingClang();
if (missing !== false) wanted.error(missing);
mkdirSync(folder, { recursive: true });
console.log(`Building ${targets.join(", ")} in ${folder}`);
await buildTargets(folder, targets);
let broken = 0;
for (const target of targets) {
  const { status, stderr } = runTarget(folder, target, seconds);
  broken += status === 0 ? 0 : 1;
  const [, executed = "0"] = /number_of_executed_units: (\d+)/.exec(stderr) ?? [];
  console.log(status === 0 ? `${target}: ${executed} inputs, nothing broke` : stderr);
}
process.exit(broken === 0 ? 0 : 1);

function wholeSeconds(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("a whole number from 1 on.");
  return Number(text);
}
