import { spawnSync } from "node:child_process";
import { Secret } from "#base";
import type { SrtpKey, StreamEnd } from "#media";
import { type PlaneProcess, startPlaneProcess } from "#media-plane";
import { PLACES, type RelayName } from "./options.ts";
import { Rtpengine } from "./rtpengine.ts";
import { type CallPorts, SUITES, TALKERS_KEY, type Variant } from "./talkers.ts";

/** What relays packets between the two parties of each call. */
export interface Relay {
  readonly name: RelayName;
  readonly pid: number;
  /** Opens a call for each pair of ports of parties; our ports towards them. */
  open(parties: readonly CallPorts[], variant: Variant): Promise<readonly CallPorts[]>;
  /** Ends all calls. */
  close(): Promise<void>;
  stop(): Promise<void>;
}

const PORT_FIRST = 20_000;

/** Started on the given core, and nowhere else. */
export async function startRelay(name: RelayName, core: number, urgent: boolean): Promise<Relay> {
  const relay = name === "rtpengine" ? await theirs() : await ours(name);
  spawnSync("taskset", ["-a", "-p", "-c", String(core), String(relay.pid)]);
  if (urgent) spawnSync("chrt", ["-a", "-r", "-p", "1", String(relay.pid)]);
  return relay;
}

const OUR_KEY = Buffer.alloc(30, 9).toString("base64");

function keysOf(side: keyof typeof SUITES) {
  const keyOf = (keySalt: string): SrtpKey => ({
    suite: SUITES[side],
    keySalt: new Secret(keySalt),
  });
  return { inbound: keyOf(TALKERS_KEY), outbound: keyOf(OUR_KEY) };
}

function end(side: "public" | "private", port: number, remotePort: number, secure: boolean) {
  return {
    localAddress: PLACES[side].relay,
    port,
    rtcpPort: port + 1,
    remoteAddress: PLACES[side].talkers,
    remotePort,
    latch: false,
    dscp: 46,
    formats: [{ payloadType: 0, encoding: "pcmu", clockHz: 8000 }],
    ...(secure && { srtp: keysOf(side) }),
  } satisfies StreamEnd;
}

async function ours(name: RelayName): Promise<Relay> {
  const kernelAddresses = name === "kernel" ? [PLACES.public.relay, PLACES.private.relay] : [];
  const plane: PlaneProcess = await startPlaneProcess({ kernelAddresses });
  const fault = plane.kernelFault || plane.xdpFault;
  if (name === "kernel" && fault !== "") throw new Error(fault);
  let ids: string[] = [];
  const open = async (parties: readonly CallPorts[], variant: Variant) => {
    const first = ids.length;
    const opened = parties.map((party, i): CallPorts => {
      const port = PORT_FIRST + 4 * (first + i);
      const id = `call-${first + i}:0`;
      const ends = {
        caller: end("public", port, party.public, variant !== "plain"),
        callee: end("private", port, party.private, variant === "srtp-srtp"),
      };
      const stream = { id, callId: id, kind: "rtp", silenceS: 60, ends } as const;
      plane.perform({ kind: "stream", stream });
      return { public: port, private: port };
    });
    ids = [...ids, ...opened.map((_, i) => `call-${first + i}:0`)];
    await plane.counters([]);
    return opened;
  };
  return {
    name,
    pid: plane.pid!,
    open,
    close: async () => {
      for (const id of ids) plane.perform({ kind: "close", id });
      ids = [];
      await plane.counters([]);
    },
    stop: () => plane.close(),
  };
}

async function theirs(): Promise<Relay> {
  const engine = await Rtpengine.start();
  let count = 0;
  return {
    name: "rtpengine",
    pid: engine.pid,
    open: async (parties, variant) => {
      const opened: CallPorts[] = [];
      for (const ports of parties) {
        opened.push(await engine.open(`call-${count++}`, ports, variant));
      }
      return opened;
    },
    close: async () => {
      while (count > 0) await engine.close(`call-${--count}`);
    },
    stop: () => engine.stop(),
  };
}
