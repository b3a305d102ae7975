import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Host, Lab, missing } from "../../test/lab/index.ts";
import { PLACES, readOptions, TALKERS_NAMESPACE, USAGE } from "./options.ts";

// `npm run bench:media`: what the media plane costs a packet, by each of its drivers, and rtpengine
// in user space, in turn on one core, between parties on another core and behind real interfaces
// (veth between two network namespaces). Needs root and two cores; docs/performance.md explains it.

const CABLES = ["public", "private"] as const;
/** The relay's packets are taken in on its own core, as a card with queues would have it. */
const RELAY_CORE_MASK = "2";
const TALKERS_CORE_MASK = "1";

if (readOptions().help) {
  console.log(USAGE);
  process.exit(0);
}
const reason = missing("ip", "taskset", "g++");
if (reason !== false) {
  console.error(`bench:media can't run: ${reason}`);
  process.exit(1);
}

const lab = new Lab();
try {
  const talkers = lab.host("talkers");
  const relay = lab.host("relay");
  for (const side of CABLES) {
    const { relay: own, talkers: others } = PLACES[side];
    await lab.cable(
      { host: relay, port: side, addresses: [`${own}/24`] },
      { host: talkers, port: side, addresses: [`${others}/24`] },
    );
    steer(relay, side, RELAY_CORE_MASK);
    steer(talkers, side, TALKERS_CORE_MASK);
  }
  process.exitCode = await runWithin(relay, talkers);
} finally {
  await lab.close();
}

/** Has one core take in what comes by the interface (receive packet steering). */
function steer(host: Host, port: string, mask: string): void {
  const file = `/sys/class/net/${port}/queues/rx-0/rps_cpus`;
  host.run("sh", "-c", `echo ${mask} > ${file}`);
}

async function runWithin(relay: Host, talkers: Host): Promise<number> {
  const rounds = new URL("rounds.ts", import.meta.url).pathname;
  const program = [process.execPath, rounds, ...process.argv.slice(2)];
  const child = spawn("ip", ["netns", "exec", relay.namespace, "taskset", "-c", "0", ...program], {
    stdio: "inherit",
    env: { ...process.env, [TALKERS_NAMESPACE]: talkers.namespace },
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
