import type { Instant } from "#base";
import { asRefusal, type End, end, isEnd } from "#ends";
import { type CallMedia, otherRole, type Role } from "#media";
import type { Request, Response } from "#sip-message";
import type { Responder } from "#sip-transactions";
import { AskingPeer } from "./asker.ts";
import type { Call } from "./call.ts";
import type { Transferring } from "./call-parts.ts";
import { CallRenewal } from "./call-renewal.ts";
import type { Leg } from "./legs.ts";
import { mediaAlone, type Newcomer, untilAcknowledged } from "./newcomer.ts";
import { type Invitee, type Offering, OwnInvite } from "./own-invite.ts";
import { command, performAll, sdpOf } from "./session-body.ts";
import type { Switchboard } from "./setup.ts";
import { keepIdentity } from "./told-identity.ts";

/**
 * A peer takes another's place in an answered call, by an INVITE whose Replaces names that one's
 * dialog (RFC 3891 §3), where who stays knows no Replaces (§4): it gets a re-INVITE with the
 * newcomer's offer, or is asked for one where the newcomer has none, and stays in its dialog. Until
 * it agrees nothing of the call is given up.
 */
export class Takeover implements Invitee, Transferring, Responder {
  readonly #exchange = untilAcknowledged(
    () => this.#leg,
    (ack, now) => this.#acknowledged(ack, now),
  );
  readonly #board: Switchboard;
  readonly #call: Call;
  readonly #place: Role;
  readonly #asker: AskingPeer;
  readonly #leg: Leg;
  readonly #media: CallMedia;
  readonly #invite: OwnInvite;
  /** Whether the newcomer has made the offer. */
  readonly #offers: boolean;
  #state: "asking" | "greeted" | "over" = "asking";

  private constructor(
    board: Switchboard,
    { call, role }: Place,
    by: Newcomer,
    { media, offering }: { readonly media: CallMedia; readonly offering: Offering | undefined },
  ) {
    this.#board = board;
    this.#call = call;
    this.#place = role;
    this.#media = media;
    this.#offers = offering !== undefined;
    this.#asker = new AskingPeer(board, by.asker);
    this.#asker.begun(call);
    by.asker.invite.owner = this;
    this.#leg = this.#asker.legFor(board.random.token(16));
    keepIdentity(this.#leg, by.asker.request);
    const at = { call, leg: call.chosen![otherRole(role)], other: this.#leg };
    this.#invite = new OwnInvite(board, at, offering, this);
    call.transfer = this;
  }

  /** Returns the end that the INVITE is refused with, if it is: the call goes on as it is then. */
  static begin(board: Switchboard, place: Place, by: Newcomer, now: Instant): End | undefined {
    if (!place.call.isSettled) return end("transferring");
    const media = place.call.media.successor(place.role, mediaAlone(board, by).end("caller"));
    const theirs = sdpOf(by.asker.request);
    const offering: Offering | undefined =
      theirs === undefined
        ? undefined
        : (then) => performAll(board, media.relayOffer(theirs, place.role, then));
    // Who stays is told nothing while it awaits an answer, or ours: its versions would be mixed up.
    const refused = isBusy(place.call) ? undefined : offering?.(now);
    if (refused && isEnd(refused)) {
      command(board, media.close(now));
      return refused;
    }
    new Takeover(board, place, by, { media, offering }).#invite.start(now);
    return undefined;
  }

  // ── Who stays ────────────────────────────────────────────────────────────────────────────

  accepted(response: Response, now: Instant): void {
    const sdp = sdpOf(response);
    if (this.#state === "over") return this.#giveBack(sdp, now);
    if (this.#offers) this.#invite.confirm();
    const relayed =
      sdp === undefined ? end("bad-sdp") : performAll(this.#board, this.#cross(sdp, now));
    if (!isEnd(relayed)) return this.#join(response, relayed.sdp, now);
    this.#drop(relayed, now);
    this.#giveBack(sdp, now);
  }

  refused(status: number, now: Instant): void {
    this.#drop(end("rejected", { status }), now);
    // RFC 3261 §12.2.1.2: who would have stayed is gone.
    if (status === 481 || status === 408) this.#call.hangUp(end("no-dialog"), undefined, now);
  }

  #cross(sdp: string, now: Instant) {
    const stays = otherRole(this.#place);
    return this.#offers
      ? this.#media.relayAnswer(sdp, stays, now)
      : this.#media.relayOffer(sdp, stays, now);
  }

  /** The newcomer has its 200, and whose place it takes its BYE (RFC 3891 §3). */
  #join(response: Response, sdp: string, now: Instant): void {
    this.#state = "greeted";
    const call = this.#call;
    const terms = call.termsOf(this.#place);
    call.take(this.#place, { leg: this.#leg, terms, media: this.#media }, now);
    // It may not get a BYE before its ACK (RFC 3261 §15).
    call.absent = this.#place;
    call.renegotiation = this.#exchange;
    this.#asker.answered(response, this.#leg, sdp, now);
  }

  /** Who stays has agreed to what nothing comes of: back to what the call has. */
  #giveBack(sdp: string | undefined, now: Instant): void {
    const giver = otherRole(this.#place);
    if (this.#offers) {
      if (this.#invite.isAnswered) this.#invite.confirm();
      if (!this.#call.isOver) new CallRenewal(this.#board, this.#call, giver).start(now);
    } else if (this.#call.isOver) this.#invite.confirm();
    else new CallRenewal(this.#board, this.#call, giver, this.#invite).offered(sdp, now);
  }

  // ── The newcomer ─────────────────────────────────────────────────────────────────────────

  #acknowledged(ack: Request, now: Instant): void {
    this.#asker.acknowledged();
    const call = this.#call;
    if (call.isOver) return call.payBye(now);
    if (this.#state !== "greeted") return;
    this.#settle();
    if (this.#offers) return;
    const sdp = sdpOf(ack);
    const relayed =
      sdp === undefined
        ? end("bad-sdp")
        : performAll(this.#board, this.#media.relayAnswer(sdp, this.#place, now));
    this.#invite.confirm(isEnd(relayed) ? undefined : relayed.sdp);
    if (isEnd(relayed)) call.hangUp(relayed, undefined, now);
  }

  unacknowledged(now: Instant): void {
    const call = this.#call;
    if (call.isOver) return call.payBye(now);
    if (this.#state !== "greeted") return;
    this.#settle();
    if (this.#invite.isAnswered) this.#invite.confirm();
    call.hangUp(end("unacknowledged"), undefined, now);
  }

  #settle(): void {
    this.#state = "over";
    this.#call.absent = undefined;
    this.#call.transfer = undefined;
    this.#call.renegotiation = undefined;
  }

  /** RFC 3261 §9.2: too late for who has its 200. */
  cancelled(_cancel: Request, now: Instant): void {
    if (this.#state !== "asking") return;
    this.#drop(end("cancelled"), now);
    this.#invite.abandon(now);
  }

  // ── Ends ─────────────────────────────────────────────────────────────────────────────────

  /** The call is as if nobody had come; over, where who was to be replaced has left meanwhile. */
  #drop(why: End, now: Instant): void {
    if (this.#state !== "asking") return;
    this.#state = "over";
    const call = this.#call;
    if (call.transfer === this) call.transfer = undefined;
    command(this.#board, this.#media.close(now));
    this.#asker.refused(asRefusal(why), now);
    if (call.absent) call.hangUp(why, undefined, now);
  }

  /** Who is being replaced need not wait for it. */
  left(call: Call, role: Role): boolean {
    if (this.#state !== "asking" || role !== this.#place) return false;
    call.lose(role);
    return true;
  }

  subscribed(): boolean {
    return false;
  }

  /** The call is over before the newcomer has acknowledged. */
  ended(call: Call, now: Instant): void {
    if (this.#state === "asking") {
      this.#drop(end("ended-already"), now);
      return this.#invite.abandon(now);
    }
    if (this.#invite.isAnswered) this.#invite.confirm();
    this.#leg.timer?.stop();
    call.endLeg(this.#leg, now, {}, true);
  }
}

const isBusy = ({ renegotiation, media }: Call): boolean =>
  renegotiation !== undefined || media.offerPending;

/** A place in an answered call. */
export interface Place {
  readonly call: Call;
  readonly role: Role;
}
