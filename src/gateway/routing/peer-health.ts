import { after, type Instant, type Random } from "#base";

export interface HealthRules {
  /** Between two OPTIONS; 0: the peer is never asked, and counts as up. */
  readonly intervalMs: number;
  /** So many without an answer in a row until the peer counts as down. */
  readonly missesMax: number;
}

/** What an OPTIONS came to: a final status, or silence. */
export type Pulse = { readonly status: number } | "silence";

/** Why a peer changed: shown to the operator. */
export interface HealthChange {
  readonly to: "up" | "down";
  readonly why: string;
}

/** The share of the interval by which one round may differ, so that peers aren't asked in step. */
const JITTER = 0.2;

/** A peer that is down is asked more often: it is wanted back. */
const DOWN_INTERVAL_MS = 10_000;

/** The only answer that says "not now" for the whole peer (RFC 3261 §21.5.4). */
const UNAVAILABLE = 503;

/**
 * The health of one peer, asked by OPTIONS (RFC 3261 §11). A peer is innocent until found down; any
 * final answer but 503 shows that it lives. One question is out at a time.
 */
export class PeerHealth {
  #rules: HealthRules;
  readonly #random: Random;
  #misses = 0;
  #verdict: "up" | "down" = "up";
  #nextAt: Instant | undefined;

  constructor(rules: HealthRules, random: Random, now: Instant) {
    this.#rules = rules;
    this.#random = random;
    // The first round is spread over a whole interval: a start doesn't ask all peers at once.
    if (rules.intervalMs > 0) this.#nextAt = after(now, random.integer(rules.intervalMs));
  }

  get isUp(): boolean {
    return this.#verdict === "up";
  }

  /** When to ask next; undefined while a question is out, or for ever where health is off. */
  get nextAt(): Instant | undefined {
    return this.#nextAt;
  }

  /** Other rules for the same peer: a shorter interval counts from now. */
  change(rules: HealthRules, now: Instant): void {
    const { intervalMs, missesMax } = rules;
    if (intervalMs === this.#rules.intervalMs && missesMax === this.#rules.missesMax) return;
    this.#rules = rules;
    if (this.#nextAt === undefined) return;
    const at = after(now, this.#interval());
    if (at < this.#nextAt) this.#nextAt = at;
  }

  /** The caller sends OPTIONS now, and tells what it came to. */
  asked(): void {
    this.#nextAt = undefined;
  }

  heard(pulse: Pulse, now: Instant): HealthChange | undefined {
    if (this.#rules.intervalMs === 0) return undefined;
    const alive = pulse !== "silence" && pulse.status !== UNAVAILABLE;
    this.#misses = alive ? 0 : this.#misses + 1;
    const before = this.#verdict;
    if (alive) this.#verdict = "up";
    else if (this.#misses >= this.#rules.missesMax) this.#verdict = "down";
    this.#nextAt = after(now, this.#interval());
    if (this.#verdict === before) return undefined;
    return {
      to: this.#verdict,
      why: pulse === "silence" ? "no answer" : `${pulse.status}`,
    };
  }

  #interval(): number {
    const { intervalMs } = this.#rules;
    const base = this.isUp ? intervalMs : Math.min(intervalMs, DOWN_INTERVAL_MS);
    return Math.round(base * (1 - JITTER / 2)) + this.#random.integer(Math.ceil(base * JITTER) + 1);
  }
}
