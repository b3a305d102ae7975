import { after, ChurnMap, type Instant, type Timers, unreachable } from "#base";
import { printMessage, type Request, type Response } from "#sip-message";
import type { Destination, Flow } from "../flow.ts";
import { arm, disarm, type Transaction } from "./alarm.ts";
import { type ClientInput, INVITE_CLIENT, OTHER_CLIENT } from "./client-figures.ts";
import { ClientTransaction, type Withdrawal } from "./client-transaction.ts";
import type { Requester, TransactionEvent } from "./event.ts";
import { statusClass } from "./figure.ts";
import { clientKey, clientKeyOf } from "./matching.ts";
import type { Outbox } from "./outbox.ts";
import { ackOf, cancelOf, setVia, type ViaFor } from "./own-requests.ts";
import type { ParcelSize } from "./parcel-size.ts";
import { NEVER, patienceMs, type Timings, timerDMs } from "./timings.ts";
import { Waiting } from "./waiting.ts";

export interface ClientParts {
  readonly timers: Timers<Transaction>;
  readonly outbox: Outbox;
  readonly timings: Timings;
  readonly viaFor: ViaFor;
  readonly parcelSize: ParcelSize;
}

/** Runs the client figures: what they do, and the timers of each state. */
export class ClientMachines {
  readonly #live = new ChurnMap<string, ClientTransaction>();
  readonly #waiting = new Waiting();
  readonly #parts: ClientParts;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#live.size;
  }

  find(branch: string): ClientTransaction | undefined {
    return this.#live.get(branch);
  }

  open(
    branch: string,
    request: Request,
    to: Destination,
    owner: Requester | undefined,
    now: Instant,
  ): ClientTransaction {
    const transaction = new ClientTransaction(branch, request, to, owner);
    setVia(request, branch, to, this.#parts.viaFor);
    transaction.text = printMessage(request);
    const roomier = this.#parts.parcelSize.roomierWay(to, transaction.text.length, now);
    if (roomier) this.#redirect(transaction, roomier);
    this.#start(transaction, now);
    if (roomier) this.#holdDatagram(transaction, to, now);
    return transaction;
  }

  receive(response: Response, flow: Flow, now: Instant): TransactionEvent | undefined {
    const transaction = this.#live.get(clientKeyOf(response));
    // Whoever guesses a branch on one side has no say on the other's transactions.
    if (transaction?.method !== response.cseq.method) return undefined;
    if (transaction.destination.side !== flow.side) return undefined;
    if (transaction.flow !== undefined) this.#heard(transaction, response.status);
    return this.#step(transaction, statusClass(response.status), now, response, flow);
  }

  rang(transaction: ClientTransaction, now: Instant): TransactionEvent | undefined {
    transaction.timer = undefined;
    if (transaction.state === "terminated") return undefined;
    if (now >= transaction.expiresAt) return this.#step(transaction, "expiry", now);
    if (transaction.datagramWay) this.#backToDatagrams(transaction, now);
    else if (transaction.resendMs > 0) this.#step(transaction, "resend", now);
    arm(this.#parts.timers, transaction, now);
    return undefined;
  }

  failed(
    key: string,
    why: "transport-error" | "flow-lost",
    now: Instant,
  ): TransactionEvent | undefined {
    const transaction = this.#live.get(key);
    if (!transaction) return undefined;
    if (!transaction.datagramWay) return this.#step(transaction, why, now);
    this.#backToDatagrams(transaction, now);
    arm(this.#parts.timers, transaction, now);
    return undefined;
  }

  /** A connection took a request, and nothing has come of it yet. */
  sentBy(key: string, flow: string): void {
    const transaction = this.#live.get(key);
    if (transaction) this.#waiting.add(transaction, flow);
  }

  /** What waits for an answer by this connection. */
  lostWith(flow: string): readonly string[] {
    return this.#waiting.by(flow);
  }

  /** RFC 3261 §9.1: at once where a provisional response has come, else with the first one. */
  cancel(transaction: ClientTransaction, now: Instant, reason: string | undefined): void {
    if (!transaction.isInvite || transaction.isCancelled) return;
    if (transaction.state === "calling") transaction.withdrawal ??= { reason };
    else if (transaction.state === "proceeding") this.#sendCancel(transaction, { reason }, now);
  }

  /** Where somebody is alerted, the answer may come by a new connection (RFC 3261 §18.2.2). */
  #heard(transaction: ClientTransaction, status: number): void {
    const isAlerted = transaction.isInvite && status > 100;
    if (isAlerted || status >= 200) this.#waiting.remove(transaction);
  }

  #start(transaction: ClientTransaction, now: Instant): void {
    this.#live.set(clientKey(transaction.branch, transaction.method), transaction);
    this.#send(transaction);
    const { timings, timers } = this.#parts;
    transaction.resendMs = transaction.isReliable ? 0 : timings.t1Ms;
    transaction.expiresAt = after(now, patienceMs(timings));
    arm(timers, transaction, now);
  }

  #step(
    transaction: ClientTransaction,
    input: ClientInput,
    now: Instant,
    response?: Response,
    flow?: Flow,
  ): TransactionEvent | undefined {
    const { state } = transaction;
    if (state === "terminated") return undefined;
    const step = transaction.isInvite
      ? INVITE_CLIENT[state as keyof typeof INVITE_CLIENT][input]
      : OTHER_CLIENT[state as keyof typeof OTHER_CLIENT][input];
    if (!step) return undefined;
    if (step.action === "acknowledge") this.#acknowledge(transaction, response!);
    if (step.next !== state) this.#enter(transaction, step.next, now);
    switch (step.action) {
      case "nothing":
        return undefined;
      case "send":
        this.#send(transaction);
        if (input === "resend") this.#backOff(transaction);
        return undefined;
      case "tell":
      case "acknowledge":
        // What a CANCEL is answered changes nothing: the INVITE has its own answer (§9.1).
        if (transaction.method === "CANCEL") return undefined;
        return { kind: "response", transaction, response: response!, flow: flow! };
      case "timeout":
      case "transport":
        if (transaction.method === "CANCEL") return undefined;
        return { kind: "failed", transaction, why: step.action };
      default:
        return unreachable(step.action);
    }
  }

  /** The timers that a state starts with: RFC 3261 table 4. */
  #enter(transaction: ClientTransaction, state: ClientTransaction["state"], now: Instant): void {
    transaction.state = state;
    transaction.datagramWay = undefined;
    const { timings } = this.#parts;
    const { isReliable, isInvite } = transaction;
    switch (state) {
      case "calling":
      case "trying":
        break;
      case "proceeding":
        if (isInvite) this.#rest(transaction, NEVER, now);
        else transaction.resendMs = isReliable ? 0 : timings.t2Ms;
        if (transaction.withdrawal) this.#sendCancel(transaction, transaction.withdrawal, now);
        break;
      case "accepted":
        transaction.text = "";
        transaction.request = undefined;
        this.#rest(transaction, patienceMs(timings), now);
        break;
      case "completed":
        if (!isInvite) transaction.text = "";
        transaction.request = undefined;
        if (isReliable) this.#enter(transaction, "terminated", now);
        else this.#rest(transaction, isInvite ? timerDMs(timings) : timings.t4Ms, now);
        break;
      case "terminated":
        this.#forget(transaction);
        break;
      default:
        unreachable(state);
    }
  }

  #forget(transaction: ClientTransaction): void {
    transaction.text = "";
    transaction.request = undefined;
    this.#live.delete(clientKey(transaction.branch, transaction.method));
    this.#waiting.remove(transaction);
    disarm(this.#parts.timers, transaction);
  }

  /** Nothing is sent again by itself; after `ms` it is over. */
  #rest(transaction: ClientTransaction, ms: number, now: Instant): void {
    transaction.resendMs = 0;
    transaction.expiresAt = after(now, ms);
    arm(this.#parts.timers, transaction, now);
  }

  /** The ACK is what is sent again when the response comes again. */
  #acknowledge(transaction: ClientTransaction, response: Response): void {
    transaction.text = printMessage(ackOf(transaction.request!, response));
    this.#parts.outbox.put(transaction.destination, transaction.text);
  }

  #sendCancel(invite: ClientTransaction, { reason }: Withdrawal, now: Instant): void {
    const cancel = cancelOf(invite.request!, reason);
    invite.isCancelled = true;
    invite.withdrawal = undefined;
    const { branch, destination } = invite;
    const transaction = new ClientTransaction(branch, cancel, destination, undefined);
    transaction.text = printMessage(cancel);
    this.#start(transaction, now);
    // RFC 3261 §9.1: without a final response the INVITE counts as cancelled after 64*T1.
    this.#rest(invite, patienceMs(this.#parts.timings), now);
  }

  #send({ destination, text, branch, method }: ClientTransaction): void {
    this.#parts.outbox.put(destination, text, clientKey(branch, method));
  }

  /** Timer A doubles without end (RFC 3261 §17.1.1.2), timer E up to T2 (§17.1.2.2). */
  #backOff(transaction: ClientTransaction): void {
    const { t2Ms } = this.#parts.timings;
    const doubled = transaction.resendMs * 2;
    transaction.resendMs = transaction.isInvite ? doubled : Math.min(doubled, t2Ms);
  }

  // ── Messages too large for a datagram (RFC 3261 §18.1.1) ─────────────────────────────────

  /** Writes the request for another transport: its branch stays, so both copies are one request. */
  #redirect(transaction: ClientTransaction, to: Destination): void {
    const request = transaction.request!;
    transaction.destination = to;
    setVia(request, transaction.branch, to, this.#parts.viaFor);
    transaction.text = printMessage(request);
  }

  /** Waits a while for the peer's TCP, then takes the datagram after all. */
  #holdDatagram(transaction: ClientTransaction, way: Destination, now: Instant): void {
    const { timings, timers } = this.#parts;
    transaction.datagramWay = way;
    transaction.resendMs = 2 * timings.t1Ms;
    arm(timers, transaction, now);
  }

  #backToDatagrams(transaction: ClientTransaction, now: Instant): void {
    const way = transaction.datagramWay!;
    this.#parts.parcelSize.refused(way, now);
    this.#waiting.remove(transaction);
    transaction.datagramWay = undefined;
    this.#redirect(transaction, way);
    transaction.resendMs = this.#parts.timings.t1Ms;
    this.#send(transaction);
  }
}
