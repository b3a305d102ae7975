import type { Instant, Timer } from "#base";
import type { Switchboard, Wakeable } from "./setup.ts";

/** How far ahead an alarm is set at most. */
const STRIDE_MS = 60_000;

/**
 * A time limit that is most often moved or lifted. A cancelled alarm leaves a trace until its time
 * has come, and a peer chooses how far that is: so the way there is made in short strides.
 */
export class Deadline implements Wakeable {
  readonly #board: Switchboard;
  readonly #passed: (now: Instant) => void;
  #at: number | undefined;
  #alarm: Timer<unknown> | undefined;

  constructor(board: Switchboard, passed: (now: Instant) => void) {
    this.#board = board;
    this.#passed = passed;
  }

  /** In the place of the former one. */
  set(at: number, now: Instant): void {
    this.#at = at;
    // An alarm that rings too early looks and goes on: a later deadline costs nothing.
    if (this.#alarm && this.#alarm.at <= at) return;
    this.#stride(at, now);
  }

  lift(): void {
    this.#at = undefined;
    this.#board.cancelAlarm(this.#alarm);
    this.#alarm = undefined;
  }

  wake(_why: string, now: Instant): void {
    this.#alarm = undefined;
    if (this.#at === undefined) return;
    if (now < this.#at) return this.#stride(this.#at, now);
    this.#at = undefined;
    this.#passed(now);
  }

  #stride(at: number, now: Instant): void {
    this.#board.cancelAlarm(this.#alarm);
    this.#alarm = this.#board.alarm(Math.min(at, now + STRIDE_MS), this, "deadline");
  }
}
