import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/** The ports of one trial, all on the loopback. */
export interface TrialPorts {
  readonly publicPort: number;
  readonly privatePort: number;
  readonly pbx: number;
  readonly operator: number;
}

/** The usual ports first; other gateways on the machine move the trial out of their way. */
const BASES = [5060, 6060, 7060, 8060, 9060];

/** The first set of ports that is free; the usual one when none is, so that an error names it. */
export async function freeTrialPorts(): Promise<TrialPorts> {
  for (const base of BASES) {
    const ports = portsFrom(base);
    const free = await Promise.all(Object.values(ports).map(isFree));
    if (free.every(Boolean)) return ports;
  }
  return portsFrom(BASES[0]!);
}

const portsFrom = (base: number): TrialPorts => ({
  publicPort: base,
  privatePort: base + 2,
  pbx: base + 10,
  operator: base + 20,
});

async function isFree(port: number): Promise<boolean> {
  return (await isFreeUdp(port)) && (await isFreeTcp(port));
}

function isFreeUdp(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.once("error", () => resolve(false));
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}

function isFreeTcp(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
