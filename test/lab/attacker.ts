import { join } from "node:path";
import type { Host } from "./host.ts";
import type { Program } from "./program.ts";
import { caller, send } from "./sipp-scenario.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Where an attack aims at. */
export interface Aim {
  readonly address: string;
  readonly port: number;
}

export type LeftKind =
  | "idle"
  | "half-message"
  | "slow-bytes"
  | "half-handshake"
  | "invite-and-close"
  | "idle-tls"
  | "invite-and-close-tls";

export interface LeftConnections extends Aim {
  readonly kind: LeftKind;
  readonly from: readonly string[];
  /** How many stand at once, and how many are opened in a second at most. */
  readonly standing?: number;
  readonly rate?: number;
  /** What runs it: `chrt`, `taskset`… */
  readonly under?: readonly string[];
}

/** Opens connections and leaves them (left-connections.ts), until it is stopped. */
export function leaveConnections(host: Host, plan: LeftConnections): Program {
  const { standing = 50, rate = 200, under = [] } = plan;
  return host.start({
    name: `connections left (${plan.kind})`,
    command: [
      ...[...under, join(ROOT, "bin/node"), join(import.meta.dirname, "left-connections.ts")],
      ...["--to", plan.address, "--port", String(plan.port), "--kind", plan.kind],
      ...["--from", plan.from.join(","), "--standing", String(standing), "--rate", String(rate)],
    ],
  });
}

export interface SippFlood extends Aim {
  readonly method: string;
  readonly transport: "udp" | "tcp";
  readonly from: string;
  readonly requestsPerSecond: number;
  /** Without them it goes on until it is stopped. */
  readonly requests?: number;
  readonly under?: readonly string[];
}

/** SIPp sends requests and never listens; by TCP each has a connection of its own. */
export function floodBySipp(host: Host, plan: SippFlood): Program {
  const { method, transport, from, address, port, requestsPerSecond, requests } = plan;
  const folder = host.newFolder("flood");
  // Without repeats each call is over once it has sent.
  const scenario = caller([send(method)]).replace(' retrans="500"', "");
  host.write(join(folder.slice(host.folder.length + 1), "flood.xml"), scenario);
  const shown = `${from}:5060`;
  const keys = {
    via_transport: transport.toUpperCase(),
    via_host: shown,
    contact: `sip:flood@${shown}`,
    target: `sip:+33123456789@${address}:${port}`,
    identity: `"Flood" <sip:flood@${from}>`,
  };
  return host.start({
    name: `sipp (flood of ${method} by ${transport})`,
    folder,
    command: [
      ...[...(plan.under ?? []), "sipp", `${address}:${port}`, "-sf", "flood.xml", "-i", from],
      ...["-t", transport === "udp" ? "u1" : "tn", "-bind_local", "-nostdin", "-skip_rlimit"],
      ...["-r", String(requestsPerSecond), "-l", "100000", "-max_socket", "1000"],
      // A stranger's connections are closed: it opens others, and a call that was cut is no reason to end.
      ...["-max_reconnect", "1000000", "-reconnect_close", "false", "-reconnect_sleep", "10"],
      ...["-deadcall_wait", "0", "-default_behaviors", "none", "-f", "60"],
      ...(requests === undefined ? [] : ["-m", String(requests)]),
      ...Object.entries(keys).flatMap(([name, value]) => ["-key", name, value]),
    ],
  });
}
