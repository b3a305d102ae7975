import { type Instant, type Random, Timers } from "#base";
import { type Message, printVia, type Request, type Response, responseTo, stampVia } from "#sip-message";
import { type Destination, destinationOf, type Flow } from "../flow.ts";
import { ClientMachines } from "./client-machines.ts";
import type { ClientTransaction } from "./client-transaction.ts";
import type { Requester, Send, TransactionEvent } from "./event.ts";
import { Outbox } from "./outbox.ts";
import { responsePath, ServerMachines } from "./server-machines.ts";
import type { ServerTransaction } from "./server-transaction.ts";
import { TIMINGS, type Timings } from "./timings.ts";

export interface TransactionOptions {
  readonly random: Random;
  readonly timings?: Timings;
  /** What we call ourselves in a Via towards this destination. */
  readonly viaFor: (to: Destination) => { readonly host: string; readonly port: number };
  /** Transactions alive at once; over it new requests get a stateless 503. */
  readonly transactionsMax?: number;
}

const TRANSACTIONS_MAX = 1_000_000;

/** The magic of RFC 3261 §8.1.1.7, by which a branch is known to be unique. */
const COOKIE = "z9hG4bK";

/** RFC 3261 §17 whole: messages in, events for the user out; sends wait in the outbox. */
export class Transactions {
  readonly #timers = new Timers<() => TransactionEvent | undefined>();
  readonly #outbox = new Outbox();
  readonly #servers: ServerMachines;
  readonly #clients: ClientMachines;
  readonly #random: Random;
  readonly #viaFor: TransactionOptions["viaFor"];
  readonly #transactionsMax: number;

  constructor(options: TransactionOptions) {
    const timings = options.timings ?? TIMINGS;
    this.#random = options.random;
    this.#viaFor = options.viaFor;
    this.#transactionsMax = options.transactionsMax ?? TRANSACTIONS_MAX;
    this.#servers = new ServerMachines(this.#timers, this.#outbox, timings);
    this.#clients = new ClientMachines(this.#timers, this.#outbox, timings);
  }

  get size(): number {
    return this.#servers.size + this.#clients.size;
  }

  get next(): Instant | undefined {
    return this.#timers.next;
  }

  /** One message from the wire; what the user must know, or nothing where it is absorbed. */
  receive(message: Message, flow: Flow, now: Instant): TransactionEvent | undefined {
    if (message.kind === "response") return this.#clients.receive(message, flow, now);
    stampTopVia(message, flow);
    const key = serverKey(message);
    const known = this.#servers.find(key);
    if (message.method === "ACK") return this.#ack(message, known, flow, now);
    if (message.method === "CANCEL") return this.#cancelRequest(message, known, flow);
    if (known) {
      this.#servers.repeated(known);
      return undefined;
    }
    return this.#newRequest(key, message, flow, now);
  }

  /** Sends a request; its top Via is made here. `owner` hears what comes of it. */
  request(
    request: Request,
    to: Destination,
    now: Instant,
    owner: Requester | undefined,
  ): ClientTransaction {
    const branch = this.#stamp(request, to);
    return this.#clients.open(branch, request, to, owner, now);
  }

  respond(transaction: ServerTransaction, response: Response, now: Instant): void {
    this.#servers.respond(transaction, response, now);
  }

  /** The ACK of our 2xx has come: it is not sent again. */
  acknowledged(transaction: ServerTransaction): void {
    this.#servers.acknowledged(transaction);
  }

  cancel(transaction: ClientTransaction, now: Instant, reason?: string): void {
    this.#clients.cancel(transaction, now, reason);
  }

  /** The ACK of a 2xx: a request of its own, never answered nor repeated by itself. */
  sendAck(ack: Request, to: Destination): void {
    const branch = this.#stamp(ack, to);
    this.#outbox.message(to, ack, branch);
  }

  /** A response outside any transaction, as to a message that can't be parsed. */
  sendStateless(response: Response, flow: Flow): void {
    this.#outbox.message(destinationOf(flow), response);
  }

  /** A message could not be sent; `branch` is that of `Send`. */
  sendFailed(branch: string | undefined, now: Instant): TransactionEvent | undefined {
    return branch === undefined ? undefined : this.#clients.sendFailed(branch, now);
  }

  /** Runs what is due; call until undefined. */
  due(now: Instant): TransactionEvent | undefined {
    for (let ring = this.#timers.due(now); ring; ring = this.#timers.due(now)) {
      const event = ring();
      if (event) return event;
    }
    return undefined;
  }

  drain(): Send[] {
    return this.#outbox.drain();
  }

  #stamp(request: Request, to: Destination): string {
    const branch = COOKIE + this.#random.token(16);
    const { host, port } = this.#viaFor(to);
    const transport = to.transport.toUpperCase();
    const via = printVia({ transport, host, port, branch });
    const value = to.transport === "udp" ? `${via};rport` : via;
    if (request.headers.has("via")) request.headers.setFirst("via", value);
    else request.headers.prepend("via", value);
    return branch;
  }

  #newRequest(
    key: string,
    request: Request,
    flow: Flow,
    now: Instant,
  ): TransactionEvent | undefined {
    if (this.size >= this.#transactionsMax) {
      const busy = responseTo(request, 503);
      busy.headers.add("retry-after", "10");
      this.#outbox.message(responsePath(request, flow), busy);
      return undefined;
    }
    const transaction = this.#servers.open(key, request, flow);
    // RFC 3261 §17.2.1: said at once, since the way through takes longer than 200 ms.
    if (transaction.isInvite) this.#servers.respond(transaction, responseTo(request, 100), now);
    return { kind: "request", transaction, request, flow };
  }

  #ack(
    ack: Request,
    invite: ServerTransaction | undefined,
    flow: Flow,
    now: Instant,
  ): TransactionEvent | undefined {
    if (invite && this.#servers.acknowledgedBy(invite, now)) return undefined;
    return { kind: "ack", request: ack, flow };
  }

  /** CANCEL is answered here, statelessly: a repeated one gets the same answer (§9.2). */
  #cancelRequest(
    cancel: Request,
    invite: ServerTransaction | undefined,
    flow: Flow,
  ): TransactionEvent | undefined {
    const response = responseTo(cancel, invite ? 200 : 481, undefined, this.#random.token(16));
    this.#outbox.message(responsePath(cancel, flow), response);
    if (invite?.state !== "proceeding") return undefined;
    return { kind: "cancel", transaction: invite, request: cancel };
  }
}

/** `received` and `rport` say where the request really came from (RFC 3581 §4). */
function stampTopVia(request: Request, flow: Flow): void {
  const stamped = stampVia(request.via, flow.remoteAddress, flow.remotePort);
  request.headers.setFirst("via", stamped);
}

/**
 * What matches a request to its transaction (RFC 3261 §17.2.3): branch, sent-by and method, ACK and
 * CANCEL with their INVITE's. Without the cookie (RFC 2543) the fields that identified one then.
 */
function serverKey(request: Request): string {
  const { branch, host, port } = request.via;
  const { method } = request;
  const kind = method === "ACK" || method === "CANCEL" ? "INVITE" : method;
  if (branch.startsWith(COOKIE) && branch.length > COOKIE.length) {
    return `${branch}|${host}|${port ?? ""}|${kind}`;
  }
  const { number } = request.cseq;
  return `${request.uri}|${request.callId}|${request.from.tag ?? ""}|${number}|${host}|${port ?? ""}|${kind}`;
}
