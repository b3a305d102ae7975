import type { Instant } from "#base";
import type { Side } from "#sip";
import type { Denied } from "./denied.ts";
import type { DenyLists, Row } from "./deny-list.ts";
import type { DenyList } from "./evidence.ts";
import { type FloodWindow, ipv6Block } from "./flood.ts";
import type { Suspicion, Suspicions } from "./suspicion.ts";
import type { Trust, Trusted } from "./trusted.ts";

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
    /** The address, or the IPv6 block that it is of. */
    readonly source: string;
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

export const lineOf = ({ denied, dropped }: Row): DeniedLine => ({ ...denied, dropped });

interface Known {
  readonly trusted: Trusted;
  readonly lists: DenyLists;
  readonly suspicions: Suspicions;
  readonly floods: FloodWindow;
}

const SIDES = ["public", "private"] as const;

/** All that is known of one address. */
export function explanationOf(known: Known, address: string, now: Instant): Explanation {
  const { trusted, lists, floods } = known;
  const trust = (side: Side): Trust | "proven" | undefined =>
    trusted.trustIn(side, address) ?? (trusted.isProven(side, address, now) ? "proven" : undefined);
  const messages = (side: Side): number => floods.of(side, address, now);
  return {
    address,
    denied: SIDES.flatMap((side) => lists.covering(side, address).map(lineOf)),
    trust: { public: trust("public"), private: trust("private") },
    suspicions: SIDES.flatMap((side) => suspicionsOf(known, side, address, now)),
    messages: { public: messages("public"), private: messages("private") },
  };
}

function suspicionsOf(
  { suspicions }: Known,
  side: Side,
  address: string,
  now: Instant,
): Explanation["suspicions"] {
  const block = ipv6Block(address);
  const sources = block === undefined ? [address] : [address, block];
  return (["dos", "brute-force"] as const).flatMap((list) =>
    sources.flatMap((source) => {
      const suspicion = suspicions.of(list, side, source, now);
      return suspicion ? [{ ...suspicion, list, side, source }] : [];
    }),
  );
}
