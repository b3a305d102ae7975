export type { ClientState, ClientTransaction } from "./client-transaction.ts";
export type {
  Answered,
  Cancelled,
  Failed,
  NewRequest,
  Requester,
  Responder,
  Send,
  TransactionEvent,
  Unacknowledged,
} from "./event.ts";
export { requestKeyIn } from "./matching.ts";
export type { ViaFor } from "./own-requests.ts";
export type { ServerState, ServerTransaction } from "./server-transaction.ts";
export { TIMINGS, type Timings } from "./timings.ts";
export { type TransactionOptions, Transactions } from "./transactions.ts";
