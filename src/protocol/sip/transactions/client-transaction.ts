import type { Instant, Timer } from "#base";
import type { Request } from "#sip-message";
import { type Destination, isReliable } from "../flow.ts";
import type { InviteClientState, OtherClientState } from "./client-figures.ts";
import type { Requester } from "./event.ts";
import { NEVER } from "./timings.ts";

export type ClientState = InviteClientState | OtherClientState | "terminated";

/** A CANCEL that waits for the first provisional response (RFC 3261 §9.1). */
export interface Withdrawal {
  readonly reason: string | undefined;
}

/** One request that we sent. Data; the machine is `ClientMachines`. */
export class ClientTransaction {
  readonly kind = "client";
  readonly branch: string;
  readonly method: string;
  /** Where it goes: over TCP when it is too large for the datagram that was asked for. */
  destination: Destination;
  state: ClientState;
  /** Who hears of it; the user may forget it early. */
  owner: Requester | undefined;
  /** Kept until the final response, for ACK and CANCEL. */
  request: Request | undefined;
  /** The wire text to send again: the request, later the ACK of a non-2xx. */
  text = "";
  timer: Timer<unknown> | undefined = undefined;
  /** How long until the text goes again; 0: not at all. */
  resendMs = 0;
  expiresAt = NEVER as Instant;
  withdrawal: Withdrawal | undefined = undefined;
  isCancelled = false;
  /** The connection that took it, while the answer can come by nothing else. */
  flow: string | undefined = undefined;
  /** The datagram's way, while the message tries TCP because of its size (RFC 3261 §18.1.1). */
  datagramWay: Destination | undefined = undefined;

  constructor(branch: string, request: Request, to: Destination, owner: Requester | undefined) {
    this.branch = branch;
    this.method = request.method;
    this.request = request;
    this.destination = to;
    this.owner = owner;
    this.state = request.method === "INVITE" ? "calling" : "trying";
  }

  get isInvite(): boolean {
    return this.method === "INVITE";
  }

  get isReliable(): boolean {
    return isReliable(this.destination.transport);
  }
}
