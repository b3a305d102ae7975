import type { MediaLine } from "#sdp";
import type { LineName } from "./bundle.ts";
import type { BundleSeat } from "./bundling.ts";
import type { BundledEnd, Role, Stream, StreamEnd } from "./command.ts";
import type { Forks } from "./fork-media.ts";
import type { LegVoice } from "./leg-voice.ts";
import type { LineSecurity } from "./line-security.ts";
import type { CallSides } from "./media-facts.ts";
import type { Remote } from "./target.ts";

/** Our o= line towards one peer (RFC 3264 §8: the version grows by one with each change). */
export interface OurOrigin {
  readonly sessionId: string;
  version: number;
  /** The last description sent there; "" before the first. */
  body: string;
  /** The one that is agreed: an offer that was refused leaves it as it was. */
  agreed?: string;
  /** Its peer's own last one names SRTP by the profile, and not by keys under the plain one. */
  namesSrtp?: boolean;
}

/** An m= line of the latest offer, or one that we added to it. */
export interface OfferedLine {
  /** As it was offered: what its answer is held against. */
  readonly line: MediaLine;
  /** RTP and RTCP on one port: for the offerer, and as its peer is offered it. */
  readonly mux: boolean;
  readonly offersMux: boolean;
  /** As its offer names it, which the answer repeats. */
  readonly name?: LineName | undefined;
  readonly security?: LineSecurity;
  /** In the bundle of the offer, and what transport it has there by itself. */
  readonly seat?: BundleSeat | undefined;
  readonly own?: StreamEnd;
  /** In the bundle that the other leg is offered. */
  readonly asked?: BundledEnd;
  readonly held: boolean;
  /** Where the offerer wants its media. */
  readonly remote: Remote;
  /** As the latest answer would have it; absent when the line is off, refused or released. */
  readonly stream?: Stream;
  /** As the plane knows it. */
  readonly told?: Stream;
  /** Its ports were taken for this offer. */
  readonly fresh: boolean;
  /** By the latest answer. */
  readonly accepted: boolean;
  readonly answerHeld: boolean;
}

/**
 * The latest offer. "open": not answered. "early": answered, and other forks may answer too, so
 * that all its ports stay. "settled": agreed; kept so that a repeated answer is understood.
 */
export interface Exchange {
  readonly from: Role;
  readonly stage: "open" | "early" | "settled";
  readonly lines: readonly OfferedLine[];
  /** How many of the lines the offerer knows of: those behind them are for the other peer alone. */
  readonly asked: number;
  /** It followed another: the INVITE's own offer is past. */
  readonly isLater: boolean;
  /** While open: the offer as it came and as it went, for a repeat. */
  readonly repeat?: { readonly text: string; readonly sdp: string };
}

/** All that the media of one call remembers: plain data, to be stored and revived. */
export interface CallMediaState {
  readonly callId: string;
  readonly sides: CallSides;
  /** What each leg's voice and video must be, as long as the leg lives. */
  readonly voice: Readonly<Record<Role, LegVoice>>;
  readonly origins: Readonly<Record<Role, OurOrigin>>;
  /** By m= line; a line without a stream is refused or off. */
  agreed: readonly { readonly stream?: Stream }[];
  exchange?: Exchange | undefined;
  /** While the call has no answer, and more than the INVITE itself may negotiate. */
  forks?: Forks | undefined;
  /** Numbers the streams of this call, across `successor`s too. */
  readonly made: { streams: number };
}
