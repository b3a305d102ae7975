import { after, type Instant, type Timers } from "#base";
import { Headers, printMessage, Request, type Response } from "#sip-message";
import type { Destination, Flow } from "../flow.ts";
import { ClientTransaction } from "./client-transaction.ts";
import type { Requester, TransactionEvent } from "./event.ts";
import type { Outbox } from "./outbox.ts";
import { patienceMs, type Timings, timerDMs } from "./timings.ts";

/** The two client machines of RFC 3261 §17.1, INVITE's as RFC 6026 §7.2 has it. */
export class ClientMachines {
  /** By branch; a CANCEL shares its INVITE's branch (RFC 3261 §9.1), so its key says so. */
  readonly #live = new Map<string, ClientTransaction>();
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

  /** Sends a request whose top Via bears `branch`. */
  open(
    branch: string,
    request: Request,
    to: Destination,
    owner: Requester | undefined,
    now: Instant,
  ): ClientTransaction {
    const text = printMessage(request);
    const transaction = new ClientTransaction(branch, request, text, to, owner);
    this.#live.set(keyOf(branch, request.method), transaction);
    this.#outbox.text(to, text, branch);
    transaction.deadline = after(now, patienceMs(this.#timings));
    transaction.intervalMs = this.#timings.t1Ms;
    this.#wait(transaction, now);
    return transaction;
  }

  receive(response: Response, flow: Flow, now: Instant): TransactionEvent | undefined {
    const transaction = this.#live.get(keyOf(response.via.branch, response.cseq.method));
    if (!transaction || transaction.method !== response.cseq.method) return undefined;
    const news =
      response.status < 200
        ? this.#provisional(transaction, now)
        : transaction.method === "INVITE"
          ? this.#inviteFinal(transaction, response, now)
          : this.#final(transaction, now);
    return news ? { kind: "response", transaction, response, flow } : undefined;
  }

  /** RFC 3261 §9.1: at once where a provisional response has come, else with the first one. */
  cancel(transaction: ClientTransaction, now: Instant, reason?: string): void {
    if (transaction.isCancelled || transaction.cancelDue) return;
    if (transaction.state === "calling") transaction.cancelDue = { reason };
    else if (transaction.state === "proceeding") this.#sendCancel(transaction, now, reason);
  }

  sendFailed(branch: string, _now: Instant): TransactionEvent | undefined {
    const transaction = this.#live.get(branch) ?? this.#live.get(keyOf(branch, "CANCEL"));
    if (!transaction) return undefined;
    const { state } = transaction;
    const isOver = state === "accepted" || state === "completed";
    this.#end(transaction);
    return isOver ? undefined : { kind: "failed", transaction, why: "transport" };
  }

  #provisional(transaction: ClientTransaction, now: Instant): boolean {
    switch (transaction.state) {
      case "calling": {
        // Timers A and B stop; the user decides how long it may ring.
        transaction.state = "proceeding";
        this.#timers.cancel(transaction.timer as never);
        const due = transaction.cancelDue;
        if (due) this.#sendCancel(transaction, now, due.reason);
        return true;
      }
      case "trying":
        // Timer E goes on at T2 (§17.1.2.2).
        transaction.state = "proceeding";
        transaction.intervalMs = this.#timings.t2Ms;
        return true;
      case "proceeding":
        return true;
      default:
        return false;
    }
  }

  #final(transaction: ClientTransaction, now: Instant): boolean {
    if (transaction.state !== "trying" && transaction.state !== "proceeding") return false;
    transaction.state = "completed";
    // Timer K absorbs repeated responses.
    this.#endAfter(transaction, transaction.isReliable ? 0 : this.#timings.t4Ms, now);
    return true;
  }

  #inviteFinal(transaction: ClientTransaction, response: Response, now: Instant): boolean {
    switch (transaction.state) {
      case "calling":
      case "proceeding":
        if (response.status < 300) {
          // Timer M: 2xx of other forks, and repeated ones, are the user's (RFC 6026 §7.2).
          transaction.state = "accepted";
          this.#endAfter(transaction, patienceMs(this.#timings), now);
          return true;
        }
        this.#acknowledge(transaction, response, now);
        return true;
      case "accepted":
        return response.status < 300;
      case "completed":
        if (response.status >= 300) this.#outbox.text(transaction.destination, transaction.text);
        return false;
      default:
        return false;
    }
  }

  /** The ACK of a non-2xx goes the way of the INVITE, with its branch (RFC 3261 §17.1.1.3). */
  #acknowledge(transaction: ClientTransaction, response: Response, now: Instant): void {
    const ack = onePathRequest(transaction.request!, "ACK");
    ack.headers.set("to", response.headers.get("to") ?? "");
    transaction.state = "completed";
    const text = printMessage(ack);
    this.#outbox.text(transaction.destination, text);
    this.#endAfter(transaction, transaction.isReliable ? 0 : timerDMs(this.#timings), now);
    transaction.text = text;
  }

  #sendCancel(transaction: ClientTransaction, now: Instant, reason: string | undefined): void {
    transaction.isCancelled = true;
    transaction.cancelDue = undefined;
    const cancel = onePathRequest(transaction.request!, "CANCEL");
    if (reason !== undefined) cancel.headers.add("reason", reason);
    this.open(transaction.branch, cancel, transaction.destination, undefined, now);
    // RFC 3261 §9.1: without a final response in 64*T1 the INVITE counts as cancelled.
    transaction.deadline = after(now, patienceMs(this.#timings));
    transaction.timer = this.#timers.set(transaction.deadline, () => this.#timeout(transaction));
  }

  /** Timers A and E resend over UDP; B and F give up. */
  #wait(transaction: ClientTransaction, now: Instant): void {
    const next = transaction.isReliable
      ? transaction.deadline
      : after(now, Math.min(transaction.intervalMs, transaction.deadline - now));
    transaction.timer = this.#timers.set(next, () => this.#ring(transaction, next));
  }

  #ring(transaction: ClientTransaction, now: Instant): TransactionEvent | undefined {
    if (now >= transaction.deadline) return this.#timeout(transaction);
    const { t2Ms } = this.#timings;
    this.#outbox.text(transaction.destination, transaction.text, transaction.branch);
    // An INVITE doubles without end (§17.1.1.2), others up to T2 (§17.1.2.2).
    const doubled = transaction.intervalMs * 2;
    transaction.intervalMs = transaction.method === "INVITE" ? doubled : Math.min(doubled, t2Ms);
    this.#wait(transaction, now);
    return undefined;
  }

  #timeout(transaction: ClientTransaction): TransactionEvent {
    this.#end(transaction);
    return { kind: "failed", transaction, why: "timeout" };
  }

  #endAfter(transaction: ClientTransaction, ms: number, now: Instant): void {
    this.#timers.cancel(transaction.timer as never);
    transaction.request = undefined;
    transaction.text = "";
    if (ms === 0) return this.#end(transaction);
    transaction.timer = this.#timers.set(after(now, ms), () => {
      this.#end(transaction);
      return undefined;
    });
  }

  #end(transaction: ClientTransaction): void {
    this.#timers.cancel(transaction.timer as never);
    transaction.timer = undefined;
    transaction.state = "terminated";
    transaction.request = undefined;
    transaction.text = "";
    this.#live.delete(keyOf(transaction.branch, transaction.method));
  }
}

const keyOf = (branch: string, method: string): string =>
  method === "CANCEL" ? `${branch}/CANCEL` : branch;

/** ACK and CANCEL repeat what routes and identifies the INVITE, and nothing else (§9.1, §17.1.1.3). */
function onePathRequest(invite: Request, method: "ACK" | "CANCEL"): Request {
  const headers = new Headers();
  headers.add("via", invite.headers.get("via") ?? "");
  for (const name of ["max-forwards", "route", "from", "to", "call-id"]) {
    headers.addAllFrom(invite.headers, name);
  }
  headers.add("cseq", `${invite.cseq.number} ${method}`);
  return new Request(method, invite.uri, headers);
}
