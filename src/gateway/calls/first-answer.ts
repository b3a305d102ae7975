import type { Instant } from "#base";
import type { End } from "#ends";
import type { CallMedia } from "#media";
import type { Response } from "#sip-message";
import { command, performAll, sdpOf } from "./session-body.ts";
import type { Switchboard } from "./setup.ts";

/** A description for the other end, or none; or why the one that came can't be relayed. */
export type RelayedSdp = { readonly sdp: string | undefined } | End;

export const NO_SDP = { sdp: undefined } as const;

/** An answer to the first INVITE of a call. */
interface FirstAnswer {
  readonly response: Response;
  /** The INVITE had an offer. */
  readonly offered: boolean;
  /** Of the dialog that it stands in. */
  readonly remoteTag: string;
}

/** Relays the description of an 18x or 2xx to a call's first INVITE, and settles what it leaves open. */
export function relayFirstAnswer(
  board: Switchboard,
  media: CallMedia,
  { response, offered, remoteTag }: FirstAnswer,
  now: Instant,
): RelayedSdp {
  const sdp = sdpOf(response);
  const stage = response.status < 200 ? "early" : "final";
  const isOnItsOwn = stage === "early" ? sdp !== undefined : media.isForked;
  if (isOnItsOwn) command(board, media.goToFork(remoteTag));
  // An UPDATE has settled more since: a repeat of the first answer (RFC 6337 §3.1.1) is past.
  const isPast = offered && media.isRenegotiated;
  if (sdp === undefined || isPast) {
    // The answer came in a reliable 18x: that is what the call goes on with (RFC 3262 §5).
    if (stage === "final") command(board, media.settle(now));
    // An offer that no answer will come to may not stand in the way of the next.
    const isMissed = stage === "final" && offered && !isPast && media.offerPending;
    if (isMissed) command(board, media.abandonOffer(now));
    return NO_SDP;
  }
  const relayed = offered
    ? media.relayAnswer(sdp, "callee", now, stage)
    : media.relayOffer(sdp, "callee", now);
  return performAll(board, relayed);
}

/** Relays the answer that an ACK bears, to the offer of a 2xx (RFC 3261 §13.2.2.4). */
export function relayAckAnswer(
  board: Switchboard,
  media: CallMedia,
  sdp: string | undefined,
  now: Instant,
): RelayedSdp {
  if (sdp === undefined || !media.offerPending) return NO_SDP;
  return performAll(board, media.relayAnswer(sdp, "caller", now));
}
