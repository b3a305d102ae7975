import { after, BoundedMap, type Instant } from "#base";
import type { Answer } from "./rfc3263.ts";

/** Answers by question, each for its time to live; a dead one still serves when DNS is down. */
export class DnsCache {
  readonly #entries: BoundedMap<string, { readonly answer: Answer; readonly until: Instant }>;
  readonly #staleMs: number;

  constructor(max: number, staleMs: number) {
    this.#entries = new BoundedMap(max);
    this.#staleMs = staleMs;
  }

  /** The answer with the life that is left of it. */
  fresh(key: string, now: Instant): Answer | undefined {
    const entry = this.#entries.get(key);
    if (!entry || entry.until <= now) return undefined;
    return { ...entry.answer, ttlS: Math.ceil((entry.until - now) / 1000) };
  }

  /** A good answer that has died not long ago (RFC 8767). */
  stale(key: string, now: Instant): Answer | undefined {
    const entry = this.#entries.get(key);
    if (!entry || entry.answer.failure || entry.until + this.#staleMs <= now) return undefined;
    return entry.answer;
  }

  keep(key: string, answer: Answer, now: Instant): void {
    this.#entries.delete(key);
    this.#entries.set(key, { answer, until: after(now, answer.ttlS * 1000) });
  }
}
