import type { Instant } from "#base";
import {
  type Candidate,
  type DialogIds,
  type Leg,
  referToAcross,
  requestAcross,
  responseAcross,
  type Subscriptions,
  type Switchboard,
  type Withheld,
} from "#calls";
import { type End, end, isEnd } from "#ends";
import type { Destination, Flow } from "#sip";
import type { Request } from "#sip-message";
import type { Responder, ServerTransaction } from "#sip-transactions";
import type { Outcome, Sender, Sent } from "./errand.ts";

/** Methods whose 2xx makes a dialog (RFC 6665 §4.4.1, RFC 3515 §2.4.4). */
const SUBSCRIBING: ReadonlySet<string> = new Set(["SUBSCRIBE", "REFER"]);

/** A request outside any dialog that is to cross, as it came. */
export interface Arrival {
  readonly transaction: ServerTransaction;
  readonly request: Request;
  readonly flow: Flow;
  /** Of who asks, where that is an operator. */
  readonly trunk: string | undefined;
  /** What who asked is not told. */
  readonly withheld: Withheld | undefined;
}

/** What carries it. */
export interface Carriage {
  readonly board: Switchboard;
  readonly ids: DialogIds;
  readonly subscriptions: Subscriptions;
  /** Answers with an end of our own. */
  refuse(arrival: Arrival, why: End, now: Instant): void;
}

/** A MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH or REFER on its way across; its answer goes back. */
export class CarriedOutside implements Sender, Responder {
  readonly #arrival: Arrival;
  readonly #carriage: Carriage;
  readonly #callId: string;
  readonly #tag: string;
  /** The same at every place, so that one who gets it by two ways knows it (RFC 3261 §8.2.2.2). */
  #cseq = 1;
  /** The asking dialog, where the request may make one. */
  #leg: Leg | undefined;

  constructor(arrival: Arrival, carriage: Carriage) {
    const { random, setup } = carriage.board;
    this.#arrival = arrival;
    this.#carriage = carriage;
    this.#callId = setup.masked ? random.token(26) : arrival.request.callId;
    this.#tag = random.token(16);
    arrival.transaction.owner = this;
  }

  requestFor(candidate: Candidate, to: Destination): Request | End {
    const { board, ids } = this.#carriage;
    const { request, flow, trunk } = this.#arrival;
    const dialog = { callId: this.#callId, tag: this.#tag, cseq: this.#cseq };
    const face = board.setup.faces[candidate.side];
    const across = requestAcross(board, request, candidate, to, face, dialog);
    if (request.method !== "REFER") return across;
    const referTo = referToAcross(board, ids, request, { by: { side: flow.side, trunk }, to });
    if (referTo === undefined) return end("bad-request");
    across.headers.set("refer-to", referTo);
    return across;
  }

  /** A NOTIFY may overtake the answer (RFC 6665 §4.1.2.4): its dialog stands before. */
  sent({ candidate, to, request: sent }: Sent, now: Instant): void {
    this.#cseq = sent.cseq.number;
    if (!SUBSCRIBING.has(sent.method)) return;
    const { subscriptions } = this.#carriage;
    if (this.#leg) return subscriptions.sentAgain(this.#leg, { sent, candidate, to });
    const { request, flow, withheld } = this.#arrival;
    this.#leg = subscriptions.begin({ request, flow, withheld, sent, candidate, to }, now);
  }

  done(outcome: Outcome | End, now: Instant): void {
    if (isEnd(outcome)) {
      this.#unsubscribe();
      return this.#carriage.refuse(this.#arrival, outcome, now);
    }
    const { board, subscriptions } = this.#carriage;
    const { transaction, request, flow, withheld } = this.#arrival;
    const { response } = outcome;
    const leg = response.status < 300 ? this.#leg : this.#unsubscribe();
    if (leg) {
      subscriptions.sentAgain(leg, { ...outcome, sent: outcome.request });
      subscriptions.accepted(leg, response, outcome.flow, now);
    }
    const back = responseAcross(board, response, request, flow.side, leg, withheld);
    board.transactions.respond(transaction, back, now);
  }

  /** A request other than INVITE can't be taken back (RFC 3261 §9.1). */
  cancelled(): void {}

  unacknowledged(): void {}

  #unsubscribe(): undefined {
    if (this.#leg) this.#carriage.subscriptions.refused(this.#leg);
  }
}
