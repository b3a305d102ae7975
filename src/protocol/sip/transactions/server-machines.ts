import { after, type Instant, type Timers } from "#base";
import { printMessage, type Request, type Response } from "#sip-message";
import type { Destination, Flow } from "../flow.ts";
import { destinationOf } from "../flow.ts";
import type { TransactionEvent } from "./event.ts";
import type { Outbox } from "./outbox.ts";
import { ServerTransaction } from "./server-transaction.ts";
import { patienceMs, type Timings } from "./timings.ts";

/** The two server machines of RFC 3261 §17.2, INVITE's as RFC 6026 §7.1 has it. */
export class ServerMachines {
  readonly #live = new Map<string, ServerTransaction>();
  readonly #timers: Timers<() => TransactionEvent | undefined>;
  readonly #outbox: Outbox;
  readonly #timings: Timings;

  constructor(timers: Timers<() => TransactionEvent | undefined>, outbox: Outbox, timings: Timings) {
    this.#timers = timers;
    this.#outbox = outbox;
    this.#timings = timings;
  }

  get size(): number {
    return this.#live.size;
  }

  find(key: string): ServerTransaction | undefined {
    return this.#live.get(key);
  }

  open(key: string, request: Request, flow: Flow): ServerTransaction {
    const transaction = new ServerTransaction(key, request.method === "INVITE", responsePath(request, flow));
    this.#live.set(key, transaction);
    return transaction;
  }

  /** The request came again: the last response goes again, whatever it was (§17.2.1, §17.2.2). */
  repeated(transaction: ServerTransaction): void {
    // In "accepted" the layer above resends the 2xx, not the retransmission (RFC 6026 §7.1).
    if (transaction.last === "" || transaction.state === "confirmed") return;
    if (transaction.state !== "accepted") this.#outbox.text(transaction.to, transaction.last);
  }

  /** ACK: of a non-2xx it is ours (→ confirmed); of a 2xx it is passed up. True when it was ours. */
  acknowledgedBy(transaction: ServerTransaction, now: Instant): boolean {
    if (transaction.state === "accepted") return false;
    if (transaction.state !== "completed") return true;
    transaction.state = "confirmed";
    transaction.last = "";
    // Timer I absorbs repeated ACKs; there are none over a reliable transport.
    this.#endAfter(transaction, transaction.isReliable ? 0 : this.#timings.t4Ms, now);
    return true;
  }

  /** The user has the ACK of its 2xx: no more retransmissions of that. */
  acknowledged(transaction: ServerTransaction): void {
    transaction.isAcknowledged = true;
    transaction.last = "";
  }

  respond(transaction: ServerTransaction, response: Response, now: Instant): void {
    const { state, isInvite } = transaction;
    if (state !== "trying" && state !== "proceeding") return;
    transaction.last = printMessage(response);
    this.#outbox.text(transaction.to, transaction.last);
    if (response.status < 200) {
      transaction.state = "proceeding";
      return;
    }
    transaction.state = isInvite && response.status < 300 ? "accepted" : "completed";
    if (!isInvite) {
      // Timer J absorbs repeated requests.
      return this.#endAfter(transaction, transaction.isReliable ? 0 : patienceMs(this.#timings), now);
    }
    transaction.deadline = after(now, patienceMs(this.#timings));
    transaction.intervalMs = this.#timings.t1Ms;
    this.#retransmitLater(transaction, now);
  }

  /**
   * Timer G resends a non-2xx over UDP; a 2xx is resent over any transport, since proxies may lose
   * it where the transport changes (§13.3.1.4). Timers H and L end both.
   */
  #retransmitLater(transaction: ServerTransaction, now: Instant): void {
    const resends = transaction.state === "accepted" || !transaction.isReliable;
    const next = resends ? after(now, transaction.intervalMs) : transaction.deadline;
    const at = next < transaction.deadline ? next : transaction.deadline;
    transaction.timer = this.#timers.set(at, () => this.#ring(transaction, at));
  }

  #ring(transaction: ServerTransaction, now: Instant): TransactionEvent | undefined {
    if (transaction.state !== "accepted" && transaction.state !== "completed") return undefined;
    if (now >= transaction.deadline) return this.#giveUp(transaction);
    if (transaction.isAcknowledged) {
      transaction.timer = this.#timers.set(transaction.deadline, () => this.#giveUp(transaction));
      return undefined;
    }
    this.#outbox.text(transaction.to, transaction.last);
    transaction.intervalMs = Math.min(transaction.intervalMs * 2, this.#timings.t2Ms);
    this.#retransmitLater(transaction, now);
    return undefined;
  }

  #giveUp(transaction: ServerTransaction): TransactionEvent | undefined {
    const isLost = transaction.state === "accepted" && !transaction.isAcknowledged;
    this.#end(transaction);
    return isLost ? { kind: "unacknowledged", transaction } : undefined;
  }

  #endAfter(transaction: ServerTransaction, ms: number, now: Instant): void {
    this.#timers.cancel(transaction.timer as never);
    if (ms === 0) return this.#end(transaction);
    transaction.timer = this.#timers.set(after(now, ms), () => {
      this.#end(transaction);
      return undefined;
    });
  }

  #end(transaction: ServerTransaction): void {
    this.#timers.cancel(transaction.timer as never);
    transaction.timer = undefined;
    transaction.state = "terminated";
    transaction.last = "";
    this.#live.delete(transaction.key);
  }
}

/**
 * Where responses go (RFC 3261 §18.2.2, RFC 3581 §4): the flow; over UDP the source address, with
 * the source port where the sender asked for that, else the port of its Via.
 */
export function responsePath(request: Request, flow: Flow): Destination {
  const path = destinationOf(flow);
  if (request.via.params.has("rport")) return path;
  return { ...path, port: request.via.port ?? (flow.transport === "tls" ? 5061 : 5060) };
}
