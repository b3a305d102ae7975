import { parseAddress } from "#base";
import type { SocketLimits } from "./configuration.ts";

/** Counts the accepted connections, in all and of each source. */
export class StreamAdmission {
  readonly #sources = new Map<string, number>();
  #all = 0;
  #strangers = 0;

  /** Sources that have a connection now. */
  get sources(): number {
    return this.#sources.size;
  }

  /** Gives a place, to be released once; or says why there is none. */
  admit(address: string, limits: SocketLimits, isPeer = false): (() => void) | string {
    const source = sourceOf(address);
    const held = this.#sources.get(source) ?? 0;
    if (this.#all >= limits.connectionsMax) return "too many connections";
    if (held >= limits.connectionsPerSourceMax) return "too many connections of one source";
    if (!isPeer && this.#strangers >= strangersMax(limits))
      return "too many connections of strangers";
    this.#all += 1;
    if (!isPeer) this.#strangers += 1;
    this.#sources.set(source, held + 1);
    return () => this.#release(source, isPeer);
  }

  #release(source: string, isPeer: boolean): void {
    this.#all -= 1;
    if (!isPeer) this.#strangers -= 1;
    const held = this.#sources.get(source)! - 1;
    if (held === 0) this.#sources.delete(source);
    else this.#sources.set(source, held);
  }
}

/** A hundred addresses could hold all places with silence: peers keep some (attack case D3). */
const strangersMax = ({ connectionsMax, reservedPercent }: SocketLimits): number =>
  connectionsMax - Math.ceil((connectionsMax * reservedPercent) / 100);

/** Whoever has one IPv6 address has its whole /64: they count as one source. */
function sourceOf(address: string): string {
  const bytes = parseAddress(address);
  return bytes?.length === 16 ? bytes.slice(0, 8).join(".") : address;
}
