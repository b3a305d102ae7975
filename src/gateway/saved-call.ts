import type { Instant } from "#base";
import type { CallMediaState, Role } from "#media";
import type { Dialog, Flow, Side } from "#sip";

/** Of another version nothing is understood. */
export const SAVED_CALL_VERSION = 1;

/** What becomes of a REFER in a call: it crosses, or the gateway does what it asks, or neither. */
export type ReferRule = "pass" | "perform" | "refuse";

/** By the side that a REFER comes from. */
export type ReferRules = Readonly<Record<Side, ReferRule>>;

/** Whose peer a leg is, which the call that it came with has found out. */
export interface LegTerms {
  readonly trunk?: string | undefined;
  /** What becomes of its peer's REFERs. */
  readonly referRule: ReferRule;
}

/** Whose peers a call's legs are, and what becomes of their REFERs. */
export interface SavedTerms {
  readonly trunk?: string | undefined;
  readonly referRules: ReferRules;
  /** The terms of peers that have come from other calls. */
  readonly joined: Partial<Readonly<Record<Role, LegTerms>>>;
}

/** Who calls whom. */
export interface Parties {
  readonly callId: string;
  readonly from: Side;
  readonly trunk?: string | undefined;
  readonly caller: string;
  readonly callee: string;
}

/** How far a call's story has come. */
export interface SavedStory {
  readonly parties: Parties;
  readonly startedMs: Instant;
  readonly ringingMs?: Instant | undefined;
  readonly answeredMs?: Instant | undefined;
}

export interface SavedLeg {
  readonly side: Side;
  readonly dialog: Dialog;
  readonly flow: Flow;
  readonly inviteSeq: number;
  readonly home: string;
  readonly contactUser?: string | undefined;
  readonly ob?: boolean | undefined;
  readonly ownsCallId?: boolean | undefined;
  readonly hasReferred?: boolean | undefined;
  /** Absent in what was written down before it was known: then calls are joined by us. */
  readonly knowsReplaces?: boolean | undefined;
  /** Who its peer is, and whom that may be told: fields by name, where a transfer may need them. */
  readonly identity?: readonly (readonly [name: string, value: string])[] | undefined;
  /** With the credentials of its trunk, which the settings have. */
  readonly hasCredentials: boolean;
  /** The session timer (RFC 4028). */
  readonly timer?:
    | { readonly intervalS: number; readonly weRefresh: boolean; readonly takesUpdate: boolean }
    | undefined;
}

/**
 * A call in peace, as another process needs it to go on: plain data but for its secrets, which who
 * stores it must reveal, and hide from others.
 */
export interface SavedCall {
  readonly version: typeof SAVED_CALL_VERSION;
  readonly id: string;
  readonly terms: SavedTerms;
  /** Calls whose lines go on in this one. */
  readonly lines?: readonly string[] | undefined;
  readonly hasNoLine: boolean;
  readonly story: SavedStory;
  readonly media: CallMediaState;
  readonly legs: Readonly<Record<Role, SavedLeg>>;
}
