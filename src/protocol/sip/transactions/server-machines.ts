import { after, ChurnMap, type Instant, type Timers, unreachable } from "#base";
import { printMessage, type Request, type Response, responseTo } from "#sip-message";
import type { Flow } from "../flow.ts";
import { arm, disarm, type Transaction } from "./alarm.ts";
import type { TransactionEvent } from "./event.ts";
import { statusClass } from "./figure.ts";
import { mergeKey } from "./matching.ts";
import type { Outbox } from "./outbox.ts";
import { responseWay } from "./response-way.ts";
import { INVITE_SERVER, OTHER_SERVER, type ServerInput } from "./server-figures.ts";
import { ServerTransaction } from "./server-transaction.ts";
import { patienceMs, type Timings, tryingMs } from "./timings.ts";

export interface ServerParts {
  readonly timers: Timers<Transaction>;
  readonly outbox: Outbox;
  readonly timings: Timings;
}

/** Runs the server figures: what they do, and the timers of each state. */
export class ServerMachines {
  readonly #live = new ChurnMap<string, ServerTransaction>();
  /** Those whose request belongs to no dialog, by what a copy of it would show. */
  readonly #mergeable = new ChurnMap<string, ServerTransaction>();
  readonly #parts: ServerParts;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#live.size;
  }

  find(key: string): ServerTransaction | undefined {
    return this.#live.get(key);
  }

  open(key: string, request: Request, flow: Flow): ServerTransaction {
    const merge = mergeKey(request, flow);
    const isFirst = merge !== undefined && !this.#mergeable.has(merge);
    const way = responseWay(request.via, flow);
    const transaction = new ServerTransaction(
      key,
      isFirst ? merge : undefined,
      request.method === "INVITE",
      way,
    );
    this.#live.set(transaction.key, transaction);
    if (transaction.mergeKey !== undefined) this.#mergeable.set(transaction.mergeKey, transaction);
    return transaction;
  }

  /** The request came again. */
  repeated(transaction: ServerTransaction, now: Instant): void {
    if (transaction.isInvite && transaction.unanswered) {
      transaction.resendMs = 0;
      this.#makeTrying(transaction);
    }
    this.#step(transaction, "request", now);
  }

  /** Whether an ACK that bears the INVITE's branch is the user's: that of a 2xx. */
  acknowledgedBy(transaction: ServerTransaction, now: Instant): boolean {
    return this.#step(transaction, "ack", now) === "tell";
  }

  acknowledged(transaction: ServerTransaction): void {
    // Timer L goes on, none starts: the time plays no part.
    this.#step(transaction, "acknowledged", transaction.expiresAt);
  }

  /** The user lets a request wait that is no INVITE: after a while it is told 100. */
  unanswered(transaction: ServerTransaction, request: Request, now: Instant): void {
    if (transaction.state === "trying")
      this.waits(transaction, request, tryingMs(this.#parts.timings), now);
  }

  /** A request that has no response after so long is told 100. */
  waits(transaction: ServerTransaction, request: Request, ms: number, now: Instant): void {
    transaction.unanswered = request;
    transaction.resendMs = ms;
    arm(this.#parts.timers, transaction, now);
  }

  respond(transaction: ServerTransaction, response: Response, now: Instant): void {
    transaction.unanswered = undefined;
    if (transaction.state === "proceeding" && transaction.resendMs > 0) {
      transaction.resendMs = 0;
      disarm(this.#parts.timers, transaction);
    }
    // It would come when the sender has given up already, and end more than this one request.
    if (response.status === 408 && !transaction.isInvite) {
      this.#unmerge(transaction);
      this.#step(transaction, "silence", now);
      return;
    }
    const status = statusClass(response.status);
    // A sender that was refused may try again by another way (RFC 3263 §4.3): that is no copy.
    if (status === "300-699") this.#unmerge(transaction);
    this.#step(transaction, status, now, response);
  }

  rang(transaction: ServerTransaction, now: Instant): TransactionEvent | undefined {
    transaction.timer = undefined;
    if (transaction.state === "terminated") return undefined;
    if (now >= transaction.expiresAt) {
      const action = this.#step(transaction, "expiry", now);
      return action === "unacknowledged" ? { kind: "unacknowledged", transaction } : undefined;
    }
    this.#makeTrying(transaction);
    if (transaction.resendMs > 0) this.#step(transaction, "resend", now);
    arm(this.#parts.timers, transaction, now);
    return undefined;
  }

  /** What was asked and not answered until now gets 100. */
  #makeTrying(transaction: ServerTransaction): void {
    if (!transaction.unanswered) return;
    transaction.last = tryingOf(transaction.unanswered);
    transaction.unanswered = undefined;
  }

  /** Returns what only the caller can do: "tell" and "unacknowledged". */
  #step(
    transaction: ServerTransaction,
    input: ServerInput,
    now: Instant,
    response?: Response,
  ): "tell" | "unacknowledged" | undefined {
    const { state } = transaction;
    if (state === "terminated") return undefined;
    const step = transaction.isInvite
      ? INVITE_SERVER[state as keyof typeof INVITE_SERVER][input]
      : OTHER_SERVER[state as keyof typeof OTHER_SERVER][input];
    if (!step) return undefined;
    if (step.action === "respond") transaction.last = printMessage(response!);
    else if (input === "silence") transaction.last = "";
    if (step.action === "respond" || step.action === "send") this.#send(transaction);
    if (input === "resend") this.#backOff(transaction);
    if (step.next !== state) this.#enter(transaction, step.next, now);
    switch (step.action) {
      case "nothing":
      case "respond":
      case "send":
        return undefined;
      case "tell":
      case "unacknowledged":
        return step.action;
      default:
        return unreachable(step.action);
    }
  }

  /** The timers that a state starts with: RFC 3261 table 4. */
  #enter(transaction: ServerTransaction, state: ServerTransaction["state"], now: Instant): void {
    transaction.state = state;
    const { timings } = this.#parts;
    const { isReliable, isInvite } = transaction;
    switch (state) {
      case "trying":
        break;
      case "proceeding":
        transaction.unanswered = undefined;
        transaction.resendMs = 0;
        break;
      case "accepted":
        // Over TCP too: behind the next hop the 2xx may be lost (RFC 3261 §13.3.1.4).
        this.#wait(transaction, timings.t1Ms, patienceMs(timings), now);
        break;
      case "acknowledged":
        transaction.last = "";
        transaction.owner = undefined;
        transaction.resendMs = 0;
        break;
      case "completed":
        transaction.owner = undefined;
        if (isInvite)
          this.#wait(transaction, isReliable ? 0 : timings.t1Ms, patienceMs(timings), now);
        else if (isReliable) this.#enter(transaction, "terminated", now);
        else this.#wait(transaction, 0, patienceMs(timings), now);
        break;
      case "confirmed":
        transaction.last = "";
        if (isReliable) this.#enter(transaction, "terminated", now);
        else this.#wait(transaction, 0, timings.t4Ms, now);
        break;
      case "terminated":
        this.#forget(transaction);
        break;
      default:
        unreachable(state);
    }
  }

  #wait(transaction: ServerTransaction, resendMs: number, patience: number, now: Instant): void {
    transaction.resendMs = resendMs;
    transaction.expiresAt = after(now, patience);
    arm(this.#parts.timers, transaction, now);
  }

  #send({ to, last }: ServerTransaction): void {
    if (last !== "") this.#parts.outbox.put(to, last);
  }

  /** Timer G and that of a 2xx double up to T2 (RFC 3261 §17.2.1, §13.3.1.4). */
  #backOff(transaction: ServerTransaction): void {
    const next = Math.min(transaction.resendMs * 2, this.#parts.timings.t2Ms);
    // A provisional response isn't repeated (RFC 3261 §17.2.1).
    transaction.resendMs = transaction.state === "proceeding" ? 0 : next;
  }

  #forget(transaction: ServerTransaction): void {
    transaction.last = "";
    this.#live.delete(transaction.key);
    this.#unmerge(transaction);
    disarm(this.#parts.timers, transaction);
  }

  #unmerge(transaction: ServerTransaction): void {
    if (transaction.mergeKey !== undefined) this.#mergeable.delete(transaction.mergeKey);
    transaction.mergeKey = undefined;
  }
}

const tryingOf = (request: Request): string => printMessage(responseTo(request, 100));
