import type { Datagrams } from "#native";
import { INSTRUCTIONS_MAX, type Pattern, packetProgram } from "./packet-program.ts";

/** A filter says how many bytes of a datagram are kept: none, or however many there are. */
const DROPS = { hit: 0, miss: 0xffff_ffff };
const KEEPS_ALL = new Uint32Array();

/** What one UDP socket drops before anybody reads it. It needs no privilege. */
export class DatagramFilter {
  readonly #socket: Pick<Datagrams, "filter">;
  readonly #family: 4 | 6;
  #isSet = false;

  constructor(socket: Pick<Datagrams, "filter">, family: 4 | 6) {
    this.#socket = socket;
    this.#family = family;
  }

  /**
   * Drops what these send, and nothing else: as many of them as the system has room for, the first
   * ones rather. How many that are.
   */
  drop(patterns: readonly Pattern[]): number {
    for (let some = patterns; some.length > 0; some = some.slice(0, some.length >> 1)) {
      const program = packetProgram(this.#family, some, DROPS);
      if (program.length <= 4 * INSTRUCTIONS_MAX && this.#takes(program)) return some.length;
    }
    if (this.#isSet) this.#socket.filter(KEEPS_ALL);
    this.#isSet = false;
    return 0;
  }

  /** A socket's memory for filters (net.core.optmem_max) may have room for one, and not for two. */
  #takes(program: Uint32Array): boolean {
    this.#isSet = this.#socket.filter(program);
    if (this.#isSet) return true;
    this.#socket.filter(KEEPS_ALL);
    this.#isSet = this.#socket.filter(program);
    return this.#isSet;
  }
}
