import type { Datagrams } from "#native";
import { INSTRUCTIONS_MAX, type Pattern, packetProgram, type Verdicts } from "./packet-program.ts";

/** A filter says how many bytes of a datagram are kept: none, or however many there are. */
const DROPS: Verdicts = { hit: 0, miss: 0xffff_ffff };
/** Which of both sockets of one place gets a datagram: the second is for those who are known. */
const STEERS: Verdicts = { hit: 1, miss: 0 };
const KEEPS_ALL = new Uint32Array();

/** What the kernel does with a UDP socket's datagrams before anybody reads them; it needs no privilege. */
export class DatagramFilter {
  readonly #socket: Pick<Datagrams, "filter" | "steer">;
  readonly #family: 4 | 6;
  #isSet = false;

  constructor(socket: Pick<Datagrams, "filter" | "steer">, family: 4 | 6) {
    this.#socket = socket;
    this.#family = family;
  }

  /**
   * Drops what these send, and nothing else: as many of them as the system has room for, the first
   * ones rather. How many that are.
   */
  drop(patterns: readonly Pattern[]): number {
    const dropped = this.#attach(patterns, DROPS, (program) => this.#drops(program));
    if (dropped > 0) return dropped;
    if (this.#isSet) this.#socket.filter(KEEPS_ALL);
    this.#isSet = false;
    return 0;
  }

  /** Keeps a buffer for what these send that nobody else fills. How many of them have it. */
  keepRoomFor(patterns: readonly Pattern[]): number {
    const kept = this.#attach(patterns, STEERS, (program) => this.#socket.steer(program));
    if (kept === 0) this.#socket.steer(packetProgram(this.#family, [], STEERS));
    return kept;
  }

  #attach(
    patterns: readonly Pattern[],
    verdicts: Verdicts,
    takes: (program: Uint32Array) => boolean,
  ): number {
    for (let some = patterns; some.length > 0; some = some.slice(0, some.length >> 1)) {
      const program = packetProgram(this.#family, some, verdicts);
      if (program.length <= 4 * INSTRUCTIONS_MAX && takes(program)) return some.length;
    }
    return 0;
  }

  /** A socket's memory for filters (net.core.optmem_max) may have room for one, and not for two. */
  #drops(program: Uint32Array): boolean {
    this.#isSet = this.#socket.filter(program);
    if (this.#isSet) return true;
    this.#socket.filter(KEEPS_ALL);
    this.#isSet = this.#socket.filter(program);
    return this.#isSet;
  }
}
