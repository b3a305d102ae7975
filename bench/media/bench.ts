import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { Secret } from "#base";
import type { SrtpKey, StreamEnd } from "#media";
import { type PlaneProcess, startPlaneProcess } from "#media-plane";
import { cpuUs } from "./cpu-time.ts";
import { Rtpengine } from "./rtpengine.ts";
import { buildTalkers, type CallPorts, TALKERS_KEY, talk, type Variant } from "./talkers.ts";

// `npm run bench:media`: processor time of the relay per packet, ours and rtpengine's (user space,
// where it is installed), in turn on the same machine with the same talkers, printed as JSON.

const USAGE = `bench:media [--calls 250] [--seconds 4] [--rounds 3]
            [--variants plain,srtp-rtp,srtp-srtp]`;
const PORT_FIRST = 20_000;

const { values: wanted } = parseArgs({
  options: {
    calls: { type: "string", default: "250" },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    variants: { type: "string", default: "plain,srtp-rtp,srtp-srtp" },
    help: { type: "boolean" },
  },
});
if (wanted.help === true) {
  console.log(USAGE);
  process.exit(0);
}
const calls = Number(wanted.calls);
const seconds = Number(wanted.seconds);
const variants = wanted.variants.split(",") as Variant[];

interface Relay {
  readonly name: string;
  readonly pid: number;
  open(parties: readonly CallPorts[], variant: Variant): Promise<readonly CallPorts[]>;
  close(): Promise<void>;
  stop(): Promise<void>;
}

const keyOf = (keySalt: string): SrtpKey => ({
  suite: "AES_CM_128_HMAC_SHA1_80",
  keySalt: new Secret(keySalt),
});
const keys = {
  inbound: keyOf(TALKERS_KEY),
  outbound: keyOf(Buffer.alloc(30, 9).toString("base64")),
};

function ours(plane: PlaneProcess): Relay {
  const ids = Array.from({ length: calls }, (_, i) => `call-${i}:0`);
  const end = (port: number, remotePort: number, secure: boolean): StreamEnd => ({
    localAddress: "127.0.0.1",
    port,
    rtcpPort: port + 1,
    remoteAddress: "127.0.0.1",
    remotePort,
    latch: false,
    dscp: 46,
    formats: [{ payloadType: 0, encoding: "pcmu", clockHz: 8000 }],
    ...(secure && { srtp: keys }),
  });
  const portsOf = (i: number): CallPorts => ({
    public: PORT_FIRST + 4 * i,
    private: PORT_FIRST + 4 * i + 2,
  });
  return {
    name: "passerelle",
    pid: plane.pid!,
    open: async (parties, variant) => {
      for (const [i, id] of ids.entries()) {
        const { public: outer, private: inner } = portsOf(i);
        const ends = {
          caller: end(outer, parties[i]!.public, variant !== "plain"),
          callee: end(inner, parties[i]!.private, variant === "srtp-srtp"),
        };
        plane.perform({
          kind: "stream",
          stream: { id, callId: id, kind: "rtp", silenceS: 60, ends },
        });
      }
      await plane.counters([]);
      return ids.map((_, i) => portsOf(i));
    },
    close: async () => {
      for (const id of ids) plane.perform({ kind: "close", id });
      await plane.counters([]);
    },
    stop: () => plane.close(),
  };
}

const theirs = (engine: Rtpengine): Relay => ({
  name: "rtpengine",
  pid: engine.pid,
  open: async (parties, variant) => {
    const opened: CallPorts[] = [];
    for (const [i, ports] of parties.entries()) {
      opened.push(await engine.open(`call-${i}`, ports, variant));
    }
    return opened;
  },
  close: async () => {
    for (let i = 0; i < calls; i++) await engine.close(`call-${i}`);
  },
  stop: () => engine.stop(),
});

const rounded = (value: number): number => Math.round(100 * value) / 100;

/** One round of one relay, told as a line; its µs per packet. */
async function measure(program: string, relay: Relay, variant: Variant): Promise<number> {
  let before = 0;
  const started = (): void => {
    before = cpuUs(relay.pid);
  };
  const open = (parties: readonly CallPorts[]) => relay.open(parties, variant);
  const heard = await talk(program, calls, seconds, variant, open, started);
  const perPacketUs = (cpuUs(relay.pid) - before) / heard.heard;
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
      delayUs: { p50, p99, p999 },
    }),
  );
  return perPacketUs;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const isInstalled = spawnSync("rtpengine", ["--version"]).status === 0;
const program = buildTalkers();
const relays = [ours(await startPlaneProcess())];
if (isInstalled) relays.push(theirs(await Rtpengine.start()));
for (const variant of variants) {
  const costs = new Map<string, number[]>(relays.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(wanted.rounds); round++) {
    for (const relay of relays) costs.get(relay.name)!.push(await measure(program, relay, variant));
  }
  const cost = Object.fromEntries([...costs].map(([name, all]) => [name, rounded(median(all))]));
  const ratio =
    cost.rtpengine === undefined ? {} : { ratio: rounded(cost.passerelle! / cost.rtpengine) };
  console.log(JSON.stringify({ variant, cpuUsPerPacket: cost, ...ratio }));
}
if (!isInstalled) console.error("rtpengine is not installed: no comparison");
for (const relay of relays) await relay.stop();
rmSync(dirname(program), { recursive: true });
