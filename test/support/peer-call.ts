import type { Instant } from "#base";
import { dialogAsUac, dialogAsUas, requestInDialog } from "#sip";
import { headerKey, type Request, type Response, responseTo } from "#sip-message";
import type { ClientTransaction, ServerTransaction } from "#sip-transactions";
import { PeerLeg } from "./peer-leg.ts";
import type { SipPeer } from "./sip-peer.ts";

/** One provisional answer of a called peer; `fork` chooses the To tag. */
export interface Ring {
  readonly status: number;
  readonly afterMs: number;
  readonly fork?: number;
  readonly sdp?: boolean;
  readonly reliable?: boolean;
}

/** How a peer answers a call; without `final` it rings for ever. */
export interface AnswerPlan {
  readonly rings: readonly Ring[];
  readonly final?: {
    readonly status: number;
    readonly afterMs: number;
    readonly fork?: number;
    readonly contact?: string;
    /** Further headers, as a challenge. */
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** What to do once the call is up. */
  readonly up?: (leg: PeerLeg) => void;
}

/** How a peer calls. */
export interface CallPlan {
  /** A URI, or a number at the gateway. */
  readonly uri: string;
  readonly offer: boolean;
  readonly kinds?: readonly string[];
  readonly reliable?: boolean;
  /** It says nothing of Replaces. */
  readonly isOld?: boolean;
  readonly cancelAfterMs?: number;
  readonly replaces?: string;
  readonly up?: (leg: PeerLeg) => void;
  readonly done?: (status: number) => void;
}

/** 64*T1: how long a further 2xx of another fork may take. */
const FORK_PATIENCE_MS = 32_000;

/** How long a reliable provisional answer is repeated: seven times (RFC 3262 §3). */
const PRACK_TRIES_MAX = 7;

/** One call that a peer made: an INVITE, its early dialogs, and what became of it. */
export class PlacedCall {
  /** Statuses of final answers, 2xx once for each dialog; 0 where none came. */
  readonly finals: number[] = [];
  readonly legs = new Map<string, PeerLeg>();
  readonly #peer: SipPeer;
  readonly #plan: CallPlan;
  readonly #request: Request;
  readonly #transaction: ClientTransaction;
  #stage: "calling" | "cancelled" = "calling";
  readonly #pracked = new Set<string>();

  constructor(peer: SipPeer, plan: CallPlan, request: Request) {
    this.#peer = peer;
    this.#plan = plan;
    this.#request = request;
    this.#transaction = peer.open(request, {
      response: (_, response) => this.#heard(response),
      failed: () => this.#finish(0),
    });
    if (plan.cancelAfterMs !== undefined) peer.in(plan.cancelAfterMs, () => this.#cancel());
  }

  #cancel(): void {
    if (this.finals.length > 0) return;
    this.#stage = "cancelled";
    this.#peer.cancel(this.#transaction);
  }

  #heard(response: Response): void {
    const { status } = response;
    if (status >= 300) return this.#finish(status);
    const tag = response.to.tag;
    if (tag === undefined) return;
    const known = this.legs.get(tag);
    const leg = known ?? this.#newLeg(tag, response);
    if (status < 200) return this.#provisional(leg, response);
    const isFirst = leg.state === "early";
    leg.acknowledge(response, this.#plan.offer);
    if (!isFirst) {
      // It has said BYE in this early dialog, and the answer was on its way: the others end too.
      if (this.finals.length === 0) this.#finish(status);
      return;
    }
    leg.log.push(`INVITE ${status}`);
    // A second callee answered, or one that we had given up: it is hung up at once (§13.2.2.4).
    const unwanted = this.#stage === "cancelled" || this.finals.some((final) => final < 300);
    this.#finish(status);
    if (!unwanted) leg.onConfirmed = () => this.#plan.up?.(leg);
    leg.confirm();
    if (unwanted) leg.bye();
  }

  #newLeg(tag: string, response: Response): PeerLeg {
    const leg = new PeerLeg(this.#peer, dialogAsUac(this.#request, response), true);
    this.legs.set(tag, leg);
    this.#peer.keep(leg);
    return leg;
  }

  #provisional(leg: PeerLeg, response: Response): void {
    const rseq = response.headers.get("rseq");
    if (rseq === undefined) return;
    const id = `${leg.dialog.remoteTag} ${rseq}`;
    if (this.#pracked.has(id)) return;
    this.#pracked.add(id);
    const prack = this.#peer.requestIn(leg, "PRACK");
    prack.headers.add("rack", `${rseq} ${response.cseq.number} INVITE`);
    this.#peer.send(prack, leg, (status) => leg.log.push(`PRACK ${status}`));
  }

  #finish(status: number): void {
    this.finals.push(status);
    this.#plan.done?.(status);
    // RFC 3261 §13.2.2.4: early dialogs that got no 2xx of their own end.
    const isAnswered = status !== 0 && status < 300;
    const end = (): void => {
      for (const leg of this.legs.values()) if (leg.state === "early") leg.state = "ended";
    };
    if (isAnswered) this.#peer.in(FORK_PATIENCE_MS, end);
    else end();
  }
}

/** One call that a peer was sent: answers by its plan, step by step. */
export class TakenCall {
  readonly #peer: SipPeer;
  readonly #plan: AnswerPlan;
  readonly #request: Request;
  readonly #transaction: ServerTransaction;
  readonly #legs = new Map<number, PeerLeg>();
  #final: number | undefined;
  #rseq = 0;
  readonly #unpracked = new Set<number>();

  constructor(peer: SipPeer, plan: AnswerPlan, transaction: ServerTransaction, request: Request) {
    this.#peer = peer;
    this.#plan = plan;
    this.#request = request;
    this.#transaction = transaction;
    transaction.owner = {
      cancelled: (_, now) => this.#finish(487, now),
      unacknowledged: () => {},
    };
    for (const ring of plan.rings) peer.in(ring.afterMs, () => this.#ring(ring));
    if (plan.final) peer.in(plan.final.afterMs, () => this.#answer());
  }

  /** Takes the PRACK of one of our answers. */
  pracked(rack: string): boolean {
    return this.#unpracked.delete(Number(rack.split(" ")[0]));
  }

  #ring(ring: Ring): void {
    if (this.#final !== undefined) return;
    const response = this.#response(ring.status, ring.fork ?? 0);
    if (ring.sdp && this.#request.body !== "") this.#describe(response, ring.fork ?? 0);
    if (!ring.reliable || !/100rel/.test(this.#request.headers.all("supported").join())) {
      return this.#peer.transactions.respond(this.#transaction, response, this.#peer.now);
    }
    const rseq = ++this.#rseq;
    response.headers.add("require", "100rel");
    response.headers.add("rseq", String(rseq));
    this.#unpracked.add(rseq);
    this.#repeat(response, rseq, 500, PRACK_TRIES_MAX);
  }

  #repeat(response: Response, rseq: number, waitMs: number, tries: number): void {
    if (!this.#unpracked.has(rseq) || this.#final !== undefined) return;
    // RFC 3262 §3: a caller that never acknowledges an answer is refused.
    if (tries === 0) return this.#finish(500, this.#peer.now);
    this.#peer.transactions.respond(this.#transaction, response, this.#peer.now);
    this.#peer.in(waitMs, () => this.#repeat(response, rseq, waitMs * 2, tries - 1));
  }

  #answer(): void {
    const { status, fork = 0, contact } = this.#plan.final!;
    if (this.#final !== undefined) return;
    // RFC 3262 §3: no 2xx while a reliable answer with a description waits for its PRACK.
    if (this.#unpracked.size > 0 && status < 300) {
      this.#peer.in(500, () => this.#answer());
      return;
    }
    if (status >= 300) return this.#finish(status, this.#peer.now, contact);
    this.#final = status;
    const leg = this.#leg(fork);
    leg.onConfirmed = () => this.#plan.up?.(leg);
    const response = this.#response(status, fork);
    this.#describe(response, fork);
    leg.awaitAck(this.#transaction, this.#request.body !== "", this.#request.cseq.number);
    this.#peer.transactions.respond(this.#transaction, response, this.#peer.now);
    for (const other of this.#legs.values()) if (other !== leg) other.state = "ended";
  }

  #finish(status: number, now: Instant, contact?: string): void {
    if (this.#final !== undefined) return;
    this.#final = status;
    const response = this.#response(status, 0);
    if (contact !== undefined) response.headers.set("contact", contact);
    for (const [name, value] of Object.entries(this.#plan.final?.headers ?? {})) {
      response.headers.set(headerKey(name), value);
    }
    this.#peer.transactions.respond(this.#transaction, response, now);
    for (const leg of this.#legs.values()) leg.state = "ended";
  }

  #leg(fork: number): PeerLeg {
    const known = this.#legs.get(fork);
    if (known) return known;
    const leg = new PeerLeg(this.#peer, dialogAsUas(this.#request, this.#peer.tag()), false);
    this.#legs.set(fork, leg);
    this.#peer.keep(leg);
    return leg;
  }

  #response(status: number, fork: number): Response {
    const tag = status === 100 ? undefined : this.#leg(fork).dialog.localTag;
    const response = responseTo(this.#request, status, undefined, tag);
    response.headers.add("contact", this.#peer.contact);
    response.headers.add("server", this.#peer.product);
    response.headers.add("allow", "INVITE, ACK, CANCEL, BYE, UPDATE, PRACK, INFO, REFER, NOTIFY");
    return response;
  }

  #describe(response: Response, fork: number): void {
    const leg = this.#leg(fork);
    const { body } = this.#request;
    response.headers.set("content-type", "application/sdp");
    response.body = body === "" ? leg.offer() : leg.answer(body);
  }
}

/** The request that an end of a dialog sends, with what all of them bear. */
export function dressed(peer: SipPeer, leg: PeerLeg, method: string): Request {
  const request = requestInDialog(leg.dialog, method);
  request.headers.add("max-forwards", "70");
  request.headers.add("contact", peer.contact);
  request.headers.add("user-agent", peer.product);
  return request;
}
