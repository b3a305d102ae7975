import { parseArgs } from "node:util";
import type { Variant } from "./talkers.ts";

export const USAGE = `bench:media [--calls 250] [--seconds 4] [--rounds 3] [--held 1000]
            [--variants plain,srtp-rtp,srtp-srtp] [--relays sockets,kernel,rtpengine] [--urgent]
            [--half-load]
  --calls      of 100 packets a second each, in the rounds that compare the relays' work
  --rounds     0: no such rounds
  --held       calls that memory is measured with, of the last of the variants; 0: it isn't
  --urgent     relays and talkers go before all other work of the machine
  --half-load  looks for the most calls that the sockets carry in time (a minute or two for
               each variant), then has each relay carry half of them and tells the delay`;

/** The environment variable that names where the talkers are. */
export const TALKERS_NAMESPACE = "BENCH_TALKERS";

/** The addresses on either side, of the relay and of the parties. */
export const PLACES = {
  public: { relay: "198.51.100.10", talkers: "198.51.100.1" },
  private: { relay: "10.20.0.10", talkers: "10.20.0.1" },
} as const;

export const RELAYS = ["sockets", "kernel", "rtpengine"] as const;
export type RelayName = (typeof RELAYS)[number];

export interface Options {
  readonly help: boolean;
  readonly calls: number;
  readonly seconds: number;
  readonly rounds: number;
  /** Calls that memory is measured with, of the last of the variants; 0: it isn't. */
  readonly held: number;
  readonly variants: readonly Variant[];
  readonly relays: readonly RelayName[];
  /** Relays and talkers go before all other work of the machine (SCHED_RR). */
  readonly urgent: boolean;
  /** Delay is measured at half of the highest load too. */
  readonly halfLoad: boolean;
}

export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      calls: { type: "string", default: "250" },
      seconds: { type: "string", default: "4" },
      rounds: { type: "string", default: "3" },
      held: { type: "string", default: "1000" },
      variants: { type: "string", default: "plain,srtp-rtp,srtp-srtp" },
      relays: { type: "string", default: RELAYS.join(",") },
      urgent: { type: "boolean", default: false },
      "half-load": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    help: values.help,
    urgent: values.urgent,
    halfLoad: values["half-load"],
    calls: Number(values.calls),
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    held: Number(values.held),
    variants: values.variants.split(",") as Variant[],
    relays: values.relays.split(",") as RelayName[],
  };
}
