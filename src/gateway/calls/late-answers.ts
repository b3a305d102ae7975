import { type Instant, ownText } from "#base";
import { confirmDialog, type Destination, type Flow } from "#sip";
import type { Response } from "#sip-message";
import type { ClientTransaction, Requester } from "#sip-transactions";
import { ackFor } from "./crossing.ts";
import type { Answerable } from "./dial.ts";
import { sayBye } from "./farewell.ts";
import { calleeLeg } from "./forks.ts";
import { type Invited, invitedFor } from "./invited.ts";
import { type Leg, nextHop } from "./legs.ts";
import type { Switchboard } from "./setup.ts";

/** The ACK that a callee was sent, to be sent again as it was (RFC 3261 §13.2.2.4). */
export interface SentAck {
  /** The To tag of the answer that it is for. */
  readonly tag: string;
  readonly text: string;
  readonly to: Destination;
}

/** More answerers than that are hung up too, but forgotten. */
const STRAYS_MAX = 12;

/**
 * Who answered an INVITE whose call is over or another's: each gets its ACK as often as it answers
 * (RFC 3261 §13.2.2.4), and one BYE.
 */
export class Strays {
  readonly #acks: SentAck[] = [];
  /** Their early dialogs in which we have said more than the INVITE: our CSeq goes on. */
  readonly #legs: Leg[] = [];

  know(callee: Leg): void {
    this.#legs.push(callee);
  }

  hangUp(board: Switchboard, invited: Invited, response: Response, flow: Flow, now: Instant): void {
    const tag = response.to.tag ?? "";
    const known = this.#acks.find((ack) => ack.tag === tag);
    if (known) return board.transactions.repeatAck(known.text, known.to);
    const callee = this.#legOf(tag, response, flow) ?? calleeLeg(invited, response, flow);
    const to = nextHop(callee);
    const { request, proof: kept } = invitedFor(invited, response.cseq.number);
    const proof = request?.headers ?? kept;
    const ack = ackFor(board, callee, callee.inviteSeq, proof);
    const text = board.transactions.sendAck(ack, to);
    if (this.#acks.length < STRAYS_MAX) this.#acks.push({ tag: ownText(tag), text, to });
    sayBye(board, callee, now);
  }

  #legOf(tag: string, response: Response, flow: Flow): Leg | undefined {
    const leg = this.#legs.find(({ dialog }) => dialog.remoteTag === tag);
    if (!leg) return undefined;
    confirmDialog(leg.dialog, response);
    leg.flow = flow;
    return leg;
  }
}

/**
 * Stands in for a call that is over while its INVITE may still be answered (RFC 6026 §8.4): a busy
 * gateway keeps 10,000s of these, so there is nothing of the call in it.
 */
export class LateAnswers implements Answerable, Requester {
  readonly #board: Switchboard;
  /** The latest. */
  readonly #invited: Invited;
  /** The To tag of who was the call. */
  readonly #tag: string | undefined;
  #strays: Strays | undefined;

  constructor(
    board: Switchboard,
    invited: Invited,
    tag: string | undefined,
    strays: Strays | undefined,
  ) {
    this.#board = board;
    this.#invited = invited;
    this.#tag = tag;
    this.#strays = strays;
  }

  response(_transaction: ClientTransaction, response: Response, flow: Flow, now: Instant): void {
    if (response.status >= 200 && response.status < 300) this.answered(response, flow, now);
  }

  /** An answered INVITE fails no more. */
  failed(): void {}

  answered(response: Response, flow: Flow, now: Instant): void {
    if (this.#tag !== undefined && (response.to.tag ?? "") === this.#tag) {
      return this.#acknowledge(response, flow);
    }
    this.#strays ??= new Strays();
    this.#strays.hangUp(this.#board, this.#invited, response, flow, now);
  }

  #acknowledge(response: Response, flow: Flow): void {
    const callee = calleeLeg(this.#invited, response, flow);
    const { proof } = invitedFor(this.#invited, response.cseq.number);
    const ack = ackFor(this.#board, callee, callee.inviteSeq, proof);
    this.#board.transactions.sendAck(ack, nextHop(callee));
  }
}
