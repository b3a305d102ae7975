import type { ClientTransaction } from "./client-transaction.ts";
import { clientKey } from "./matching.ts";

/**
 * Which requests wait for an answer by which connection, so that its end is told to them at once
 * (RFC 3261 §18.4) instead of after 64*T1. What goes by datagrams never stands here.
 */
export class Waiting {
  readonly #byFlow = new Map<string, Set<ClientTransaction>>();

  add(transaction: ClientTransaction, flow: string): void {
    this.remove(transaction);
    const waiting = this.#byFlow.get(flow);
    if (waiting) waiting.add(transaction);
    else this.#byFlow.set(flow, new Set([transaction]));
    transaction.flow = flow;
  }

  remove(transaction: ClientTransaction): void {
    const { flow } = transaction;
    if (flow === undefined) return;
    transaction.flow = undefined;
    const waiting = this.#byFlow.get(flow);
    waiting?.delete(transaction);
    if (waiting?.size === 0) this.#byFlow.delete(flow);
  }

  /** Their keys, in the order in which they were sent. */
  by(flow: string): string[] {
    const waiting = this.#byFlow.get(flow) ?? [];
    return [...waiting].map(({ branch, method }) => clientKey(branch, method));
  }
}
