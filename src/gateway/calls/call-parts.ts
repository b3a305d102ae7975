import type { Instant } from "#base";
import type { CallMedia, Role } from "#media";
import type { LegTerms, ReferRules } from "#port";
import type { Side } from "#sip";
import type { Request } from "#sip-message";
import type { Asker } from "./asker.ts";
import type { Call } from "./call.ts";
import type { CallTerms } from "./call-terms.ts";
import type { Leg } from "./legs.ts";
import type { InDialog } from "./relay.ts";
import type { Candidate } from "./setup.ts";
import type { Story } from "./story.ts";

/** What a call is made of, whoever begins it. */
export interface CallParts {
  readonly id: string;
  readonly terms: CallTerms;
  readonly story: Story;
  readonly media: CallMedia;
  /** Of the dialog with who asks; "" where nobody is to be asked any more. */
  readonly callersCallId: string;
  readonly candidates: readonly Candidate[];
}

/**
 * dialling → answered → ended, or dialling → ending → ended: "ending" is a call whose outcome is
 * settled while the callee's INVITE transaction still owes a final response.
 */
export type CallState = "dialling" | "answered" | "ending" | "ended";

/** What a call is asked for with. */
export type Asked = Pick<Dialling, "asker" | "offer" | "replaces">;

/** What a call begins with. */
export interface Dialling {
  readonly id: string;
  readonly from: Side;
  readonly asker: Asker;
  readonly media: CallMedia;
  /** The SDP for the callee; absent for an offerless INVITE (RFC 3261 §13.2.1). */
  readonly offer: string | undefined;
  readonly candidates: readonly Candidate[];
  /** The Replaces header of the INVITE, in the callee's terms (RFC 3891). */
  readonly replaces: string | undefined;
  readonly caller: string;
  readonly callee: string;
  readonly trunk: string | undefined;
  readonly referRules: ReferRules;
}

/** A peer that takes a leg's place in a call, with the media that it has agreed to. */
export interface Joining {
  readonly leg: Leg;
  readonly terms: LegTerms;
  readonly media: CallMedia;
}

/** An offer in an answered call, between its start and its ACK. */
export interface Renegotiation {
  /** Whose it is; undefined for one of our own. */
  readonly role: Role | undefined;
  awaits(ack: Request, by: Leg): boolean;
  acknowledge(ack: Request, now: Instant): void;
  /** The call is over: nobody waits for an answer any more, and none may ever come. */
  ended(now: Instant): void;
}

/** A transfer that a call has a part in, until it has come to its end. */
export interface Transferring {
  /** Whether a leg's peer may leave without ending the call, and has. */
  left(call: Call, role: Role, now: Instant): boolean;
  ended(call: Call, now: Instant): void;
  /** A SUBSCRIBE of a call's leg; false where it isn't about this transfer. */
  subscribed(way: InDialog, now: Instant): boolean;
}

/** Who picks a call up, until it is joined with the caller. */
export interface Picking extends Transferring {
  readonly exchange: Renegotiation;
  /** The caller has acknowledged: with its answer, where the offer was the picker's. */
  confirm(sdp: string | undefined): void;
}

/** What a call tells the board that keeps it. */
export interface CallKeeper {
  /** From now on requests whose To tag is `tag` belong to this call. */
  claim(tag: string, call: Call): void;
  /** The call is over and its record written. */
  ended(call: Call, now: Instant): void;
  /** The call talks from now on. */
  answered(call: Call, now: Instant): void;
  release(call: Call, tags: readonly string[]): void;
}
