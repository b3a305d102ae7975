import type { Instant } from "#base";
import { end, isEnd } from "#ends";
import { otherRole, type Role } from "#media";
import type { Response } from "#sip-message";
import type { Call } from "./call.ts";
import { type Invitee, type Offering, OwnInvite } from "./own-invite.ts";
import { performAll, sdpOf } from "./session-body.ts";
import type { Switchboard } from "./setup.ts";

/**
 * Brings both peers of a call back to one description, by re-INVITEs of our own: one offers, the
 * other answers (RFC 3725 §4.1). For a peer that had agreed to what nothing came of.
 */
export class CallRenewal implements Invitee {
  readonly #board: Switchboard;
  readonly #call: Call;
  readonly #giver: Role;
  readonly #giving: OwnInvite;

  /** `giving`: the re-INVITE whose answer is the offer, where it is out already. */
  constructor(board: Switchboard, call: Call, giver: Role, giving?: OwnInvite) {
    this.#board = board;
    this.#call = call;
    this.#giver = giver;
    const leg = call.chosen![giver];
    this.#giving = giving ?? new OwnInvite(board, { call, leg }, undefined, this);
  }

  start(now: Instant): void {
    this.#giving.start(now);
  }

  accepted(response: Response, now: Instant): void {
    this.offered(sdpOf(response), now);
  }

  refused(_status: number, now: Instant): void {
    this.#call.hangUp(end("no-dialog"), undefined, now);
  }

  /** The giver's offer goes to the other peer, whose answer is the giver's ACK. */
  offered(offer: string | undefined, now: Instant): void {
    const call = this.#call;
    const taker = otherRole(this.#giver);
    if (call.isOver || call.absent || offer === undefined) return this.#fail(now);
    const relay: Offering = (then) =>
      performAll(this.#board, call.media.relayOffer(offer, this.#giver, then));
    const at = { call, leg: call.chosen![taker] };
    const taking: OwnInvite = new OwnInvite(
      this.#board,
      at,
      relay,
      {
        accepted: (response, then) => {
          taking.confirm();
          this.#answered(sdpOf(response), taker, then);
        },
        refused: (_status, then) => this.#fail(then),
      },
      this.#giving,
    );
    taking.start(now);
  }

  #answered(answer: string | undefined, taker: Role, now: Instant): void {
    const { media, isOver } = this.#call;
    if (answer === undefined || isOver) return this.#fail(now);
    const relayed = performAll(this.#board, media.relayAnswer(answer, taker, now));
    if (isEnd(relayed)) return this.#fail(now);
    this.#giving.confirm(relayed.sdp);
  }

  /** Peers that can't be brought together again have no call any more. */
  #fail(now: Instant): void {
    this.#giving.confirm();
    this.#call.hangUp(end("bad-sdp"), undefined, now);
  }
}
