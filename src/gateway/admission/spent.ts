import type { Instant } from "#base";

/** What was talked, by the slots of a window; as it is written down. */
export interface SavedSpent {
  readonly atMs: number;
  readonly slots: readonly (readonly [slot: number, ms: number])[];
}

/**
 * How long all calls together talked within the last span, which moves on by slots: never less than
 * was talked in it, and at most one slot's talk more. Needs no timer: between two changes as many
 * calls talk as before.
 */
export class Spent {
  readonly #slotMs: number;
  readonly #slots: Float64Array;
  #atMs = 0;
  /** From when on calls that another process had are to be counted. */
  #restoredMs = 0;
  #talking: number;

  constructor(spanMs: number, slots: number, talking = 0, now = 0) {
    this.#slotMs = spanMs / slots;
    this.#slots = new Float64Array(slots + 1);
    this.#talking = talking;
    this.#atMs = now;
  }

  begin(sinceMs: number, now: Instant): void {
    this.#advance(now);
    this.#add(Math.max(sinceMs, this.#restoredMs), now, 1);
    this.#talking++;
  }

  end(now: Instant): void {
    this.#advance(now);
    this.#talking--;
  }

  usedMs(now: Instant): number {
    this.#advance(now);
    return this.#slots.reduce((sum, ms) => sum + ms, 0);
  }

  saved(now: Instant): SavedSpent {
    this.#advance(now);
    const slots: [number, number][] = [];
    const last = Math.floor(now / this.#slotMs);
    for (let slot = last - this.#slots.length + 1; slot <= last; slot++) {
      const ms = this.#slots[slot % this.#slots.length]!;
      if (ms > 0) slots.push([slot, Math.round(ms)]);
    }
    return { atMs: now, slots };
  }

  restore({ atMs, slots }: SavedSpent, now: Instant): void {
    this.#advance(now);
    this.#restoredMs = atMs;
    const last = Math.floor(now / this.#slotMs);
    for (const [slot, ms] of slots) {
      const isInside = slot <= last && slot > last - this.#slots.length;
      if (isInside) this.#slots[slot % this.#slots.length]! += ms;
    }
  }

  #advance(now: number): void {
    if (now <= this.#atMs) return;
    const from = this.#atMs;
    this.#atMs = now;
    const count = this.#slots.length;
    const last = Math.floor(now / this.#slotMs);
    const first = Math.max(Math.floor(from / this.#slotMs) + 1, last - count + 1);
    for (let slot = first; slot <= last; slot++) this.#slots[slot % count] = 0;
    if (this.#talking > 0) this.#add(from, now, this.#talking);
  }

  /** What is over longer than the span counts no more. */
  #add(from: number, to: number, calls: number): void {
    const count = this.#slots.length;
    const last = Math.floor(to / this.#slotMs);
    const first = Math.max(Math.floor(from / this.#slotMs), last - count + 1);
    for (let slot = first; slot <= last; slot++) {
      const begin = Math.max(from, slot * this.#slotMs);
      const end = Math.min(to, (slot + 1) * this.#slotMs);
      if (end > begin) this.#slots[slot % count]! += (end - begin) * calls;
    }
  }
}
