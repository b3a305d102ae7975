import type { Instant } from "#base";
import { type End, end, isEnd } from "#ends";
import { type CallMedia, type MediaEnd, otherRole, type Role } from "#media";
import type { Response } from "#sip-message";
import type { Call } from "./call.ts";
import { CallRenewal } from "./call-renewal.ts";
import type { Leg } from "./legs.ts";
import { type Invitee, OwnInvite } from "./own-invite.ts";
import { command, performAll, sdpOf } from "./session-body.ts";
import type { Switchboard } from "./setup.ts";
import type { TargetNews, TransferTarget } from "./transfer-target.ts";

/**
 * A target that the referrer talks to already, through us (RFC 5589 §7): the transferee takes the
 * referrer's place in that call. Who stays there is asked for an offer by a re-INVITE.
 */
export class ConsultedTarget implements Invitee, TransferTarget {
  readonly call: Call;
  readonly place: Role;
  readonly media: CallMedia;
  readonly #board: Switchboard;
  readonly #news: TargetNews;
  readonly #invite: OwnInvite;
  /** What is asked, and not answered yet. */
  #offer: string | undefined;
  #dropped = false;

  constructor(
    board: Switchboard,
    { call, role }: { readonly call: Call; readonly role: Role },
    transferee: { readonly leg: Leg; readonly end: MediaEnd },
    news: TargetNews,
  ) {
    this.#board = board;
    this.call = call;
    this.place = role;
    this.media = call.media.successor(role, transferee.end);
    this.#news = news;
    const leg = call.chosen![otherRole(role)];
    this.#invite = new OwnInvite(board, { call, leg, other: transferee.leg }, undefined, this);
  }

  start(now: Instant): void {
    this.#invite.start(now);
  }

  accepted(response: Response, now: Instant): void {
    const offer = sdpOf(response);
    this.#offer = offer;
    if (this.#dropped) return this.#giveBack(now);
    const relayed =
      offer === undefined
        ? end("bad-sdp")
        : performAll(this.#board, this.media.relayOffer(offer, otherRole(this.place), now));
    if (isEnd(relayed)) this.#news.lost(relayed.status, now);
    else this.#news.offered(offer!, now);
  }

  refused(status: number, now: Instant): void {
    if (!this.#dropped) this.#news.lost(status, now);
    if (status === 481 || status === 408) this.call.hangUp(end("no-dialog"), undefined, now);
  }

  answer(sdp: string, now: Instant): void {
    this.#offer = undefined;
    const relayed = performAll(this.#board, this.media.relayAnswer(sdp, this.place, now));
    if (!isEnd(relayed)) return this.#invite.confirm(relayed.sdp);
    this.#invite.confirm();
    this.call.hangUp(relayed, undefined, now);
  }

  drop(why: End, now: Instant): void {
    this.#dropped = true;
    command(this.#board, this.media.close(now));
    if (!this.#invite.isAnswered) this.#invite.abandon(now);
    else if (this.call.absent) this.#invite.confirm();
    else this.#giveBack(now);
    if (this.call.absent) this.call.hangUp(why, undefined, now);
  }

  /** The offer that was made for the transferee is answered by whom it would have replaced. */
  #giveBack(now: Instant): void {
    const { call, place } = this;
    const renewal = new CallRenewal(this.#board, call, otherRole(place), this.#invite);
    renewal.offered(this.#offer, now);
  }
}
