import { type Instant, ownText, type Timer } from "#base";
import type { Request } from "#sip-message";
import { type Destination, isReliable } from "../flow.ts";
import type { Responder } from "./event.ts";
import type { InviteServerState, OtherServerState } from "./server-figures.ts";
import { NEVER } from "./timings.ts";

export type ServerState = InviteServerState | OtherServerState | "terminated";

/**
 * One request that came, and what it was answered. Data; the machine is `ServerMachines`. A busy
 * gateway keeps 100,000s of these for half a minute each: nothing of the request stays in it.
 */
export class ServerTransaction {
  readonly kind = "server";
  readonly key: string;
  /**
   * What a copy of the request by another way would show (RFC 3261 §8.2.2.2); absent in a dialog,
   * where it has been refused, and for the copies themselves.
   */
  mergeKey: string | undefined;
  readonly isInvite: boolean;
  /** Where responses go (RFC 3261 §18.2.2). */
  readonly to: Destination;
  state: ServerState;
  /** Who hears of CANCEL and of a missing ACK; forgotten when neither can come any more. */
  owner: Responder | undefined = undefined;
  /** The wire text of the last response: all that is kept of the exchange. */
  last = "";
  timer: Timer<unknown> | undefined = undefined;
  /** What the user is long to answer: for its 100 (RFC 4320 §4.1). */
  unanswered: Request | undefined = undefined;
  /** How long until the last response goes again; 0: not at all. */
  resendMs = 0;
  expiresAt = NEVER as Instant;

  constructor(key: string, mergeKey: string | undefined, isInvite: boolean, to: Destination) {
    // Cut out of the request, they would keep all of it alive.
    this.key = ownText(key);
    this.mergeKey = mergeKey === undefined ? undefined : ownText(mergeKey);
    this.isInvite = isInvite;
    this.to = to;
    this.state = isInvite ? "proceeding" : "trying";
  }

  get isReliable(): boolean {
    return isReliable(this.to.transport);
  }
}
