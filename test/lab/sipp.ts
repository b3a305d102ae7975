import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "./host.ts";
import type { Program } from "./program.ts";

export interface SippOptions {
  readonly host: Host;
  /** The text of a scenario (sipp-scenario.ts). */
  readonly scenario: string;
  readonly address: string;
  readonly port: number;
  readonly transport?: "udp" | "tcp";
  /** Where a caller sends. */
  readonly to?: string;
  /** The Request-URI of a caller. */
  readonly target?: string;
  readonly identity?: string;
  /** What stands in Via and Contact, where a TLS tunnel stands before SIPp. */
  readonly seenAs?: { readonly transport: string; readonly host: string };
  readonly calls?: number;
  readonly callsPerSecond?: number;
  /** How many calls may stand at once. */
  readonly atOnce?: number;
  readonly mediaPort?: number;
  readonly echo?: boolean;
  /** Whether the scenario has a clock. */
  readonly clocked?: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly core?: number;
  readonly more?: readonly string[];
}

const ERROR_CHARACTERS_MAX = 4_000;

/** What SIPp counted. */
export interface SippCounts {
  readonly created: number;
  readonly successful: number;
  readonly failed: number;
  readonly retransmissions: number;
  readonly seconds: number;
}

/** SIPp at work; `done()` fails unless every call went as its scenario says. */
export class Sipp {
  readonly program: Program;
  readonly #folder: string;
  readonly #calls: number;

  constructor(program: Program, folder: string, calls: number) {
    this.program = program;
    this.#folder = folder;
    this.#calls = calls;
  }

  async done(withinMs = 8_000): Promise<SippCounts> {
    try {
      await this.program.succeeds(withinMs);
    } catch (error) {
      throw new Error(`${String(error)}\n${this.errors()}`);
    }
    const counts = this.counts();
    if (counts.successful < this.#calls) {
      throw new Error(
        `${this.program.name}: ${counts.successful} of ${this.#calls} calls succeeded`,
      );
    }
    return counts;
  }

  counts(): SippCounts {
    const [head = "", ...rows] = this.#read("stat.csv").trim().split("\n");
    const names = head.split(";");
    const values = (rows.at(-1) ?? "").split(";");
    const value = (name: string): string => values[names.indexOf(name)] ?? "";
    return {
      created: Number(value("TotalCallCreated")),
      successful: Number(value("SuccessfulCall(C)")),
      failed: Number(value("FailedCall(C)")),
      retransmissions: Number(value("Retransmissions(C)")),
      seconds: secondsOf(value("ElapsedTime(C)")),
    };
  }

  /** One line a message that it sent or received. */
  messages(): string {
    return this.#read("messages.csv");
  }

  /** What the clock of its scenario measured, in ms, one a call; needs `clocked`. */
  times(): number[] {
    const rows = this.#read(`scenario_${this.program.pid}_rtt.csv`).trim().split("\n").slice(1);
    return rows.map((row) => Number(row.split(";")[1])).filter(Number.isFinite);
  }

  /** What it complained of: unexpected messages, time-outs. */
  errors(): string {
    return this.#read("errors.log").slice(0, ERROR_CHARACTERS_MAX);
  }

  #read(name: string): string {
    return readdirSync(this.#folder).includes(name)
      ? readFileSync(join(this.#folder, name), "latin1")
      : "";
  }
}

/** Starts SIPp and resolves when its socket is open. */
export async function startSipp(options: SippOptions): Promise<Sipp> {
  const { host, calls = 1 } = options;
  const role = options.to === undefined ? "callee" : "caller";
  const folder = host.newFolder(`sipp-${role}`);
  const relative = folder.slice(host.folder.length + 1);
  host.write(join(relative, "scenario.xml"), options.scenario);
  const program = host.start({
    name: `sipp (${role})`,
    folder,
    command: ["sipp", ...arguments_(options), "-m", String(calls)],
    ...(options.core === undefined ? {} : { core: options.core }),
  });
  // A caller may be done before its socket is seen.
  if (role === "callee") await program.listens(options.transport ?? "udp", options.port);
  return new Sipp(program, folder, calls);
}

function arguments_(options: SippOptions): string[] {
  const { address, port, transport = "udp" } = options;
  const shown = options.seenAs ?? { transport, host: `${bracketed(address)}:${port}` };
  const contact = `sip:sipp@${shown.host};transport=${shown.transport}`;
  const keys = {
    via_transport: shown.transport.toUpperCase(),
    via_host: shown.host,
    contact,
    target: options.target ?? "sip:nobody@invalid",
    identity: options.identity ?? `"Sipp" <sip:sipp@${bracketed(address)}>`,
  };
  const mediaPort = options.mediaPort ?? 6_000;
  return [
    ...(options.to === undefined ? [] : [options.to]),
    ...["-sf", "scenario.xml", "-i", bracketed(address), "-p", String(port)],
    ...[
      "-mi",
      bracketed(address),
      "-mp",
      String(mediaPort),
      "-t",
      transport === "tcp" ? "t1" : "u1",
    ],
    ...["-r", String(options.callsPerSecond ?? 10), "-l", String(options.atOnce ?? 1_000)],
    ...["-nostdin", "-skip_rlimit", "-bind_local", "-default_behaviors", "all,-bye", "-f", "60"],
    ...["-trace_err", "-error_file", "errors.log", "-trace_stat", "-stf", "stat.csv", "-fd", "1"],
    ...(options.calls === undefined || options.calls === 1
      ? ["-trace_shortmsg", "-shortmessage_file", "messages.csv"]
      : []),
    ...Object.entries(keys).flatMap(([name, value]) => ["-key", name, value]),
    ...(options.clocked === true ? ["-trace_rtt", "-rtt_freq", "200"] : []),
    ...(options.echo === true ? ["-rtp_echo"] : []),
    ...(options.user === undefined ? [] : ["-au", options.user, "-ap", options.password ?? ""]),
    ...(options.more ?? []),
  ];
}

export const bracketed = (address: string): string =>
  address.includes(":") ? `[${address}]` : address;

function secondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number);
  return hours * 3_600 + minutes * 60 + seconds;
}
