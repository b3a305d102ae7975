import type { Side } from "#sip";
import type { OurOrigin } from "./call-media-state.ts";
import type { MediaCommand, Role } from "./command.ts";
import type { KeyExchange, LegVoice } from "./leg-voice.ts";
import type { CallSides, MediaRefusal } from "./media-facts.ts";

/** A description for the other side; the commands are to be performed before it is sent. */
export interface Relayed {
  readonly kind: "relayed";
  readonly sdp: string;
  readonly commands: readonly MediaCommand[];
}

export const relayed = (sdp: string, commands: readonly MediaCommand[]): Relayed => ({
  kind: "relayed",
  sdp,
  commands,
});

export type MediaOutcome = Relayed | MediaRefusal;

/** "early": in a provisional response, so that another fork may answer too; or "final". */
export type AnswerStage = "early" | "final";

/** One leg as its peer knows it by our descriptions: it takes this along into another call. */
export interface MediaEnd {
  readonly side: Side;
  readonly voice: LegVoice;
  readonly origin: OurOrigin;
}

/** What media must know of a new call's legs. */
export interface MediaLegs {
  readonly sides: CallSides;
  /** Whether each leg's signalling is under TLS all the way to its peer. */
  readonly tls: Readonly<Record<Role, boolean>>;
  /** How each leg is offered keys, where its trunk has a word of its own. */
  readonly exchange?: Partial<Readonly<Record<Role, KeyExchange>>>;
  /** Of a peer that our descriptions have reached before, in the call that it comes from. */
  readonly caller?: MediaEnd;
  /** Of a leg that nobody is in. */
  readonly callee?: LegVoice;
}
