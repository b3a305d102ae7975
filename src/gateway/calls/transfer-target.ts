import type { Instant } from "#base";
import type { End } from "#ends";
import type { CallMedia, Role } from "#media";
import type { Call } from "./call.ts";

/** Whom a transfer leads to: a call with a place in it for the transferee. */
export interface TransferTarget {
  readonly call: Call | undefined;
  /** Whose place the transferee takes. */
  readonly place: Role;
  /** Of the call with the transferee in it. */
  readonly media: CallMedia;
  /** The transferee has joined, and answers the target's offer. */
  answer(sdp: string, now: Instant): void;
  /** Nothing comes of it: the target's call is as if there had been no transfer. */
  drop(why: End, now: Instant): void;
}

/** What a target tells of itself. */
export interface TargetNews {
  rang(now: Instant): void;
  /** The target is there, and offers this to the transferee. */
  offered(sdp: string, now: Instant): void;
  lost(status: number, now: Instant): void;
}
