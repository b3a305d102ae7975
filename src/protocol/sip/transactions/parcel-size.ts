import { after, BoundedMap, type Instant } from "#base";
import type { Destination } from "../flow.ts";

/** RFC 3261 §18.1.1, for a path whose MTU nobody knows. */
export const DATAGRAM_BYTES_MAX = 1300;

const MEMORY_MS = 600_000;
const PEERS_MAX = 10_000;

/**
 * Which requests are too large for one datagram and go by TCP, where the peer has that
 * (RFC 3261 §18.1.1). A peer that turned out to have none is not asked again for ten minutes.
 */
export class ParcelSize {
  readonly #bytesMax: number;
  readonly #withoutTcp = new BoundedMap<string, Instant>(PEERS_MAX);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The way by TCP for a message that is too large; undefined where it goes as it was to go. */
  roomierWay(to: Destination, bytes: number, now: Instant): Destination | undefined {
    // A flow is followed whatever the size: behind a NAT there is no other way.
    if (to.transport !== "udp" || to.flow !== undefined) return undefined;
    if (bytes <= this.#bytesMax) return undefined;
    const until = this.#withoutTcp.get(peerOf(to));
    if (until !== undefined && now < until) return undefined;
    const { side, address, port } = to;
    return { side, transport: "tcp", address, port };
  }

  /** The peer has no TCP. */
  refused(to: Destination, now: Instant): void {
    this.#withoutTcp.set(peerOf(to), after(now, MEMORY_MS));
  }
}

const peerOf = ({ side, address, port }: Destination): string => `${side} ${address} ${port}`;
