import type { Instant } from "#base";
import { type End, end, isEnd } from "#ends";
import { otherRole, type Role } from "#media";
import type { Flow } from "#sip";
import { refreshTarget } from "#sip";
import type { Request, Response } from "#sip-message";
import type { ClientTransaction, Requester, Responder, ServerTransaction } from "#sip-transactions";
import { bodyRefusal } from "./body-rules.ts";
import type { Call } from "./call.ts";
import type { Renegotiation } from "./call-parts.ts";
import { answerChallenge } from "./challenge.ts";
import { ackFor, inDialogAcross, refusal, responseAcross } from "./crossing.ts";
import { eventAcross, rackAcross, referToAcross, rememberRefer } from "./dialog-ids.ts";
import type { Fork } from "./forks.ts";
import { credentialsAt, type Leg, nextHop } from "./legs.ts";
import { grantRefresh } from "./own-answers.ts";
import { command, NEGOTIATING, performAll, sdpOf, withSdp } from "./session-body.ts";
import { AGAIN_MAX, isTimed, timerRefusal, withLongerTimer } from "./session-expires.ts";
import { grantLeg, timeLeg } from "./session-timer.ts";
import type { DialogIds, Switchboard } from "./setup.ts";
import { keepIdentity } from "./told-identity.ts";

/** Who sent what, in which call. */
export interface InDialog {
  readonly call: Call;
  /** Of `from`. */
  readonly role: Role;
  readonly fork: Fork;
  readonly from: Leg;
  readonly to: Leg;
  readonly transaction: ServerTransaction;
  readonly request: Request;
}

/**
 * Methods whose 481, 408 or silence ends the call: those that belong to it and not to a subscription
 * or to nothing but themselves (RFC 5057 §5.2, §5.3). A PRACK's 481 speaks of one response.
 */
const VITAL: ReadonlySet<string> = new Set(["INVITE", "UPDATE", "INFO"]);

/** One in-dialog request on its way across: re-INVITE, UPDATE, PRACK, INFO, REFER, NOTIFY … */
export class Relay implements Requester, Responder, Renegotiation {
  readonly #board: Switchboard;
  readonly #way: InDialog;
  readonly #ids: DialogIds;
  #sent: Request | undefined;
  #client: ClientTransaction | undefined;
  /** The request's body is an SDP offer, and its answer is due in the response. */
  #offered = false;
  #ack: Request | undefined;
  #done = false;
  #refusals = 0;

  constructor(board: Switchboard, ids: DialogIds, way: InDialog) {
    this.#board = board;
    this.#ids = ids;
    this.#way = way;
    way.transaction.owner = this;
  }

  get role(): Role {
    return this.#way.role;
  }

  /** Sends it on; returns the end that it is refused with, if it is. */
  start(now: Instant): End | undefined {
    const { call, to, request } = this.#way;
    const { setup } = this.#board;
    this.#goToFork();
    const unfit = bodyRefusal(setup, request) ?? this.#timerRefusal() ?? this.#clash();
    if (unfit) return unfit;
    const across = inDialogAcross(this.#board, request, to);
    const refused = this.#translateIds(across) ?? this.#relayRequestSdp(across, now);
    if (refused) return refused;
    if (request.method === "INVITE") {
      call.renegotiation = this;
      to.inviteSeq = across.cseq.number;
    }
    this.#send(across, now);
    return undefined;
  }

  /** In an early dialog, what is negotiated is that dialog's own. */
  #goToFork(): void {
    const { call, fork, request } = this.#way;
    const isEarly = call.state === "dialling" && NEGOTIATING.has(request.method);
    if (!isEarly || (!call.media.isForked && sdpOf(request) === undefined)) return;
    command(this.#board, call.media.goToFork(fork.callee.dialog.remoteTag));
  }

  /** The call or its early dialog is over, or it has become that of another one. */
  get #isLost(): boolean | undefined {
    const { call, fork } = this.#way;
    return call.isOver || fork.isOver || (call.chosen !== undefined && call.chosen !== fork);
  }

  #timerRefusal(): End | undefined {
    const { from, request } = this.#way;
    if (!isTimed(request.method)) return undefined;
    return timerRefusal(this.#board.setup.timers[from.side], request);
  }

  /** 491 where the other end negotiates, 500 where this one does twice (RFC 3261 §14.2, 3311 §5.2). */
  #clash(): End | undefined {
    const { call, role, request } = this.#way;
    const isUpdate = request.method === "UPDATE" && sdpOf(request) !== undefined;
    if (request.method !== "INVITE" && !isUpdate) return undefined;
    const { renegotiation, media } = call;
    if (!renegotiation && !media.offerPending) return undefined;
    const by = renegotiation ? renegotiation.role : media.state.exchange?.from;
    if (by !== role) return end("glare");
    return end("offer-pending", { retryAfterS: this.#board.random.integer(11) });
  }

  response(transaction: ClientTransaction, response: Response, flow: Flow, now: Instant): void {
    if (transaction !== this.#client) return;
    this.#way.to.flow = flow;
    if (this.#done) {
      if (this.#ack && response.status < 300) this.#sendAck(this.#ack);
      return;
    }
    if (response.status === 100) return;
    if (this.#isLost) return this.#late(response, now);
    if (this.#offered || sdpOf(response) !== undefined) this.#goToFork();
    if (response.status >= 300) this.#refused(response, now);
    else this.#accepted(response, now);
  }

  failed(transaction: ClientTransaction, why: "timeout" | "transport", now: Instant): void {
    if (transaction !== this.#client || this.#done) return;
    const gone = end(why === "timeout" ? "no-response" : "unreachable");
    const { request, transaction: asked, call } = this.#way;
    this.#board.transactions.respond(asked, refusal(this.#board, request, gone), now);
    if (this.#isLost) return;
    this.#goToFork();
    this.#finish(now);
    // RFC 3261 §12.2.1.2: no response at all ends the dialog. What couldn't even be sent is a 503
    // (§8.1.3.1) and ends no more than its transaction (RFC 5057 §5.1): a connection may come back.
    const isSilent = why === "timeout" && VITAL.has(request.method);
    if (isSilent) call.lostDialog(this.#way.to, gone, now);
  }

  /** The call ended meanwhile, or was another's: the asker learns that, and an answered INVITE gets its ACK. */
  #late(response: Response, now: Instant): void {
    if (response.status < 200) return;
    this.#done = true;
    const { request, transaction, to } = this.#way;
    if (request.method === "INVITE" && response.status < 300) {
      this.#ack = ackFor(this.#board, to, this.#sent!.cseq.number, this.#sent!.headers);
      this.#sendAck(this.#ack);
    }
    const gone = refusal(this.#board, request, end("no-dialog"));
    this.#board.transactions.respond(transaction, gone, now);
  }

  /** CANCEL of a re-INVITE. */
  cancelled(_cancel: Request, now: Instant): void {
    if (!this.#done && this.#client) this.#board.transactions.cancel(this.#client, now);
  }

  /** RFC 3261 §15.1.2: what is pending gets 487. Taken back, the other end's comes to an end too. */
  ended(now: Instant): void {
    if (this.#done || !this.#client) return;
    const { request, transaction } = this.#way;
    this.#board.transactions.cancel(this.#client, now);
    const cancelled = refusal(this.#board, request, end("cancelled"));
    cancelled.headers.delete("warning");
    this.#board.transactions.respond(transaction, cancelled, now);
  }

  unacknowledged(now: Instant): void {
    this.#way.call.hangUp(end("unacknowledged"), undefined, now);
  }

  /** Whether an ACK is that of this re-INVITE's 2xx: an earlier INVITE's may come again meanwhile. */
  awaits(ack: Request, by: Leg): boolean {
    const { from, request } = this.#way;
    return this.#done && by === from && ack.cseq.number === request.cseq.number;
  }

  /** The ACK of a re-INVITE's 2xx crosses with its body, the answer of an offerless one. */
  acknowledge(ack: Request, now: Instant): void {
    const { call, role, to, transaction } = this.#way;
    this.#board.transactions.acknowledged(transaction);
    if (this.#ack) return;
    call.renegotiation = undefined;
    this.#ack = ackFor(this.#board, to, this.#sent!.cseq.number, this.#sent!.headers);
    const sdp = sdpOf(ack);
    const isAnswer = sdp !== undefined && call.media.offerPending;
    const relayed = isAnswer && performAll(this.#board, call.media.relayAnswer(sdp, role, now));
    if (relayed && !isEnd(relayed)) withSdp(this.#ack, relayed.sdp);
    if (call.media.offerPending) command(this.#board, call.media.abandonOffer(now));
    this.#sendAck(this.#ack);
    // The 2xx has its ACK before the BYE (RFC 3261 §13.2.2.4).
    if (relayed && isEnd(relayed)) call.hangUp(relayed, undefined, now);
  }

  #relayRequestSdp(across: Request, now: Instant): End | undefined {
    const { call, role, request } = this.#way;
    if (request.body === "" || !NEGOTIATING.has(request.method)) return undefined;
    const sdp = sdpOf(request);
    if (sdp === undefined) return undefined;
    // A PRACK may bear the answer to an offer in a reliable 18x (RFC 3262 §5).
    this.#offered = !call.media.offerPending;
    const outcome = this.#offered
      ? call.media.relayOffer(sdp, role, now)
      : call.media.relayAnswer(sdp, role, now);
    const relayed = performAll(this.#board, outcome);
    if (isEnd(relayed)) return relayed;
    withSdp(across, relayed.sdp);
    return undefined;
  }

  #translateIds(across: Request): End | undefined {
    const { call, role, request, from, to } = this.#way;
    const event = request.headers.get("event");
    if (event !== undefined) {
      across.headers.set("event", eventAcross(event, request.method, from, to));
    }
    if (request.method === "PRACK") {
      const rack = rackAcross(request, to);
      if (rack === undefined) return end("bad-request");
      across.headers.set("rack", rack);
    }
    if (request.method === "REFER") {
      const by = { side: from.side, trunk: call.termsOf(role).trunk };
      const toward = { side: to.side, transport: to.flow.transport };
      const referTo = referToAcross(this.#board, this.#ids, request, { by, to: toward });
      if (referTo === undefined) return end("bad-request");
      across.headers.set("refer-to", referTo);
    }
    return undefined;
  }

  #send(request: Request, now: Instant): void {
    this.#sent = request;
    if (request.method === "REFER") rememberRefer(request, this.#way.request, this.#way.to);
    this.#client = this.#board.transactions.request(request, nextHop(this.#way.to), now, this);
  }

  #accepted(response: Response, now: Instant): void {
    const { call, from, request, transaction } = this.#way;
    const across = responseAcross(this.#board, response, request, from.side, from);
    const refused = this.#relayResponseSdp(response, across, now);
    if (refused) {
      this.#finish(now);
      this.#board.transactions.respond(transaction, refusal(this.#board, request, refused), now);
      return call.hangUp(refused, undefined, now);
    }
    if (response.status >= 200) this.#refresh(response, across, now);
    this.#board.transactions.respond(transaction, across, now);
  }

  /** A 2xx refreshes the targets, and where they have timers the sessions, of both legs. */
  #refresh(response: Response, across: Response, now: Instant): void {
    const { call, from, to, request } = this.#way;
    this.#done = true;
    refreshTarget(to.dialog, response);
    refreshTarget(from.dialog, request);
    if (!isTimed(request.method) || call.state !== "answered") return;
    if (call.terms.mayTransfer) {
      keepIdentity(from, request);
      keepIdentity(to, response);
    }
    timeLeg(this.#board, call, to, this.#sent!, response, now);
    grantLeg(this.#board, call, from, request, across, now);
  }

  #relayResponseSdp(response: Response, across: Response, now: Instant): End | undefined {
    const { call, role, request } = this.#way;
    const { method } = request;
    const found = NEGOTIATING.has(method) ? sdpOf(response) : undefined;
    // A body that can't be read spoils no more than the description that is due in it.
    const sdp = found === "" && !this.#offered && method !== "INVITE" ? undefined : found;
    if (sdp === undefined) {
      if (response.status < 200) return undefined;
      // The answer came in an 18x: the final response makes it the agreement (RFC 3262 §5).
      if (method === "INVITE") command(this.#board, call.media.settle(now));
      if (this.#offered && call.media.offerPending)
        command(this.#board, call.media.abandonOffer(now));
      return undefined;
    }
    const outcome =
      this.#offered || call.media.offerPending
        ? call.media.relayAnswer(
            sdp,
            otherRole(role),
            now,
            response.status < 200 ? "early" : "final",
          )
        : call.media.relayOffer(sdp, otherRole(role), now);
    const relayed = performAll(this.#board, outcome);
    if (isEnd(relayed)) return relayed;
    withSdp(across, relayed.sdp);
    return undefined;
  }

  #refused(response: Response, now: Instant): void {
    const again = this.#again(response);
    if (again) return this.#sendAgain(again, now);
    const { call, from, to, request, transaction } = this.#way;
    this.#finish(now);
    if (this.#isOurs(response)) return grantRefresh(this.#board, this.#way, now);
    const across = responseAcross(this.#board, response, request, from.side, from);
    this.#board.transactions.respond(transaction, across, now);
    // RFC 3261 §12.2.1.2: the peer knows no such dialog any more.
    const isGone = response.status === 481 || response.status === 408;
    if (isGone && VITAL.has(request.method)) call.lostDialog(to, end("no-dialog"), now);
  }

  /** The request as its refusal asks for it: with credentials, or a longer session interval. */
  #again(response: Response): Request | undefined {
    if (++this.#refusals > AGAIN_MAX) return undefined;
    if (response.status === 422) return withLongerTimer(this.#sent!, response);
    if (response.status !== 401 && response.status !== 407) return undefined;
    const { to } = this.#way;
    return answerChallenge(this.#board, credentialsAt(to, nextHop(to)), this.#sent!, response);
  }

  #sendAgain(again: Request, now: Instant): void {
    const { to } = this.#way;
    to.dialog.localSeq = Math.max(to.dialog.localSeq, again.cseq.number);
    if (again.method === "INVITE") to.inviteSeq = again.cseq.number;
    this.#send(again, now);
  }

  /** An UPDATE that only refreshes the asker's session needs no peer that knows UPDATE. */
  #isOurs({ status }: Response): boolean {
    const { from, request } = this.#way;
    const isRefresh =
      request.method === "UPDATE" && request.body === "" && from.timer !== undefined;
    return isRefresh && (status === 405 || status === 501);
  }

  /** A refused offer leaves the media as it was before it (RFC 3261 §14.1). */
  #finish(now: Instant): void {
    this.#done = true;
    const { call } = this.#way;
    if (call.renegotiation === this) call.renegotiation = undefined;
    if (!this.#offered) return;
    command(this.#board, call.media.abandonOffer(now));
  }

  #sendAck(ack: Request): void {
    this.#board.transactions.sendAck(ack, nextHop(this.#way.to));
  }
}
