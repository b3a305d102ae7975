import { after, type Instant, instant, parseCidr } from "#base";
import type { Flow, Side } from "#sip";
import { blockText } from "./denied.ts";

/** Sources that are counted one by one; of more than these only the sum is known. */
const SOURCES_MAX = 20_000;
/**
 * Whoever has one IPv6 address has its whole /64, and an office has it too: a block is denied only
 * when it says as much as four of its addresses may.
 */
const BLOCK_PREFIX = 64;
export const BLOCK_FACTOR = 4;

/** What one source sent in a window. */
export interface Count {
  messages: number;
  /** The port that it came from, or undefined when there were several. */
  port: number | undefined;
  byUdpAlone: boolean;
}

/** What has gone over its threshold. */
export interface Flood {
  /** An address, or an IPv6 block. */
  readonly address: string;
  readonly count: Readonly<Count>;
}

type BySide = Readonly<Record<Side, Map<string, Count>>>;

/** Counts what sources send in a window of time: all of them fall back to nothing at its end. */
export class FloodWindow {
  readonly #addresses: BySide = { public: new Map(), private: new Map() };
  readonly #blocks: BySide = { public: new Map(), private: new Map() };
  #ends = instant(Number.NEGATIVE_INFINITY);

  get size(): number {
    const of = (counts: BySide): number => counts.public.size + counts.private.size;
    return of(this.#addresses) + of(this.#blocks);
  }

  /** Counts one message; returns what is a flood by now. */
  take(flow: Flow, requests: number, windowS: number, now: Instant): Flood | undefined {
    if (now >= this.#ends) this.#begin(after(now, windowS * 1000));
    const { side, remoteAddress: address } = flow;
    const own = counted(this.#addresses[side], address, flow);
    if (own && own.messages > requests) return { address, count: own };
    const block = ipv6Block(address);
    if (block === undefined) return undefined;
    const all = counted(this.#blocks[side], block, flow);
    const isFlood = all && all.messages > requests * BLOCK_FACTOR;
    return isFlood ? { address: block, count: all } : undefined;
  }

  /** What a source sent so far, by its address. */
  of(side: Side, address: string, now: Instant): number {
    return now >= this.#ends ? 0 : (this.#addresses[side].get(address)?.messages ?? 0);
  }

  #begin(ends: Instant): void {
    this.#ends = ends;
    for (const counts of [this.#addresses, this.#blocks]) {
      counts.public.clear();
      counts.private.clear();
    }
  }
}

function counted(counts: Map<string, Count>, key: string, flow: Flow): Count | undefined {
  const { remotePort: port, transport } = flow;
  const known = counts.get(key);
  if (!known) {
    if (counts.size >= SOURCES_MAX) return undefined;
    const first: Count = { messages: 1, port, byUdpAlone: transport === "udp" };
    counts.set(key, first);
    return first;
  }
  known.messages += 1;
  if (known.port !== port) known.port = undefined;
  if (transport !== "udp") known.byUdpAlone = false;
  return known;
}

/** The block that an IPv6 address shares with its neighbours; undefined for IPv4. */
export function ipv6Block(address: string): string | undefined {
  const block = address.includes(":") ? parseCidr(`${address}/${BLOCK_PREFIX}`) : undefined;
  return block && blockText(block);
}
