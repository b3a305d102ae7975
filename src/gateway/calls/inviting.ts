import { type Instant, ownText } from "#base";
import type { Destination, Flow } from "#sip";
import type { Request, Response } from "#sip-message";
import { ackFor, inviteAcross } from "./crossing.ts";
import { answeredInvite, type Invited, invitedFor, invitedTo } from "./invited.ts";
import { LateAnswers, type SentAck, Strays } from "./late-answers.ts";
import { type Leg, nextHop } from "./legs.ts";
import { withSdp } from "./session-body.ts";
import type { Candidate, Switchboard } from "./setup.ts";

/** What each place is asked that is tried. */
export interface Question {
  readonly request: Request;
  readonly offer: string | undefined;
  readonly replaces: string | undefined;
}

/** The INVITEs of one call towards its callee, and the ACKs that their answers are owed. */
export class Inviting {
  readonly #board: Switchboard;
  /** Our From tag and Call-ID towards the callee. */
  readonly tag: string;
  readonly #callId: string;
  #cseq = 0;
  /** The INVITE that was sent last; of answered ones, what their ACK needs. */
  #latest: Invited | undefined;
  /** The ACK of the answer that is the call, kept for its repeats (RFC 3261 §13.2.2.4). */
  #ack: SentAck | undefined;
  #strays: Strays | undefined;

  constructor(board: Switchboard, callersCallId: string) {
    this.#board = board;
    this.tag = board.random.token(16);
    this.#callId = board.setup.masked ? board.random.token(26) : callersCallId;
  }

  get latest(): Invited | undefined {
    return this.#latest;
  }

  inviteFor(candidate: Candidate, to: Destination, question: Question): Request {
    const face = this.#board.setup.faces[candidate.side];
    const dialog = { callId: this.#callId, tag: this.tag, cseq: ++this.#cseq };
    const { request, offer, replaces } = question;
    const invite = inviteAcross(this.#board, request, candidate, to, face, dialog);
    withSdp(invite, offer);
    if (replaces !== undefined) invite.headers.add("replaces", replaces);
    this.#latest = invitedTo(candidate, invite, to.address, this.#latest);
    return invite;
  }

  resent(request: Request): void {
    this.#cseq = request.cseq.number;
    if (this.#latest) this.#latest = { ...this.#latest, request, cseq: this.#cseq };
  }

  /** The INVITE that is answered; from now on little is kept of all. */
  settle(response: Response): Request {
    const { request } = invitedFor(this.#latest!, response.cseq.number);
    this.#latest = answeredInvite(this.#latest!);
    return request!;
  }

  /** Sends the ACK of the answer to the INVITE of this CSeq. */
  acknowledge(callee: Leg, cseq: number, sdp: string | undefined): void {
    const { proof } = invitedFor(this.#latest!, cseq);
    const request = ackFor(this.#board, callee, cseq, proof);
    withSdp(request, sdp);
    const to = nextHop(callee);
    const text = this.#board.transactions.sendAck(request, to);
    this.#ack = { tag: ownText(callee.dialog.remoteTag), text, to };
  }

  /** Sends it again where its answer has come again. */
  repeatAck(response: Response): boolean {
    const ack = this.#ack;
    if (!ack || (response.to.tag ?? "") !== ack.tag) return false;
    this.#board.transactions.repeatAck(ack.text, ack.to);
    return true;
  }

  /** These early dialogs are not the call: should they be answered, a BYE follows what they heard. */
  leave(callees: readonly Leg[]): void {
    for (const callee of callees) {
      if (callee.dialog.localSeq <= callee.inviteSeq) continue;
      this.#strays ??= new Strays();
      this.#strays.know(callee);
    }
  }

  /** Ends what an answer began that is not the call. */
  hangUpStray(response: Response, flow: Flow, now: Instant): void {
    if (!this.#latest) return;
    this.#strays ??= new Strays();
    this.#strays.hangUp(this.#board, this.#latest, response, flow, now);
  }

  /** Who hears answers once the call is over. */
  lateAnswers(): LateAnswers | undefined {
    if (!this.#latest) return undefined;
    const invited = answeredInvite(this.#latest);
    return new LateAnswers(this.#board, invited, this.#ack?.tag, this.#strays);
  }
}
