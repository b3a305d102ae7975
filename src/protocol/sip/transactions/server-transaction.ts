import type { Instant, Timer } from "#base";
import type { Destination } from "../flow.ts";
import type { Responder } from "./event.ts";

/**
 * RFC 3261 §17.2 with RFC 6026 §7.1.
 * INVITE: proceeding → accepted (2xx) or completed (3xx–6xx) → confirmed → terminated.
 * Others: trying → proceeding → completed → terminated.
 */
export type ServerState =
  | "trying"
  | "proceeding"
  | "accepted"
  | "completed"
  | "confirmed"
  | "terminated";

/** One request that came, and what it was answered. Data; the machine is `Transactions`. */
export class ServerTransaction {
  readonly key: string;
  readonly isInvite: boolean;
  readonly to: Destination;
  state: ServerState;
  /** Who hears of CANCEL and of a missing ACK. */
  owner: Responder | undefined;
  /** The wire text of the last response: all that is kept of the exchange. */
  last = "";
  timer: Timer<unknown> | undefined;
  /** When the machine gives up, and how long until the next retransmission. */
  deadline = 0 as Instant;
  intervalMs = 0;
  isAcknowledged = false;

  constructor(key: string, isInvite: boolean, to: Destination) {
    this.key = key;
    this.isInvite = isInvite;
    this.to = to;
    this.state = isInvite ? "proceeding" : "trying";
  }

  get isReliable(): boolean {
    return this.to.transport !== "udp";
  }
}
