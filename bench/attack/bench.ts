import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  command,
  IPV4,
  missing,
  PUBLIC_PORT,
  PUBLIC_TLS_PORT,
  type RunningGateway,
  Site,
} from "../../test/lab/index.ts";
import { droppedDatagrams, processorMs } from "../calls/processor-time.ts";
import { makeCalls, type Outcome, type Pace, startOperator, startPbx } from "./honest-calls.ts";
import { ATTACKERS, startMix } from "./mix.ts";
import { boundPorts, deniedByRule, readThrough, settled } from "./readings.ts";

// `npm run bench:attack`: an operator's calls, first in peace, then while everything that a stranger
// may do is done at once; printed as JSON. Needs root and two cores; README.md explains it.

const USAGE = `bench:attack [--seconds 60] [--quiet-seconds 30] [--rate 50] [--spread 1500]
             [--flood 0] [--mirror] [--urgent]
  --seconds        of the attack
  --quiet-seconds  before it
  --rate           the operator's calls a second
  --spread         requests a second of a hundred sources that no one of them is denied for; from
                   some 1,800 on the gateway hears only whom it trusts (DDoS)
  --flood          datagrams a second of one denied source; 0: as many as a core sends
  --mirror         denied sources are dropped by nftables (security.kernelMirror)
  --urgent         the gateway goes before all other work of the machine (SCHED_RR)`;

const LOAD_CORE = 0;
const GATEWAY_CORE = 1;
const HOLD_MS = 1_000;
// What the compiler learns in its first seconds is no cost of a gateway that runs for weeks.
const WARM_UP = { calls: 3_000, callsPerSecond: 300, holdMs: 0 };
const HELD_CALLS = 20;
const HELD_MS = 3_000;
const RTP = { portMin: 10_000, portMax: 19_999 };

/** As bin/passerelle has it, and what tells its heap beside. */
const NODE_OPTIONS = [
  "--min-semi-space-size=32",
  "--max-semi-space-size=32",
  `--import=${join(import.meta.dirname, "../calls/heap-reading.ts")}`,
];

let collections = 0;

const { values: wanted } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    "quiet-seconds": { type: "string", default: "30" },
    rate: { type: "string", default: "50" },
    spread: { type: "string", default: "1500" },
    flood: { type: "string", default: "0" },
    mirror: { type: "boolean", default: false },
    urgent: { type: "boolean", default: false },
    help: { type: "boolean" },
  },
});
if (wanted.help === true) {
  console.log(USAGE);
  process.exit(0);
}
const reason = missing(
  "sipp",
  "tshark",
  "dumpcap",
  "svmap",
  "svwar",
  "svcrack",
  "taskset",
  "chrt",
  "g++",
  "ss",
);
if (reason !== false) {
  console.error(`bench:attack can't run: ${reason}`);
  process.exit(1);
}

const site = await Site.open();
try {
  console.log(JSON.stringify(await report(), undefined, 2));
} finally {
  await site.close();
}

async function report(): Promise<unknown> {
  const loadBefore = loadavg()[0];
  const gateway = await startGateway();
  const pbx = await startPbx({ site, core: LOAD_CORE });
  await call(WARM_UP);
  const quiet = await call(pace(Number(wanted["quiet-seconds"])));
  console.error(JSON.stringify({ quiet }));
  const { attacked, ...seen } = await underAttack(gateway);
  const ports = await heldPorts();
  await pbx.program.stop();
  return {
    seconds: Number(wanted.seconds),
    callsPerSecond: Number(wanted.rate),
    loadBefore,
    quiet,
    attacked,
    setUpP50Ratio: rounded(attacked.setUpP50Ms / quiet.setUpP50Ms),
    setUpP99Ratio: rounded(attacked.setUpP99Ms / quiet.setUpP99Ms),
    ...seen,
    ports,
  };
}

async function startGateway(): Promise<RunningGateway> {
  const gateway = await site.startGateway(
    {
      more: {
        securedInterface: true,
        publicProtocols: "tls+udp/tcp",
        privateProtocols: "udp/tcp",
        limits: { callsPerSecondMax: 10_000, callsMax: 100_000 },
        // Short, so that sources are forgiven and denied again while it lasts.
        security: {
          denyPeriod: "30s",
          ddos: { requests: 5_000, windowS: 2 },
          kernelMirror: wanted.mirror,
        },
        rtp: RTP,
        media: { portQuarantineS: 0 },
        log: { level: "warn" },
      },
    },
    { core: GATEWAY_CORE, nodeOptions: NODE_OPTIONS },
  );
  if (wanted.urgent) command("chrt", "-a", "-r", "-p", "1", String(gateway.program.pid));
  return gateway;
}

async function underAttack(gateway: RunningGateway) {
  const host = await site.stranger(ATTACKERS);
  const { pid } = gateway.program;
  const heapBefore = await heapAfterCollection(gateway);
  const [droppedBefore, usedBefore] = [droppedDatagrams(pid), processorMs([pid])];
  const began = performance.now();
  const readings = readThrough(gateway, Number(wanted.seconds));
  const mix = startMix({
    host,
    core: LOAD_CORE,
    deniedPerSecond: Number(wanted.flood),
    spreadPerSecond: Number(wanted.spread),
    sip: { address: IPV4.public, port: PUBLIC_PORT },
    tls: { address: IPV4.public, port: PUBLIC_TLS_PORT },
  });
  const attacked = await call(pace(Number(wanted.seconds)));
  const attacks = await mix.stop();
  const elapsedMs = performance.now() - began;
  const used = processorMs([pid]) - usedBefore;
  return {
    attacked,
    attacks,
    gatewayCoreShare: rounded(used / elapsedMs),
    datagramsWithoutRoom: droppedDatagrams(pid) - droppedBefore,
    deniedByRule: deniedByRule(gateway),
    memory: readings(),
    heapAfterCollectionKib: { before: heapBefore, after: await heapAfterCollection(gateway) },
  };
}

/** What lives in the gateway's heap: flat, whatever the collector leaves lying meanwhile. */
async function heapAfterCollection({ program }: RunningGateway): Promise<number> {
  const nth = new RegExp(`(?:heap after collection: (\\d+) bytes[^]*?){${++collections}}`);
  program.signal("SIGUSR2");
  return Math.round(Number((await program.line(nth))[1]) / 1024);
}

/** Each call has four ports, RTP and RTCP of two legs; and none is left when none lives. */
async function heldPorts() {
  const bound = () => boundPorts(site.gateway, RTP);
  const before = await settled(bound);
  const held = { calls: HELD_CALLS, callsPerSecond: HELD_CALLS * 2, holdMs: HELD_MS };
  const sender = await startOperator({ site, core: LOAD_CORE }, held);
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, bound());
  }, 200);
  await sender.program.ended;
  clearInterval(look);
  return { before, streams: HELD_CALLS, boundOfThem: most, after: await settled(bound) };
}

function call(calls: Pace): Promise<Outcome> {
  return makeCalls({ site, core: LOAD_CORE }, calls);
}

function pace(seconds: number) {
  const callsPerSecond = Number(wanted.rate);
  return { calls: callsPerSecond * seconds, callsPerSecond, holdMs: HOLD_MS };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
