import { cpus } from "node:os";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Host, Lab, missing } from "../../test/lab/index.ts";
import { startGatewaySubject } from "./gateway-subject.ts";
import { startKamailio } from "./kamailio-subject.ts";
import { type Pace, type Round, runRound } from "./load.ts";
import { measureFlatness, measureHeldCalls } from "./memory.ts";
import { processorMs } from "./processor-time.ts";
import { CALLEE, CALLER, type Place, type StartSubject, type Subject } from "./subject.ts";

// `npm run bench:calls`: processor time per call of the gateway and of Kamailio, in one run, the
// rounds interleaved, printed as JSON. Needs two cores and root; docs/performance.md explains it.

const USAGE = `bench:calls [--rounds 5] [--seconds 10] [--at-once 100] [--rates 500,1000]
            [--variants signalling,media] [--only gateway|kamailio]
            [--held 5000] [--flat 200000] [--profile FOLDER]`;

const LOAD_CORE = 0;
const SUBJECT_CORE = 1;
// A gateway runs for weeks, and what the compiler learns in its first minute isn't its cost.
const WARM_UP_CALLS = 30_000;
const TRY_CALLS = 3_000;
// What a pace leaves behind, 32 s of ended transactions (RFC 6026), is no cost of the next one.
const SETTLE_MS = 35_000;
const STARTERS: Readonly<Record<string, { start: StartSubject; place: Place }>> = {
  gateway: {
    start: startGatewaySubject,
    place: { publicSide: "198.51.100.10", privateSide: "10.20.0.10" },
  },
  kamailio: {
    start: startKamailio,
    place: { publicSide: "198.51.100.20", privateSide: "10.20.0.20" },
  },
};

const { values: wanted } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "10" },
    "at-once": { type: "string", default: "100" },
    rates: { type: "string", default: "1000" },
    variants: { type: "string", default: "signalling,media" },
    only: { type: "string" },
    held: { type: "string" },
    flat: { type: "string" },
    profile: { type: "string" },
    help: { type: "boolean" },
  },
});

if (wanted.help === true) {
  console.log(USAGE);
  process.exit(0);
}
const reason = missing("sipp", "kamailio", "rtpengine", "taskset");
if (reason !== false) {
  console.error(`bench:calls can't run: ${reason}`);
  process.exit(1);
}

const lab = new Lab();
try {
  const host = lab.host("bench");
  for (const address of [CALLER, CALLEE, ...Object.values(STARTERS).flatMap(addressesOf)]) {
    host.address("lo", `${address}/32`);
  }
  console.log(JSON.stringify(await report(host), undefined, 2));
} finally {
  await lab.close();
}

async function report(host: Host): Promise<unknown> {
  const machine = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version };
  if (wanted.held !== undefined) return { machine, held: await held(host, Number(wanted.held)) };
  if (wanted.flat !== undefined) return { machine, flat: await flat(host, Number(wanted.flat)) };
  const variants = [];
  for (const variant of wanted.variants.split(",")) {
    variants.push(...(await compare(host, variant === "media")));
  }
  return { machine, variants };
}

/** Both subjects side by side, one at work at a time, at each pace, each from rest to rest. */
async function compare(host: Host, media: boolean): Promise<unknown[]> {
  const subjects: Subject[] = [];
  try {
    for (const name of names()) subjects.push(await start(host, name, media));
    const results = [];
    for (const subject of subjects) {
      await round(host, subject, media, { atOnce: 100 }, WARM_UP_CALLS);
    }
    await setTimeout(SETTLE_MS);
    for (const pace of paces()) results.push(await comparePace(host, subjects, media, pace));
    return results;
  } finally {
    for (const subject of subjects) await subject.stop();
  }
}

async function comparePace(host: Host, subjects: readonly Subject[], media: boolean, pace: Pace) {
  const rounds = new Map<string, Round[]>(subjects.map(({ name }) => [name, []]));
  const calls = new Map<string, number>();
  const before = new Map(subjects.map(({ name, pids }) => [name, processorMs(pids)]));
  const all = new Map<string, number>();
  for (let index = 0; index <= Number(wanted.rounds); index++) {
    for (const subject of subjects) {
      const count = calls.get(subject.name) ?? callsToTry(pace);
      const result = await round(host, subject, media, pace, count);
      console.error(JSON.stringify({ ...result, pace }));
      calls.set(subject.name, callsToFill(pace, result));
      all.set(subject.name, (all.get(subject.name) ?? 0) + result.calls);
      // The first round of each only tells how many calls fill the time.
      if (index > 0) rounds.get(subject.name)?.push(result);
    }
  }
  await setTimeout(SETTLE_MS);
  const withLeftovers = Object.fromEntries(
    subjects.map(({ name, pids }) => [
      name,
      rounded((processorMs(pids) - before.get(name)!) / all.get(name)!),
    ]),
  );
  return { variant: media ? "media" : "signalling", pace, ...figures(rounds, withLeftovers) };
}

function figures(rounds: ReadonlyMap<string, Round[]>, withLeftovers: Record<string, number>) {
  const perCallMs = medians(rounds, (each) => each.msPerCall);
  return {
    perCallMs,
    ...ratioOf("ratio", perCallMs),
    // All time from rest to rest: with what ended calls cost until they are forgotten.
    perCallWithLeftoversMs: withLeftovers,
    ...ratioOf("ratioWithLeftovers", withLeftovers),
    callsPerSecond: medians(rounds, (each) => each.callsPerSecond),
    setUpP99Ms: medians(rounds, (each) => each.setUpP99Ms),
    failed: sums(rounds, (each) => each.failed),
    retransmissions: sums(rounds, (each) => each.retransmissions),
    dropped: sums(rounds, (each) => each.dropped),
    rounds: Number(wanted.rounds),
  };
}

function ratioOf(name: string, perCallMs: Readonly<Record<string, number>>) {
  const [gateway, other] = Object.values(perCallMs);
  return gateway === undefined || other === undefined ? {} : { [name]: rounded(gateway / other) };
}

async function held(host: Host, calls: number): Promise<unknown> {
  const subject = await start(host, names()[0]!, true);
  try {
    return await measureHeldCalls({ host, subject, core: LOAD_CORE, media: true, calls });
  } finally {
    await subject.stop();
  }
}

async function flat(host: Host, calls: number): Promise<unknown> {
  const subject = await start(host, names()[0]!, true, true);
  try {
    return await measureFlatness({ host, subject, core: LOAD_CORE, media: true, calls });
  } finally {
    await subject.stop();
  }
}

function start(host: Host, name: string, media: boolean, tellsHeap = false): Promise<Subject> {
  const starter = STARTERS[name];
  if (starter === undefined) throw new Error(`no subject is called ${name}`);
  return starter.start({
    host,
    core: SUBJECT_CORE,
    place: starter.place,
    media,
    tellsHeap,
    ...(wanted.profile === undefined
      ? {}
      : { nodeOptions: ["--cpu-prof", `--cpu-prof-dir=${wanted.profile}`] }),
  });
}

function round(host: Host, subject: Subject, media: boolean, pace: Pace, calls: number) {
  return runRound({ host, subject, core: LOAD_CORE, media, pace, calls });
}

function names(): string[] {
  return wanted.only === undefined ? Object.keys(STARTERS) : [wanted.only];
}

function paces(): Pace[] {
  const rates = wanted.rates.split(",").filter((rate) => rate !== "");
  const atOnce = Number(wanted["at-once"]);
  return [
    ...(atOnce > 0 ? [{ atOnce }] : []),
    ...rates.map((rate) => ({ callsPerSecond: Number(rate) })),
  ];
}

function callsToTry(pace: Pace): number {
  return "atOnce" in pace ? TRY_CALLS : pace.callsPerSecond;
}

function callsToFill(pace: Pace, tried: Round): number {
  const rate = "atOnce" in pace ? tried.callsPerSecond : pace.callsPerSecond;
  return Math.round(rate * Number(wanted.seconds));
}

function addressesOf({ place }: { readonly place: Place }): string[] {
  return [place.publicSide, place.privateSide];
}

function medians(rounds: ReadonlyMap<string, Round[]>, pick: (round: Round) => number) {
  return each(rounds, (results) => {
    const sorted = results.map(pick).sort((a, b) => a - b);
    const middle = sorted.length / 2;
    const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
    return rounded((low + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2);
  });
}

function sums(rounds: ReadonlyMap<string, Round[]>, pick: (round: Round) => number) {
  return each(rounds, (results) => results.reduce((sum, result) => sum + pick(result), 0));
}

function each(rounds: ReadonlyMap<string, Round[]>, value: (results: readonly Round[]) => number) {
  return Object.fromEntries([...rounds].map(([name, results]) => [name, value(results)]));
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
