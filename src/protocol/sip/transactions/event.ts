import type { Instant } from "#base";
import type { Request, Response } from "#sip-message";
import type { Destination, Flow } from "../flow.ts";
import type { ClientTransaction } from "./client-transaction.ts";
import type { ServerTransaction } from "./server-transaction.ts";

/** The owner of a client transaction: hears what comes of it. */
export interface Requester {
  response(transaction: ClientTransaction, response: Response, flow: Flow, now: Instant): void;
  failed(transaction: ClientTransaction, why: "timeout" | "transport", now: Instant): void;
}

/** The owner of a server transaction: hears that its request is taken back, or its 2xx lost. */
export interface Responder {
  cancelled(cancel: Request, now: Instant): void;
  unacknowledged(now: Instant): void;
}

/** What the transaction user must know of. */
export type TransactionEvent =
  | NewRequest
  /** The ACK of a 2xx, which is its own transaction (RFC 3261 §13.2.2.4). */
  | { readonly kind: "ack"; readonly request: Request; readonly flow: Flow }
  | Cancelled
  | Answered
  | Failed
  | Unacknowledged;

/** A new request, neither ACK nor CANCEL. */
export interface NewRequest {
  readonly kind: "request";
  readonly transaction: ServerTransaction;
  readonly request: Request;
  readonly flow: Flow;
  /** It came already by another way, through a proxy that forks: 482 (RFC 3261 §8.2.2.2). */
  readonly isMerged: boolean;
}

/** A CANCEL, answered already; `transaction` is the INVITE's, which still owes its final response. */
export interface Cancelled {
  readonly kind: "cancel";
  readonly transaction: ServerTransaction;
  readonly request: Request;
}

/** A provisional response, the final one, or one more 2xx of an INVITE (RFC 6026 §7.2). */
export interface Answered {
  readonly kind: "response";
  readonly transaction: ClientTransaction;
  readonly response: Response;
  readonly flow: Flow;
}

/** There will be no final response. */
export interface Failed {
  readonly kind: "failed";
  readonly transaction: ClientTransaction;
  readonly why: "timeout" | "transport";
}

/** No ACK came for a 2xx within 64*T1 (RFC 3261 §13.3.1.4). */
export interface Unacknowledged {
  readonly kind: "unacknowledged";
  readonly transaction: ServerTransaction;
}

/** One message to send. */
export interface Send {
  readonly to: Destination;
  /** One character a byte. */
  readonly text: string;
  /** What `sendFailed` wants to be told when this could not be sent; absent: nobody cares. */
  readonly branch: string | undefined;
}
