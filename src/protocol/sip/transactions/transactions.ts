import { type Instant, ownText, type Random, Timers } from "#base";
import {
  type Message,
  parseMessageText,
  parseVia,
  printMessage,
  type Request,
  type Response,
  responseTo,
} from "#sip-message";
import type { Destination, Flow } from "../flow.ts";
import type { Transaction } from "./alarm.ts";
import { ClientMachines } from "./client-machines.ts";
import type { ClientTransaction } from "./client-transaction.ts";
import type { Requester, Send, TransactionEvent } from "./event.ts";
import { COOKIE, cancelledKey, serverKey } from "./matching.ts";
import { Outbox } from "./outbox.ts";
import { setVia, type ViaFor } from "./own-requests.ts";
import { DATAGRAM_BYTES_MAX, ParcelSize } from "./parcel-size.ts";
import { responseWay, stampTopVia } from "./response-way.ts";
import { ServerMachines } from "./server-machines.ts";
import type { ServerTransaction } from "./server-transaction.ts";
import { TIMINGS, type Timings } from "./timings.ts";

export interface TransactionOptions {
  readonly random: Random;
  readonly viaFor: ViaFor;
  readonly timings?: Timings;
  /** Over this many, new requests get 503; an INVITE and its CANCEL count as two. */
  readonly transactionsMax?: number;
  /** When this layer tells an INVITE that has no response yet 100; without end: the user does. */
  readonly tryingMs?: number;
  /** A request longer than this goes by TCP where the peer has it (RFC 3261 §18.1.1). */
  readonly datagramBytesMax?: number;
}

const TRANSACTIONS_MAX = 500_000;
const BUSY_RETRY_S = 10;
/** What RFC 3261 §17.2.1 leaves the user for a response of its own: most calls ring before. */
const TRYING_MS = 200;
const TOKEN_LENGTH = 16;

/**
 * The transaction layer (RFC 3261 §17, RFC 6026): requests and responses to and from the wire,
 * each told to its user once. Its figures are in client-figures.ts and server-figures.ts.
 */
export class Transactions {
  readonly #timers = new Timers<Transaction>();
  readonly #outbox = new Outbox();
  readonly #clients: ClientMachines;
  readonly #servers: ServerMachines;
  readonly #random: Random;
  readonly #viaFor: ViaFor;
  readonly #transactionsMax: number;
  readonly #tryingMs: number;
  /** Its last news has been told: the user is let go when the next input comes. */
  #spent: Transaction | undefined;

  constructor(options: TransactionOptions) {
    const { random, viaFor, timings = TIMINGS, datagramBytesMax = DATAGRAM_BYTES_MAX } = options;
    this.#random = random;
    this.#viaFor = viaFor;
    this.#transactionsMax = options.transactionsMax ?? TRANSACTIONS_MAX;
    this.#tryingMs = options.tryingMs ?? TRYING_MS;
    const parts = { timers: this.#timers, outbox: this.#outbox, timings };
    const parcelSize = new ParcelSize(datagramBytesMax);
    this.#clients = new ClientMachines({ ...parts, viaFor, parcelSize });
    this.#servers = new ServerMachines(parts);
  }

  /** How many transactions are alive. */
  get size(): number {
    return this.#servers.size + this.#clients.size;
  }

  /** When to call `due` next. */
  get next(): Instant | undefined {
    return this.#timers.next;
  }

  /** One message from the wire; what the user must know, or undefined where it is absorbed. */
  receive(message: Message, flow: Flow, now: Instant): TransactionEvent | undefined {
    this.#letGo();
    if (message.kind === "response") return this.#told(this.#clients.receive(message, flow, now));
    const key = serverKey(message, flow, message.method);
    const known = this.#servers.find(key);
    if (message.method === "ACK") {
      const isOurs = known !== undefined && !this.#servers.acknowledgedBy(known, now);
      return isOurs ? undefined : { kind: "ack", request: message, flow };
    }
    if (known) {
      this.#servers.repeated(known, now);
      return undefined;
    }
    if (message.method === "CANCEL") return this.#cancelled(key, message, flow, now);
    return this.#newRequest(key, message, flow, now);
  }

  /**
   * Sends a request, whose Via is this layer's to write. `owner` hears what comes of it: until the
   * final response, for an INVITE that is accepted until 64*T1 after.
   */
  request(request: Request, to: Destination, now: Instant, owner?: Requester): ClientTransaction {
    return this.#clients.open(this.#branch(), request, to, owner, now);
  }

  /** Answers; what comes after a final response is dropped, but for the 2xx of another fork. */
  respond(transaction: ServerTransaction, response: Response, now: Instant): void {
    this.#servers.respond(transaction, response, now);
  }

  /** What is no INVITE waits for its answer: its sender is told 100 in time (RFC 4320 §4.1). */
  unanswered(transaction: ServerTransaction, request: Request, now: Instant): void {
    this.#servers.unanswered(transaction, request, now);
  }

  /** The ACK of our 2xx has come: that is not sent again. */
  acknowledged(transaction: ServerTransaction): void {
    this.#servers.acknowledged(transaction);
  }

  /** Takes an INVITE back (RFC 3261 §9.1). It fails, or gets its final response, all the same. */
  cancel(transaction: ClientTransaction, now: Instant, reason?: string): void {
    this.#clients.cancel(transaction, now, reason);
  }

  /**
   * The ACK of a 2xx: no transaction. The same one again, for a repeated 2xx, keeps its branch; so
   * does `repeatAck` with the text that this returns.
   */
  sendAck(ack: Request, to: Destination): string {
    if (!ack.headers.has("via")) setVia(ack, this.#branch(), to, this.#viaFor);
    const text = printMessage(ack);
    this.#outbox.put(to, text);
    return text;
  }

  /** An ACK again, for a 2xx that came again (RFC 3261 §13.2.2.4). */
  repeatAck(text: string, to: Destination): void {
    this.#outbox.put(to, text);
  }

  /** A response outside any transaction, as to a message that can't be parsed. */
  sendStateless(response: Response, flow: Flow): void {
    const way = responseWay(response.via, flow);
    stampTopVia(response, flow);
    this.#outbox.put(way, printMessage(response));
  }

  /** A message could not be sent; `branch` is that of its `Send`. */
  sendFailed(branch: string | undefined, now: Instant): TransactionEvent | undefined {
    this.#letGo();
    if (branch === undefined) return undefined;
    return this.#told(this.#clients.failed(branch, "transport-error", now));
  }

  /** A connection took a message; `branch` is that of its `Send`. */
  sentBy(branch: string, flow: string): void {
    this.#clients.sentBy(branch, flow);
  }

  /** The branches of what a connection took and nobody has answered: it ended, so all are `lost`. */
  lostWith(flow: string): readonly string[] {
    return this.#clients.lostWith(flow);
  }

  /** No answer comes by the connection that took it: a failed transport (RFC 3261 §8.1.3.1). */
  lost(branch: string, now: Instant): TransactionEvent | undefined {
    this.#letGo();
    return this.#told(this.#clients.failed(branch, "flow-lost", now));
  }

  /** Runs what is due; call until undefined. */
  due(now: Instant): TransactionEvent | undefined {
    this.#letGo();
    for (;;) {
      const transaction = this.#timers.due(now);
      if (!transaction) return undefined;
      const event =
        transaction.kind === "client"
          ? this.#clients.rang(transaction, now)
          : this.#servers.rang(transaction, now);
      if (event) return this.#told(event);
    }
  }

  /** All messages to send since the last drain, in order. */
  drain(): Send[] {
    return this.#outbox.drain();
  }

  /** Whether a request repeats, acknowledges or takes back one that has a transaction here. */
  knows(request: Request, flow: Flow): boolean {
    const method = request.method === "CANCEL" ? "INVITE" : request.method;
    return this.#servers.find(serverKey(request, flow, method)) !== undefined;
  }

  /**
   * Whether a request went through us before, since a proxy kept our Via below its own (RFC 3261
   * §16.3 step 4). That may be a forwarding or a loop: the user knows which.
   */
  spirals(request: Request): boolean {
    const below = request.headers.all("via").slice(1);
    return below.some((via) => this.#clients.find(parseVia(via)?.branch ?? "") !== undefined);
  }

  #newRequest(
    key: string,
    request: Request,
    flow: Flow,
    now: Instant,
  ): TransactionEvent | undefined {
    if (this.size >= this.#transactionsMax) return this.#refuse(request, flow);
    const transaction = this.#servers.open(key, request, flow);
    const isMerged = request.to.tag === undefined && transaction.mergeKey === undefined;
    stampTopVia(request, flow);
    if (transaction.isInvite && this.#tryingMs < Number.POSITIVE_INFINITY)
      this.#servers.waits(transaction, request, this.#tryingMs, now);
    return { kind: "request", transaction, request, flow, isMerged };
  }

  #refuse(request: Request, flow: Flow): undefined {
    const busy = responseTo(request, 503, undefined, this.#random.token(TOKEN_LENGTH));
    busy.headers.add("retry-after", String(BUSY_RETRY_S));
    this.sendStateless(busy, flow);
  }

  /** RFC 3261 §9.2: a transaction of its own; the user hears of it while the INVITE is open. */
  #cancelled(key: string, cancel: Request, flow: Flow, now: Instant): TransactionEvent | undefined {
    const invite = this.#servers.find(cancelledKey(cancel, flow));
    if (!invite) {
      const tag = this.#random.token(TOKEN_LENGTH);
      this.sendStateless(responseTo(cancel, 481, undefined, tag), flow);
      return undefined;
    }
    const transaction = this.#servers.open(key, cancel, flow);
    stampTopVia(cancel, flow);
    const tag = tagOf(invite.last) ?? this.#random.token(TOKEN_LENGTH);
    this.#servers.respond(transaction, responseTo(cancel, 200, undefined, tag), now);
    if (invite.state !== "proceeding") return undefined;
    return { kind: "cancel", transaction: invite, request: cancel };
  }

  #branch(): string {
    return ownText(COOKIE + this.#random.token(TOKEN_LENGTH));
  }

  /** Remembers who needs its user no longer, once the user has had this event. */
  #told(event: TransactionEvent | undefined): TransactionEvent | undefined {
    if (event === undefined) return undefined;
    if (event.kind === "unacknowledged" || event.kind === "failed") this.#spent = event.transaction;
    else if (event.kind === "response") {
      const { state } = event.transaction;
      if (state === "completed" || state === "terminated") this.#spent = event.transaction;
    }
    return event;
  }

  #letGo(): void {
    if (this.#spent) this.#spent.owner = undefined;
    this.#spent = undefined;
  }
}

/** The To tag that an INVITE has been answered with: its CANCEL's answer bears it too (§9.2). */
function tagOf(answer: string): string | undefined {
  const response = parseMessageText(answer);
  return response.kind === "response" ? response.to.tag : undefined;
}
