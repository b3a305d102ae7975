import { after, type Instant, type Timer, type Timers } from "#base";
import type { ClientTransaction } from "./client-transaction.ts";
import type { ServerTransaction } from "./server-transaction.ts";
import { NEVER } from "./timings.ts";

export type Transaction = ClientTransaction | ServerTransaction;

/**
 * Sees that the transaction's one timer rings in time for what it waits for. A timer that is
 * already set and rings earlier is left alone: when it rings, this is called again. So a
 * transaction that goes from state to state quickly sets few timers.
 */
export function arm(timers: Timers<Transaction>, transaction: Transaction, now: Instant): void {
  const { resendMs, expiresAt, timer } = transaction;
  const at = resendMs > 0 ? Math.min(after(now, resendMs), expiresAt) : expiresAt;
  if (at === NEVER || (timer !== undefined && timer.at <= at)) return;
  disarm(timers, transaction);
  transaction.timer = timers.set(at as Instant, transaction);
}

export function disarm(timers: Timers<Transaction>, transaction: Transaction): void {
  timers.cancel(transaction.timer as Timer<Transaction> | undefined);
  transaction.timer = undefined;
}
