import { gatewaySettings, startGateway } from "../../test/lab/index.ts";
import { CALLEE, CALLER, PORT, type Subject, type SubjectOptions } from "./subject.ts";

/** The gateway with its media plane, between a trunk (the caller) and a PBX (the callee). */
export async function startGatewaySubject(options: SubjectOptions): Promise<Subject> {
  const { host, place, core, nodeOptions } = options;
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
    ...(nodeOptions === undefined ? {} : { nodeOptions }),
  });
  return {
    name: "gateway",
    address: place.publicSide,
    pids: [program.pid],
    // SIGINT lets a profile be written.
    stop: async () => void (await program.stop("SIGINT")),
  };
}
