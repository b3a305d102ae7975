import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import type { StreamEnd } from "#media";
import { type PlaneProcess, startPlaneProcess } from "#media-plane";
import { cpuUs } from "./cpu-time.ts";
import { Rtpengine } from "./rtpengine.ts";
import { buildTalkers, type CallPorts, talk } from "./talkers.ts";

// What relaying costs: CPU of the relay in µs per packet, ours and rtpengine's (user space, where
// it is installed), in turn on the same machine with the same talkers.
//   packets.ts [CALLS [SECONDS [ROUNDS]]]

const [calls = 250, seconds = 4, rounds = 2] = process.argv.slice(2).map(Number);
const PORT_FIRST = 20_000;

interface Relay {
  readonly name: string;
  readonly pid: number;
  open(parties: readonly CallPorts[]): Promise<readonly CallPorts[]>;
  close(): Promise<void>;
  stop(): Promise<void>;
}

function ours(plane: PlaneProcess): Relay {
  const ids = Array.from({ length: calls }, (_, i) => `call-${i}:0`);
  const end = (port: number, remotePort: number): StreamEnd => ({
    localAddress: "127.0.0.1",
    port,
    rtcpPort: port + 1,
    remoteAddress: "127.0.0.1",
    remotePort,
    latch: false,
    dscp: 46,
  });
  const portsOf = (i: number): CallPorts => ({
    public: PORT_FIRST + 4 * i,
    private: PORT_FIRST + 4 * i + 2,
  });
  return {
    name: "passerelle",
    pid: plane.pid!,
    open: async (parties) => {
      for (const [i, id] of ids.entries()) {
        const { public: outer, private: inner } = portsOf(i);
        const ends = {
          caller: end(outer, parties[i]!.public),
          callee: end(inner, parties[i]!.private),
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
  open: async (parties) => {
    const opened: CallPorts[] = [];
    for (const [i, ports] of parties.entries()) opened.push(await engine.open(`call-${i}`, ports));
    return opened;
  },
  close: async () => {
    for (let i = 0; i < calls; i++) await engine.close(`call-${i}`);
  },
  stop: () => engine.stop(),
});

const isInstalled = spawnSync("rtpengine", ["--version"]).status === 0;
const program = buildTalkers();
const relays = [ours(await startPlaneProcess())];
if (isInstalled) relays.push(theirs(await Rtpengine.start()));

const costs = new Map<string, number[]>();
for (let round = 0; round < rounds; round++) {
  for (const relay of relays) {
    let before = 0;
    const started = (): void => {
      before = cpuUs(relay.pid);
    };
    const { sent, heard } = await talk(program, calls, seconds, relay.open, started);
    const perPacketUs = (cpuUs(relay.pid) - before) / heard;
    await relay.close();
    costs.set(relay.name, [...(costs.get(relay.name) ?? []), perPacketUs]);
    const loss = Math.round((1e6 * (sent - heard)) / sent) / 1e4;
    const result = {
      relay: relay.name,
      calls,
      packetsPerS: Math.round(sent / seconds),
      lossPercent: loss,
    };
    console.log(JSON.stringify({ ...result, cpuUsPerPacket: Math.round(perPacketUs * 100) / 100 }));
  }
}
for (const relay of relays) await relay.stop();
rmSync(dirname(program), { recursive: true });

const median = (name: string): number => {
  const sorted = [...costs.get(name)!].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
};
if (isInstalled) {
  const ratio = Math.round((100 * median("passerelle")) / median("rtpengine")) / 100;
  console.log(JSON.stringify({ ratioToRtpengine: ratio }));
} else {
  console.log("rtpengine is not installed: no comparison");
}
