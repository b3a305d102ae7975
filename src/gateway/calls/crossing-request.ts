import type { Instant } from "#base";
import { type EndName, end } from "#ends";
import type { Destination, DigestCredentials, Flow, Side } from "#sip";
import type { Request, Response } from "#sip-message";
import type { ClientTransaction, Requester, Responder, ServerTransaction } from "#sip-transactions";
import { answerChallenge } from "./challenge.ts";
import { refusal, responseAcross } from "./crossing.ts";
import type { Leg } from "./legs.ts";
import type { Switchboard, Withheld } from "./setup.ts";

/** A request in a dialog that is no call: SUBSCRIBE and NOTIFY. */
export interface Carried {
  readonly transaction: ServerTransaction;
  readonly request: Request;
  /** The side that asked. */
  readonly from: Side;
  /** The request as the other side gets it. */
  readonly across: Request;
  readonly to: Destination;
  readonly credentials: DigestCredentials | undefined;
  /** What who asked is not told. */
  readonly withheld: Withheld | undefined;
  /** The asking dialog. */
  readonly leg: Leg;
  /** The request went again, with credentials and a CSeq of its own. */
  readonly resent?: (again: Request) => void;
  readonly accepted?: (response: Response, now: Instant) => void;
}

/** One such request on its way; its answer goes back the same way. */
export class CrossingRequest implements Requester, Responder {
  readonly #board: Switchboard;
  readonly #carried: Carried;
  #client: ClientTransaction;
  #sent: Request;

  constructor(board: Switchboard, carried: Carried, now: Instant) {
    this.#board = board;
    this.#carried = carried;
    this.#sent = carried.across;
    this.#client = board.transactions.request(carried.across, carried.to, now, this);
    carried.transaction.owner = this;
  }

  response(transaction: ClientTransaction, response: Response, _flow: Flow, now: Instant): void {
    if (transaction !== this.#client || response.status < 200) return;
    if (response.status === 401 || response.status === 407) {
      if (this.#authenticate(response, now)) return;
    }
    const { request, from, accepted, leg, withheld } = this.#carried;
    if (response.status < 300) accepted?.(response, now);
    const back = responseAcross(this.#board, response, request, from, leg, withheld);
    this.#board.transactions.respond(this.#carried.transaction, back, now);
  }

  failed(transaction: ClientTransaction, why: "timeout" | "transport", now: Instant): void {
    if (transaction !== this.#client) return;
    const name: EndName = why === "timeout" ? "no-response" : "unreachable";
    const { request } = this.#carried;
    this.#board.transactions.respond(
      this.#carried.transaction,
      refusal(this.#board, request, end(name)),
      now,
    );
  }

  /** A request other than INVITE can't be taken back (RFC 3261 §9.1). */
  cancelled(): void {}

  unacknowledged(): void {}

  #authenticate(response: Response, now: Instant): boolean {
    const { credentials, to } = this.#carried;
    const retry = answerChallenge(this.#board, credentials, this.#sent, response);
    if (!retry) return false;
    this.#sent = retry;
    this.#carried.resent?.(retry);
    this.#client = this.#board.transactions.request(retry, to, now, this);
    return true;
  }
}
