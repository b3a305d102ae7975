import type { Instant } from "#base";
import type { Flow } from "#sip";
import type { Request, Response } from "#sip-message";
import type { ClientTransaction, Requester } from "#sip-transactions";
import { answerChallenge } from "./challenge.ts";
import { credentialsAt, type Leg, nextHop } from "./legs.ts";
import type { Switchboard } from "./setup.ts";

/** What is to be done with the final status of a request; 408 where none came. */
export type Done = (status: number, now: Instant) => void;

/** Sends a request of our own in a leg's dialog, and answers challenges of it. */
export function sendOwn(
  board: Switchboard,
  leg: Leg,
  request: Request,
  now: Instant,
  done?: Done,
): void {
  const to = nextHop(leg);
  const credentials = credentialsAt(leg, to);
  if (credentials || done) new OwnRequest({ board, leg, credentials, to, done }, request, now);
  else board.transactions.request(request, to, now);
}

interface Sending {
  readonly board: Switchboard;
  readonly leg: Leg;
  readonly to: ReturnType<typeof nextHop>;
  readonly credentials: ReturnType<typeof credentialsAt>;
  readonly done: Done | undefined;
}

class OwnRequest implements Requester {
  readonly #sending: Sending;
  #request: Request;
  #client: ClientTransaction;

  constructor(sending: Sending, request: Request, now: Instant) {
    this.#sending = sending;
    this.#request = request;
    this.#client = sending.board.transactions.request(request, sending.to, now, this);
  }

  response(transaction: ClientTransaction, response: Response, _flow: Flow, now: Instant): void {
    const { status } = response;
    if (transaction !== this.#client || status < 200) return;
    const { board, leg, to, credentials, done } = this.#sending;
    const isChallenge = status === 401 || status === 407;
    const again = isChallenge && answerChallenge(board, credentials, this.#request, response);
    if (!again) return done?.(status, now);
    // Others of our requests may have gone meanwhile.
    again.headers.set("cseq", `${++leg.dialog.localSeq} ${again.method}`);
    this.#request = again;
    this.#client = board.transactions.request(again, to, now, this);
  }

  failed(transaction: ClientTransaction, _why: string, now: Instant): void {
    if (transaction === this.#client) this.#sending.done?.(408, now);
  }
}
