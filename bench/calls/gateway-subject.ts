import { join } from "node:path";
import { gatewaySettings, startGateway } from "../../test/lab/index.ts";
import { CALLEE, CALLER, PORT, type Subject, type SubjectOptions } from "./subject.ts";

/** As bin/passerelle has it, and what tells its heap beside. */
const NODE_OPTIONS = [
  "--min-semi-space-size=32",
  "--max-semi-space-size=32",
  "--no-allocation-site-pretenuring",
  `--import=${join(import.meta.dirname, "heap-reading.ts")}`,
];

/** The gateway with its media plane, between a trunk (the caller) and a PBX (the callee). */
export async function startGatewaySubject(options: SubjectOptions): Promise<Subject> {
  const { host, place, core, nodeOptions, tellsHeap = false } = options;
  const settings = gatewaySettings({
    publicAddress: place.publicSide,
    privateAddress: place.privateSide,
    pbx: { host: CALLEE, port: PORT, transport: "udp" },
    trunks: [{ name: "load", peers: [{ host: CALLER, port: PORT, transport: "udp" }] }],
    more: {
      limits: { callsMax: 100_000, callsPerSecondMax: 10_000 },
      rtp: { portMin: 10_000, portMax: 59_999 },
      media: { portQuarantineS: 0 },
      log: { level: "error" },
    },
  });
  const { program } = await startGateway(host, settings, {
    core,
    ...(nodeOptions === undefined && !tellsHeap
      ? {}
      : { nodeOptions: [...(tellsHeap ? NODE_OPTIONS : []), ...(nodeOptions ?? [])] }),
  });
  let readings = 0;
  const heapAfterCollection = async (): Promise<number> => {
    const nth = new RegExp(`(?:heap after collection: (\\d+) bytes[^]*?){${++readings}}`);
    program.signal("SIGUSR2");
    return Number((await program.line(nth))[1]);
  };
  return {
    name: "gateway",
    address: place.publicSide,
    pids: [program.pid],
    ...(tellsHeap ? { heapAfterCollection } : {}),
    // SIGINT lets a profile be written.
    stop: async () => void (await program.stop("SIGINT")),
  };
}
