import type { Instant, Timer } from "#base";
import type { Effect } from "#port";

/** What security may use of the machine around it. */
export interface Surface {
  emit(effect: Effect): void;
  /** Calls `sleeper.wake(why)` once, unless cancelled. */
  alarm(
    at: number,
    sleeper: { wake(why: string, now: Instant): void },
    why: string,
  ): Timer<unknown>;
  cancelAlarm(alarm: Timer<unknown> | undefined): void;
}
