import { after, type Instant, instant, type Timer } from "#base";
import type { Settings } from "#settings";
import type { Surface } from "./surface.ts";

/**
 * The flood of all sources together. While it lasts only who is trusted is heard, and it lasts until
 * a whole window has passed in which not too much came.
 */
export class DdosWatch {
  readonly #surface: Surface;
  readonly #changed: () => void;
  #security: Settings["security"];
  #ends = instant(Number.NEGATIVE_INFINITY);
  /** What came from those who are not trusted, in this window. */
  #seen = 0;
  #startedAt: Instant | undefined;
  #alarm: Timer<unknown> | undefined;
  #dropped = 0;
  #passed = 0;

  /** `changed` hears that it has begun or ended. */
  constructor(settings: Settings["security"], surface: Surface, changed: () => void) {
    this.#security = settings;
    this.#surface = surface;
    this.#changed = changed;
  }

  get isOn(): boolean {
    return this.#startedAt !== undefined;
  }

  apply(security: Settings["security"], now: Instant): void {
    this.#security = security;
    if (this.isOn && security.level !== "auto-protection") this.#end(now);
  }

  /** Counts a message that the gate let in, of somebody who is not trusted. */
  take(now: Instant): void {
    const { requests, windowS } = this.#security.ddos;
    if (!this.isOn && now >= this.#ends) {
      this.#ends = after(now, windowS * 1000);
      this.#seen = 0;
    }
    this.#seen += 1;
    // In a dry run it would have been dropped.
    if (this.isOn) this.#dropped += 1;
    else if (this.#seen > requests) this.#start(now);
  }

  /** The gate dropped one. */
  dropped(): void {
    this.#seen += 1;
    this.#dropped += 1;
  }

  /** The gate let one pass, of somebody trusted. */
  passed(): void {
    this.#passed += 1;
  }

  wake(_why: string, now: Instant): void {
    this.#alarm = undefined;
    if (this.#seen <= this.#security.ddos.requests) return this.#end(now);
    this.#watch(now);
  }

  #start(now: Instant): void {
    const { ddos, dryRun: isDryRun } = this.#security;
    this.#startedAt = now;
    this.#dropped = 0;
    this.#passed = 0;
    this.#surface.emit({ kind: "fact", fact: { kind: "ddos-started", ...ddos, isDryRun } });
    this.#watch(now);
    this.#changed();
  }

  #watch(now: Instant): void {
    this.#seen = 0;
    this.#alarm = this.#surface.alarm(after(now, this.#security.ddos.windowS * 1000), this, "ddos");
  }

  #end(now: Instant): void {
    this.#surface.cancelAlarm(this.#alarm);
    this.#alarm = undefined;
    const durationMs = now - this.#startedAt!;
    const [dropped, passed] = [this.#dropped, this.#passed];
    this.#startedAt = undefined;
    this.#ends = instant(Number.NEGATIVE_INFINITY);
    this.#surface.emit({
      kind: "fact",
      fact: { kind: "ddos-ended", durationMs, dropped, passed },
    });
    this.#changed();
  }
}
