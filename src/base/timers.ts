import { ChurnMap } from "./churn-map.ts";
import type { Instant } from "./instant.ts";

/**
 * One thing to do at one time. `cancel` is O(1): the entry stays in its bucket until its time,
 * empty, so that a call which is over isn't kept by the alarm that it no longer needs.
 */
export interface Timer<T> {
  readonly at: Instant;
  /** Absent once it has rung or been cancelled. */
  what: T | undefined;
}

/** Timers fall due up to this much late, so that thousands share one wake-up. */
const TICK_MS = 10;

/**
 * All timers of one machine: buckets of one tick, and a heap over the ticks in use.
 * Setting is O(1) for a tick in use and O(log ticks) for a new one.
 */
export class Timers<T extends object> {
  readonly #buckets = new ChurnMap<number, Timer<T>[]>();
  readonly #ticks: number[] = [];
  #alive = 0;

  /** How many timers are set and not cancelled. */
  get size(): number {
    return this.#alive;
  }

  /** How many entries there are, with those that were cancelled before their time. */
  get kept(): number {
    let kept = 0;
    for (const bucket of this.#buckets.values()) kept += bucket.length;
    return kept;
  }

  set(at: Instant, what: T): Timer<T> {
    const timer: Timer<T> = { at, what };
    const tick = Math.ceil(at / TICK_MS);
    const bucket = this.#buckets.get(tick);
    if (bucket) bucket.push(timer);
    else {
      this.#buckets.set(tick, [timer]);
      this.#push(tick);
    }
    this.#alive++;
    return timer;
  }

  cancel(timer: Timer<T> | undefined): void {
    if (timer?.what === undefined) return;
    timer.what = undefined;
    this.#alive--;
  }

  /** When to call `due` next; undefined when nothing is set. */
  get next(): Instant | undefined {
    const tick = this.#ticks[0];
    return tick === undefined ? undefined : ((tick * TICK_MS) as Instant);
  }

  /** Takes the next thing that is due, or undefined. Call until undefined. */
  due(now: Instant): T | undefined {
    for (;;) {
      const tick = this.#ticks[0];
      if (tick === undefined || tick * TICK_MS > now) return undefined;
      const bucket = this.#buckets.get(tick)!;
      const timer = bucket.pop();
      if (!timer) {
        this.#buckets.delete(tick);
        this.#pop();
      } else if (timer.what !== undefined) {
        const { what } = timer;
        timer.what = undefined;
        this.#alive--;
        return what;
      }
    }
  }

  #push(tick: number): void {
    const heap = this.#ticks;
    let i = heap.push(tick) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]! <= tick) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = tick;
  }

  #pop(): void {
    const heap = this.#ticks;
    const last = heap.pop()!;
    const n = heap.length;
    if (n === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= last) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}
