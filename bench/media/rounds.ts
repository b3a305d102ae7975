import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { CoreSamples, canSample } from "./core-samples.ts";
import { CoreTime } from "./core-time.ts";
import { cpuUs, OtherWork } from "./cpu-time.ts";
import { highestLoad, type Speak } from "./half-load.ts";
import { memoryPerCall } from "./memory.ts";
import { type RelayName, readOptions, TALKERS_NAMESPACE } from "./options.ts";
import { type Relay, startRelay } from "./relay.ts";
import { buildTalkers, type CallPorts, talk, type Variant } from "./talkers.ts";

// The rounds of bench.ts, in the relays' namespace: each relay in turn, one at work at a time.

const RELAY_CORE = 1;

const options = readOptions();
const { calls, seconds, rounds, held, variants, relays: wanted, urgent } = options;
const namespace = process.env[TALKERS_NAMESPACE]!;

const rounded = (value: number): number => Math.round(100 * value) / 100;

/** One round of one relay, told as a line; its µs of processor per packet. */
async function measure(program: string, name: RelayName, variant: Variant): Promise<number> {
  // It is there for its own round alone: what it attaches to interfaces would cost the others too.
  const relay = await startRelay(name, RELAY_CORE, urgent);
  try {
    return await play(program, relay, variant);
  } finally {
    await relay.stop();
  }
}

async function play(program: string, relay: Relay, variant: Variant): Promise<number> {
  const core = new CoreTime(RELAY_CORE);
  let before = 0;
  let others: OtherWork | undefined;
  let samples: CoreSamples | undefined;
  const started = (talkers: number): void => {
    if (sampling)
      samples = new CoreSamples(RELAY_CORE, relay.pid, seconds - 1, samplesFile, urgent);
    others = new OtherWork([process.pid, relay.pid, talkers, samples?.filler ?? 0]);
    core.start();
    before = cpuUs(relay.pid);
  };
  const open = (parties: readonly CallPorts[]) => relay.open(parties, variant);
  const heard = await talk(program, { namespace, urgent, calls, seconds, variant, open, started });
  const coreUs = core.spentUs() / heard.heard;
  const processUs = (cpuUs(relay.pid) - before) / heard.heard;
  const othersUs = others?.spentUs() ?? 0;
  const shares = await samples?.shares();
  const shareUs = (1e6 * seconds) / heard.heard;
  const perPacketUs = shares ? (shares.process + shares.packets) * shareUs : coreUs;
  await relay.close();
  const [p50, p99, p999] = heard.delayUs;
  console.log(
    JSON.stringify({
      variant,
      relay: relay.name,
      calls,
      packetsPerS: Math.round(heard.sent / seconds),
      lossPercent: rounded((100 * (heard.sent - heard.heard)) / heard.sent),
      cpuUsPerPacket: rounded(perPacketUs),
      processUsPerPacket: rounded(processUs),
      ...(shares
        ? { softirqUsPerPacket: rounded(shares.packets * shareUs) }
        : { coreUsPerPacket: rounded(coreUs) }),
      delayUs: { p50, p99, p999 },
      // Of both cores, where one is 100 %: a disturbed round says little.
      othersPercent: Math.round(othersUs / (10_000 * seconds)),
    }),
  );
  return perPacketUs;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function compare(program: string, relays: readonly RelayName[], variant: Variant) {
  const costs = new Map<string, number[]>(relays.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of relays) costs.get(name)!.push(await measure(program, name, variant));
  }
  const cost = new Map([...costs].map(([name, all]) => [name, median(all)]));
  const peer = cost.get("rtpengine");
  const ratios = [...cost].filter(([name]) => name !== "rtpengine" && peer !== undefined);
  console.log(
    JSON.stringify({
      variant,
      cpuUsPerPacket: Object.fromEntries([...cost].map(([name, us]) => [name, rounded(us)])),
      ratio: Object.fromEntries(ratios.map(([name, us]) => [name, rounded(us / peer!)])),
    }),
  );
}

/** The delay of each relay at half of the load that the sockets carry. */
async function atHalfLoad(program: string, relays: readonly RelayName[], variant: Variant) {
  const speak: Speak = async (relay, calls, seconds) => {
    const open = (parties: readonly CallPorts[]) => relay.open(parties, variant);
    const started = () => {};
    const plan = { namespace, urgent, calls, seconds, variant, open, started };
    const heard = await talk(program, plan);
    await relay.close();
    return heard;
  };
  if (!relays.includes("sockets"))
    throw new Error("--half-load is about the sockets: name them in --relays");
  const sockets = await startRelay("sockets", RELAY_CORE, urgent);
  const highest = await highestLoad(sockets, speak);
  await sockets.stop();
  const half = Math.floor(highest.calls / 2);
  for (const name of half > 0 ? relays : []) {
    const relay = await startRelay(name, RELAY_CORE, urgent);
    const { sent, heard, delayUs } = await speak(relay, half, seconds);
    await relay.stop();
    const [p50, p99, p999] = delayUs;
    console.log(
      JSON.stringify({
        variant,
        relay: relay.name,
        highestCalls: highest.calls,
        limitedBy: highest.limitedBy,
        halfLoad: {
          packetsPerS: Math.round(sent / seconds),
          lossPercent: rounded((100 * (sent - heard)) / sent),
          delayUs: { p50, p99, p999 },
        },
      }),
    );
  }
  if (half === 0) console.log(JSON.stringify({ variant, relay: "sockets", highestCalls: 0 }));
}

const isInstalled = spawnSync("rtpengine", ["--version"]).status === 0;
if (!isInstalled) console.error("rtpengine is not installed: no comparison");
console.log(JSON.stringify({ processor: cpus()[0]?.model, cores: cpus().length }));
const program = buildTalkers();
const samplesFile = join(dirname(program), "samples");
const sampling = canSample();
if (!sampling) console.error("perf is not installed: the work of others counts too");
const relays = wanted.filter((name) => name !== "rtpengine" || isInstalled);
try {
  for (const name of held > 0 ? relays : []) {
    const relay = await startRelay(name, RELAY_CORE, urgent);
    console.log(JSON.stringify(await memoryPerCall(relay, held, variants.at(-1)!)));
    await relay.stop();
  }
  for (const variant of variants) {
    if (rounds > 0) await compare(program, relays, variant);
    if (options.halfLoad) await atHalfLoad(program, relays, variant);
  }
} finally {
  rmSync(dirname(program), { recursive: true });
}
