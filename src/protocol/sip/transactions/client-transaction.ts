import type { Instant, Timer } from "#base";
import type { Request } from "#sip-message";
import type { Destination } from "../flow.ts";
import type { Requester } from "./event.ts";

/**
 * RFC 3261 §17.1 with RFC 6026 §7.2.
 * INVITE: calling → proceeding → accepted (2xx) or completed (3xx–6xx) → terminated.
 * Others: trying → proceeding → completed → terminated.
 */
export type ClientState =
  | "calling"
  | "trying"
  | "proceeding"
  | "accepted"
  | "completed"
  | "terminated";

/** One request that we sent. Data; the machine is `Transactions`. */
export class ClientTransaction {
  readonly branch: string;
  readonly method: string;
  readonly destination: Destination;
  state: ClientState;
  owner: Requester | undefined;
  /** Kept until the final response, for ACK and CANCEL. */
  request: Request | undefined;
  /** The wire text to send again: the request, later the ACK of a non-2xx. */
  text: string;
  timer: Timer<unknown> | undefined;
  deadline = 0 as Instant;
  intervalMs = 0;
  /** A CANCEL waits for the first provisional response (RFC 3261 §9.1). */
  cancelDue: { readonly reason: string | undefined } | undefined;
  isCancelled = false;

  constructor(
    branch: string,
    request: Request,
    text: string,
    destination: Destination,
    owner: Requester | undefined,
  ) {
    this.branch = branch;
    this.method = request.method;
    this.request = request;
    this.text = text;
    this.destination = destination;
    this.owner = owner;
    this.state = request.method === "INVITE" ? "calling" : "trying";
  }

  get isReliable(): boolean {
    return this.destination.transport !== "udp";
  }
}
