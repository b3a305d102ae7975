import type { Side } from "#sip";
import type { Denied } from "./denied.ts";
import type { DenyList } from "./evidence.ts";
import type { Suspicion } from "./suspicion.ts";
import type { Trust } from "./trusted.ts";

/** A line of a deny list with what it has dropped since this process began. */
export interface DeniedLine extends Denied {
  readonly dropped: number;
}

/** Why an address is blocked, or isn't. */
export interface Explanation {
  readonly address: string;
  /** All lines that cover it, on either side and whatever the port. */
  readonly denied: readonly DeniedLine[];
  /** What makes it trusted, on each side. `proven`: it takes part in a dialog of ours. */
  readonly trust: Readonly<Record<Side, Trust | "proven" | undefined>>;
  /** What stands against it and is not enough yet. */
  readonly suspicions: readonly (Readonly<Suspicion> & {
    readonly list: DenyList;
    readonly side: Side;
  })[];
  /** Messages in the running window of floods. */
  readonly messages: Readonly<Record<Side, number>>;
}

/** What would become of a message from somewhere, before anybody reads it. */
export interface Verdict {
  readonly passes: boolean;
  readonly why: "trusted" | "nothing-against-it" | "denied" | "ddos" | "not-allow-listed";
  /** The line that denies it; or, where it passes, the one that would in earnest (dry run). */
  readonly denied?: DeniedLine;
}
