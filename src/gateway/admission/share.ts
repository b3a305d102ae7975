import type { Instant } from "#base";
import { type SavedSpent, Spent } from "./spent.ts";

const MINUTE_MS = 60_000;
/** The slots of each span: what a budget frees again, it frees so finely. */
const SPANS = { hour: [60 * MINUTE_MS, 60], day: [24 * 60 * MINUTE_MS, 96] } as const;
type Span = keyof typeof SPANS;
const EACH: readonly Span[] = ["hour", "day"];

export interface ShareLimits {
  readonly callsMax?: number | undefined;
  readonly minutesPerHourMax?: number | undefined;
  readonly minutesPerDayMax?: number | undefined;
}

export type SavedShare = Readonly<Partial<Record<Span, SavedSpent>>>;

interface Budget {
  readonly spent: Spent;
  readonly maxMs: number;
}

/** What calls to one destination, or of a whole trunk, may take of it: calls at once, and minutes. */
export class Share {
  #calls = 0;
  #talking = 0;
  #callsMax: number | undefined;
  readonly #budgets = new Map<Span, Budget>();

  /** Under other limits what was talked stays; a budget that is new begins with what talks now. */
  limit(limits: ShareLimits, now: number): void {
    const { callsMax, minutesPerHourMax: hour, minutesPerDayMax: day } = limits;
    this.#callsMax = callsMax;
    for (const span of EACH) {
      const minutes = span === "hour" ? hour : day;
      const [spanMs, slots] = SPANS[span];
      const former = this.#budgets.get(span)?.spent;
      if (minutes === undefined) this.#budgets.delete(span);
      else {
        const spent = former ?? new Spent(spanMs, slots, this.#talking, now);
        this.#budgets.set(span, { spent, maxMs: minutes * MINUTE_MS });
      }
    }
  }

  get hasBudget(): boolean {
    return this.#budgets.size > 0;
  }

  /** Which limit one more call would break. */
  broken(now: Instant): "calls-limit" | "minutes-limit" | undefined {
    if (this.#callsMax !== undefined && this.#calls >= this.#callsMax) return "calls-limit";
    return this.leftMs(now) === 0 ? "minutes-limit" : undefined;
  }

  /** How long what talks now can go on; undefined: as long as it likes. */
  leftMs(now: Instant): number | undefined {
    let least: number | undefined;
    for (const { spent, maxMs } of this.#budgets.values()) {
      const left = (maxMs - spent.usedMs(now)) / Math.max(1, this.#talking);
      // No clock that counts here is finer.
      const whole = left < 1 ? 0 : left;
      least = Math.min(whole, least ?? whole);
    }
    return least;
  }

  enter(): void {
    this.#calls++;
  }

  leave(): void {
    this.#calls--;
  }

  talk(sinceMs: number, now: Instant): void {
    this.#talking++;
    for (const { spent } of this.#budgets.values()) spent.begin(sinceMs, now);
  }

  hush(now: Instant): void {
    this.#talking--;
    for (const { spent } of this.#budgets.values()) spent.end(now);
  }

  saved(now: Instant): SavedShare {
    return Object.fromEntries(
      [...this.#budgets].map(([span, { spent }]) => [span, spent.saved(now)]),
    );
  }

  restore(saved: SavedShare, now: Instant): void {
    for (const [span, { spent }] of this.#budgets) {
      const its = saved[span];
      if (its) spent.restore(its, now);
    }
  }
}
