import { ENDS } from "#ends";
import type { Fact } from "#facts";

/** Lines of one kind that are told of a span; the others are counted. */
const TOLD_MAX = 20;

/** Kinds that are counted apart in a span; all others are one. */
const KINDS_MAX = 100;

const OTHERS = "messages of further sources refused or not understood";

/**
 * Keeps the log from being filled by whoever sends much that is refused: of one source and one
 * reason the first lines of a span are told, and at its end how many more there were.
 */
export class RepeatedLines {
  readonly #lines = new Map<string, number>();

  /** Whether a fact's line is told now. */
  tells(fact: Fact): boolean {
    const kind = kindOf(fact);
    if (kind === undefined) return true;
    const key = this.#lines.has(kind) || this.#lines.size < KINDS_MAX ? kind : OTHERS;
    const lines = (this.#lines.get(key) ?? 0) + 1;
    this.#lines.set(key, lines);
    return lines <= TOLD_MAX;
  }

  /** The span is over: a line for each kind of which some went untold. */
  sums(): string[] {
    const sums: string[] = [];
    for (const [kind, lines] of this.#lines) {
      if (lines > TOLD_MAX) sums.push(`${lines - TOLD_MAX} more: ${kind}`);
    }
    this.#lines.clear();
    return sums;
  }
}

/** What makes lines alike, in words; undefined for a fact that nobody causes at will. */
function kindOf(fact: Fact): string | undefined {
  switch (fact.kind) {
    case "malformed":
      return `messages from ${fact.source} (${fact.side}, ${fact.transport}) not understood`;
    case "refused":
      return `requests from ${fact.source} (${fact.side}) refused: ${ENDS[fact.end].en}`;
    default:
      return undefined;
  }
}
