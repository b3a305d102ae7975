import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  buildTargets,
  type FuzzTarget,
  missingClang,
  runTarget,
  TARGETS,
} from "../test/fuzz/native-targets.ts";

// `npm run fuzz -- [--seconds N] [--folder DIR] [TARGET…]`: the media plane's fuzzers, for as long as
// one has. What a run found interesting stays in the folder, and the next one begins with it.

const SECONDS = "60";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: SECONDS },
    folder: { type: "string", default: join(tmpdir(), "passerelle-fuzz") },
  },
});

const isTarget = (name: string): name is FuzzTarget => TARGETS.some((target) => target === name);
const unknown = positionals.find((name) => !isTarget(name));
const seconds = Number(values.seconds);
const missing = missingClang();
if (missing !== false) refuse(missing);
if (unknown !== undefined) refuse(`no target ${unknown}: there are ${TARGETS.join(", ")}`);
if (!Number.isInteger(seconds) || seconds < 1) refuse(`--seconds ${values.seconds} is no number`);

const targets = positionals.length > 0 ? positionals.filter(isTarget) : TARGETS;
mkdirSync(values.folder, { recursive: true });
console.log(`Building ${targets.join(", ")} in ${values.folder}`);
await buildTargets(values.folder, targets);
let broken = 0;
for (const target of targets) {
  const { status, stderr } = runTarget(values.folder, target, seconds);
  broken += status === 0 ? 0 : 1;
  const [, executed = "0"] = /number_of_executed_units: (\d+)/.exec(stderr) ?? [];
  console.log(status === 0 ? `${target}: ${executed} inputs, nothing broke` : stderr);
}
process.exit(broken === 0 ? 0 : 1);

function refuse(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
