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
  /** A new request, neither ACK nor CANCEL. */
  | { readonly kind: "request"; readonly transaction: ServerTransaction; readonly request: Request; readonly flow: Flow }
  /** The ACK of a 2xx, which is its own transaction (RFC 3261 §13.2.2.4). */
  | { readonly kind: "ack"; readonly request: Request; readonly flow: Flow }
  /** A CANCEL, answered already; `transaction` is the INVITE's. */
  | { readonly kind: "cancel"; readonly transaction: ServerTransaction; readonly request: Request }
  | { readonly kind: "response"; readonly transaction: ClientTransaction; readonly response: Response; readonly flow: Flow }
  | { readonly kind: "failed"; readonly transaction: ClientTransaction; readonly why: "timeout" | "transport" }
  /** No ACK came for a 2xx within 64*T1 (RFC 3261 §13.3.1.4). */
  | { readonly kind: "unacknowledged"; readonly transaction: ServerTransaction };

/** One message to send; `branch` names the client transaction that a failure concerns. */
export interface Send {
  readonly to: Destination;
  /** One character a byte. */
  readonly text: string;
  readonly branch: string | undefined;
}
