import { BoundedMap, type Instant, ownText, ownTexts } from "#base";
import type { Flow } from "#sip";
import { parseUri, type Request } from "#sip-message";
import { type Evidence, excerptOf } from "./evidence.ts";
import { Series } from "./series.ts";

/** Numbers of ours that are remembered; of more, those called first are forgotten. */
const NUMBERS_MAX = 10_000;
/** Calls that are watched at once. */
const CALLS_MAX = 20_000;
const NUMBER_LENGTH_MAX = 32;
/** In hundredths. */
const WEIGHT = 100;

/** How the PBX says that nobody has a number (RFC 3261 §21.4.5, §21.4.22, §21.6.3). */
const UNKNOWN: ReadonlySet<number> = new Set([404, 484, 604]);

/** How it says that somebody has it, and doesn't come (RFC 3261 §21.4.24, §21.6.1, §21.6.2). */
const HAD: ReadonlySet<number> = new Set([486, 600, 603]);

/** Who calls whom, from outside. */
export interface Calling {
  /** Of this trunk. */
  readonly trunk: string;
  readonly caller: string;
  /** The number as it was dialled. */
  readonly called: string;
}

/** What became of a call. */
export interface Outcome {
  /** What the called side refused it with, if it did. */
  readonly refused: number | undefined;
  /** It rang, or was answered. */
  readonly hasRung: boolean;
}

/**
 * Tells who calls, one after the other, numbers that nobody has. A number that somebody had once is
 * never one of those: who calls it is served, whatever else he or she has tried.
 */
export class UnknownNumbers {
  readonly #had = new BoundedMap<string, true>(NUMBERS_MAX);
  readonly #strangers = new Series();
  readonly #callers = new Series();
  readonly #calls = new BoundedMap<string, Calling>(CALLS_MAX);

  /** How many sources and callers are watched. */
  get watched(): number {
    return this.#strangers.size + this.#callers.size;
  }

  /** How many calls are waited for. */
  get pending(): number {
    return this.#calls.size;
  }

  /** Evidence once a stranger has called more numbers than one may, and for each further one. */
  take(request: Request, text: string, flow: Flow, now: Instant): Evidence | undefined {
    const called = parseUri(request.uri)?.user ?? parseUri(request.to.uri)?.user;
    if (called === undefined || this.#had.has(keyOf(called))) return undefined;
    const source = `${flow.side} ${flow.remoteAddress}`;
    if (!this.#strangers.goesOn(source, called, now)) return undefined;
    return { rule: "unknown-numbers", weight: WEIGHT, excerpt: excerptOf(text) };
  }

  /** Whether who calls has gone through so many, and calls another that nobody is known to have. */
  isOneMore(calling: Calling, now: Instant): boolean {
    const { called } = calling;
    if (!this.#callers.wouldGoOn(sourceOf(calling), called, now)) return false;
    return !this.#had.has(keyOf(called));
  }

  begun(callId: string, { trunk, caller, called }: Calling): void {
    const [from, to] = ownTexts([caller, called]);
    this.#calls.set(callId, { trunk, caller: from!, called: to! });
  }

  ended(callId: string, { refused, hasRung }: Outcome, now: Instant): void {
    const calling = this.#calls.get(callId);
    if (!calling) return;
    this.#calls.delete(callId);
    const key = keyOf(calling.called);
    const status = refused ?? 0;
    if (UNKNOWN.has(status)) {
      // Nobody has it any more.
      this.#had.delete(key);
      this.#callers.goesOn(sourceOf(calling), calling.called, now);
    } else if ((hasRung || HAD.has(status)) && !this.#had.has(key)) {
      this.#had.set(ownText(key), true);
    }
  }

  /** It never came to anything, and says nothing of its number. */
  forget(callId: string): void {
    this.#calls.delete(callId);
  }
}

const keyOf = (number: string): string => number.slice(0, NUMBER_LENGTH_MAX);

const sourceOf = ({ trunk, caller }: Calling): string =>
  `${trunk} ${caller.slice(0, NUMBER_LENGTH_MAX)}`;
