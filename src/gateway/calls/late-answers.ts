import type { Instant } from "#base";
import type { Destination, Flow } from "#sip";
import type { Response } from "#sip-message";
import type { ClientTransaction, Requester } from "#sip-transactions";
import { ackFor } from "./crossing.ts";
import type { Answerable } from "./dial.ts";
import { sayBye } from "./farewell.ts";
import { calleeLeg, type Invited } from "./forks.ts";
import { nextHop } from "./legs.ts";
import type { Switchboard } from "./setup.ts";

/** The ACK that a callee was sent, to be sent again as it was (RFC 3261 §13.2.2.4). */
export interface SentAck {
  /** The To tag of the answer that it is for. */
  readonly tag: string;
  readonly text: string;
  readonly to: Destination;
}

/**
 * Stands in for a call that is over while its INVITE may still be answered (RFC 6026 §8.4): a busy
 * gateway keeps 10,000s of these, so there is nothing of the call in it.
 */
export class LateAnswers implements Answerable, Requester {
  readonly #board: Switchboard;
  readonly #invited: Invited;
  readonly #ack: SentAck | undefined;

  constructor(board: Switchboard, invited: Invited, ack: SentAck | undefined) {
    this.#board = board;
    this.#invited = invited;
    this.#ack = ack;
  }

  response(_transaction: ClientTransaction, response: Response, flow: Flow, now: Instant): void {
    if (response.status >= 200 && response.status < 300) this.answered(response, flow, now);
  }

  /** An answered INVITE fails no more. */
  failed(): void {}

  answered(response: Response, flow: Flow, now: Instant): void {
    if (this.#ack && response.to.tag === this.#ack.tag) {
      this.#board.transactions.repeatAck(this.#ack.text, this.#ack.to);
    } else hangUpStray(this.#board, this.#invited, response, flow, now);
  }
}

/** A callee that answered a call which is over, or after another fork did: ACK and BYE. */
export function hangUpStray(
  board: Switchboard,
  invited: Invited,
  response: Response,
  flow: Flow,
  now: Instant,
): void {
  const callee = calleeLeg(invited, response, flow);
  const ack = ackFor(board, callee, callee.inviteSeq, invited.request);
  board.transactions.sendAck(ack, nextHop(callee));
  sayBye(board, callee, now);
}
