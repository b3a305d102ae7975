import type { Instant } from "#base";
import { type End, end } from "#ends";
import type { CallMedia } from "#media";
import type { Request, Response } from "#sip-message";
import type { Asker } from "./asker.ts";
import type { Call } from "./call.ts";
import type { Transferring } from "./call-parts.ts";
import type { Leg } from "./legs.ts";
import type { TargetNews, TransferTarget } from "./transfer-target.ts";

/**
 * A target that has to be called: a call like any other, in which the transfer plays the caller. Its
 * INVITE has no offer, so that the target makes one for the transferee (RFC 3725 §4.1).
 */
export class DialledTarget implements Asker, TransferTarget {
  readonly request: Request;
  readonly place = "caller";
  call: Call | undefined;
  readonly #media: CallMedia;
  readonly #transferee: Leg;
  readonly #news: TargetNews & Transferring;
  #isRinging = false;
  #refused = false;

  constructor(
    request: Request,
    media: CallMedia,
    transferee: Leg,
    news: TargetNews & Transferring,
  ) {
    this.request = request;
    this.#media = media;
    this.#transferee = transferee;
    this.#news = news;
  }

  /** With who has picked up, where another than who rang has. */
  get media(): CallMedia {
    return this.call?.media ?? this.#media;
  }

  begun(call: Call): void {
    this.call = call;
    call.absent = this.place;
    call.transfer = this.#news;
  }

  legFor(): Leg {
    return this.#transferee;
  }

  rang(_response: Response, _leg: Leg, _sdp: string | undefined, now: Instant): void {
    if (this.#isRinging) return;
    this.#isRinging = true;
    this.#news.rang(now);
  }

  answered(_response: Response, _leg: Leg, sdp: string | undefined, now: Instant): void {
    const offer = sdp === undefined ? undefined : this.media.openOffer;
    if (offer === undefined) this.#news.lost(end("bad-sdp").status, now);
    else this.#news.offered(offer, now);
  }

  refused({ status }: Response | End, now: Instant): void {
    this.#refused = true;
    this.#news.lost(status, now);
  }

  acknowledged(): void {}

  answer(sdp: string, now: Instant): void {
    this.call?.acknowledge(sdp, now);
  }

  drop(why: End, now: Instant): void {
    if (!this.#refused) this.call?.hangUp(why, undefined, now);
  }
}
