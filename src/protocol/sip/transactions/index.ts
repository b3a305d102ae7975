export type { ClientState, ClientTransaction } from "./client-transaction.ts";
export type { Requester, Responder, Send, TransactionEvent } from "./event.ts";
export type { ServerState, ServerTransaction } from "./server-transaction.ts";
export { TIMINGS, type Timings } from "./timings.ts";
export { type TransactionOptions, Transactions } from "./transactions.ts";
