import { type Instant, instant } from "#base";

const SECOND_MS = 1000;

/** At most `max` events in any second: a sliding window, exact, one slot an event. */
export class RateWindow {
  readonly max: number;
  /** The instants of the last `max` events, as a ring; the oldest stands at #at. */
  readonly #times: Float64Array;
  #at = 0;

  constructor(max: number) {
    this.max = max;
    this.#times = new Float64Array(max).fill(Number.NEGATIVE_INFINITY);
  }

  hasRoom(now: Instant): boolean {
    return this.#times[this.#at]! <= now - SECOND_MS;
  }

  count(now: Instant): void {
    this.#times[this.#at] = now;
    this.#at = (this.#at + 1) % this.max;
  }

  /** The same events under another limit: a change of settings opens no new second. */
  resized(max: number): RateWindow {
    if (max === this.max) return this;
    const next = new RateWindow(max);
    const ordered = [...this.#times.subarray(this.#at), ...this.#times.subarray(0, this.#at)];
    for (const time of ordered.slice(-max)) next.count(instant(time));
    return next;
  }
}
