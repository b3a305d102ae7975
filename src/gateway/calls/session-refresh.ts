import type { Instant } from "#base";
import { end } from "#ends";
import { type Flow, refreshTarget } from "#sip";
import type { Request, Response } from "#sip-message";
import type { ClientTransaction, Requester } from "#sip-transactions";
import type { Call } from "./call.ts";
import type { Renegotiation } from "./call-parts.ts";
import { answerChallenge } from "./challenge.ts";
import { ackFor, ownInDialog } from "./crossing.ts";
import { partnerOf } from "./forks.ts";
import { credentialsAt, type Leg, nextHop } from "./legs.ts";
import { command, sdpOf, withSdp } from "./session-body.ts";
import { askForTimer, withLongerTimer } from "./session-expires.ts";
import type { SessionTimer } from "./session-timer.ts";
import type { Switchboard } from "./setup.ts";

/** Tries of one refresh: a challenge answered, a longer interval, the other method. */
const TRIES_MAX = 4;

/**
 * One refresh that we owe a peer (RFC 4028 §7.4): by UPDATE where it takes that, else by a re-INVITE
 * with the description that it got last, which changes nothing.
 */
export class SessionRefresh implements Requester, Renegotiation {
  /** Nobody else's offer: one that meets it is told of glare, whichever leg it comes from. */
  readonly role = undefined;
  readonly #board: Switchboard;
  readonly #leg: Leg;
  readonly #timer: SessionTimer;
  #client: ClientTransaction | undefined;
  #sent: Request | undefined;
  #ack: Request | undefined;
  #tries = 0;
  /** The call that must wait with other offers, and whose description went along. */
  #held: Call | undefined;

  constructor(board: Switchboard, leg: Leg, timer: SessionTimer) {
    this.#board = board;
    this.#leg = leg;
    this.#timer = timer;
  }

  /** The leg's own now: a transfer may have led it to another, or another peer to its place. */
  get #call(): Call {
    return this.#timer.call;
  }

  start(now: Instant): void {
    const { takesUpdate, terms } = this.#timer;
    const sdp = takesUpdate ? undefined : this.#lastSdp();
    if (!takesUpdate && sdp === undefined) return this.#timer.tryAgain(now);
    const other = partnerOf(this.#call.chosen!, this.#leg);
    const request = ownInDialog(this.#board, this.#leg, takesUpdate ? "UPDATE" : "INVITE", other);
    askForTimer(this.#board.setup.timers[this.#leg.side], request, terms);
    withSdp(request, sdp);
    this.#send(request, now);
  }

  /** An INVITE that was told 100 never fails by itself (RFC 3261 §17.1.1.2); its 487 is a refusal. */
  takeBack(now: Instant): void {
    if (this.#client) this.#board.transactions.cancel(this.#client, now);
  }

  response(transaction: ClientTransaction, response: Response, flow: Flow, now: Instant): void {
    if (transaction !== this.#client || response.status < 200) return;
    this.#leg.flow = flow;
    if (this.#ack) {
      this.#board.transactions.sendAck(this.#ack, nextHop(this.#leg));
      return;
    }
    if (response.status < 300) this.#accepted(response, now);
    else this.#refused(response, now);
  }

  failed(transaction: ClientTransaction, why: "timeout" | "transport", now: Instant): void {
    if (transaction !== this.#client) return;
    this.#release();
    if (!this.#call.has(this.#leg)) return;
    if (why === "timeout") this.#timer.expired(now);
    else this.#timer.tryAgain(now);
  }

  /** The ACK is ours to send. */
  awaits(): boolean {
    return false;
  }

  acknowledge(): void {}

  ended(now: Instant): void {
    this.takeBack(now);
  }

  /** The description to send again, unless the ends are about to agree on another. */
  #lastSdp(): string | undefined {
    const { renegotiation, media } = this.#call;
    const isBusy = renegotiation || media.offerPending || this.#call.transfer;
    return isBusy ? undefined : media.lastTold(this.#call.roleOf(this.#leg));
  }

  #send(request: Request, now: Instant): void {
    if (request.method === "INVITE") {
      this.#held = this.#call;
      this.#held.renegotiation = this;
      this.#leg.inviteSeq = request.cseq.number;
    }
    this.#tries++;
    this.#sent = request;
    this.#client = this.#board.transactions.request(request, nextHop(this.#leg), now, this);
  }

  #accepted(response: Response, now: Instant): void {
    const [leg, sent, asked] = [this.#leg, this.#sent!, this.#held];
    refreshTarget(leg.dialog, response);
    if (sent.method === "INVITE") {
      this.#ack = ackFor(this.#board, leg, sent.cseq.number, sent.headers);
      this.#board.transactions.sendAck(this.#ack, nextHop(leg));
      this.#release();
    }
    if (!this.#call.has(leg)) return;
    const sdp = sdpOf(response);
    const role = this.#call.roleOf(leg);
    const isSame = sent.method === "INVITE" && asked === this.#call;
    if (sdp !== undefined && isSame) command(this.#board, this.#call.media.retold(sdp, role));
    this.#timer.refreshed(sent, response, now);
  }

  #refused(response: Response, now: Instant): void {
    const { status } = response;
    this.#release();
    if (!this.#call.has(this.#leg)) return;
    const again = this.#tries < TRIES_MAX ? this.#again(response) : undefined;
    if (again) {
      const { dialog } = this.#leg;
      dialog.localSeq = Math.max(dialog.localSeq, again.cseq.number);
      return this.#send(again, now);
    }
    if (status === 408) return this.#timer.expired(now);
    if (status === 481) return this.#call.hangUp(end("no-dialog"), undefined, now);
    const knowsNoUpdate = (status === 405 || status === 501) && this.#timer.takesUpdate;
    if (!knowsNoUpdate) return this.#timer.tryAgain(now);
    this.#timer.takesUpdate = false;
    this.start(now);
  }

  #again(response: Response): Request | undefined {
    const { status } = response;
    if (status !== 401 && status !== 407) return withLongerTimer(this.#sent!, response);
    const credentials = credentialsAt(this.#leg, nextHop(this.#leg));
    return answerChallenge(this.#board, credentials, this.#sent!, response);
  }

  #release(): void {
    if (this.#held?.renegotiation === this) this.#held.renegotiation = undefined;
    this.#held = undefined;
  }
}
