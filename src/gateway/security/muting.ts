import { after, type Instant, instant, type Timer } from "#base";
import type { Row } from "./deny-list.ts";
import type { Surface } from "./surface.ts";

/** So much of one source's that was dropped in a second is worth the sockets' while. */
const LOUD = 100;
const WINDOW_MS = 1000;
/** Sources that the sockets drop at a time; the first to be loud are the loudest. */
const MUTED_MAX = 512;
/** What the sockets drop is seen by nobody: now and then it is looked whether it still comes. */
const MUTED_MS = 60_000;
/** Sources are added so often at most; they are taken off at once. */
const CHANGE_MS = 100;

/**
 * Which denied sources the sockets are to drop before they are read: those of whom the gate drops
 * most. Nobody else, and nobody a moment longer than it is denied.
 */
export class Muting {
  readonly #surface: Surface;
  readonly #now: () => Instant;
  /** With the end of each, those that were muted first in front. */
  readonly #muted = new Map<Row, Instant>();
  #loud: Row[] = [];
  #change: Timer<unknown> | undefined;
  #changedAt = instant(Number.NEGATIVE_INFINITY);
  #unmuting: Timer<unknown> | undefined;

  constructor(surface: Surface, now: () => Instant) {
    this.#surface = surface;
    this.#now = now;
  }

  get size(): number {
    return this.#muted.size;
  }

  /** The gate has dropped one more of this line's source. */
  dropped(row: Row): void {
    const window = Math.floor(this.#now() / WINDOW_MS);
    if (row.window !== window) {
      row.window = window;
      row.droppedInWindow = 0;
    }
    row.droppedInWindow += 1;
    if (row.droppedInWindow !== LOUD || this.#muted.has(row)) return;
    if (this.#muted.size + this.#loud.length >= MUTED_MAX) return;
    this.#loud.push(row);
    this.#change ??= this.#surface.alarm(this.#now(), this, "mute");
  }

  /** These are denied no longer. */
  forget(rows: readonly Row[]): void {
    let isChanged = false;
    for (const row of rows) isChanged = this.#muted.delete(row) || isChanged;
    if (this.#loud.length > 0) {
      const gone = new Set(rows);
      this.#loud = this.#loud.filter((row) => !gone.has(row));
    }
    if (isChanged) this.#tell();
  }

  /** Nobody is denied in earnest. */
  clear(): void {
    this.forget([...this.#muted.keys(), ...this.#loud]);
  }

  wake(why: string, now: Instant): void {
    if (why === "unmute") return this.#unmute(now);
    const soonest = after(this.#changedAt, CHANGE_MS);
    if (soonest > now) {
      this.#change = this.#surface.alarm(soonest, this, "mute");
      return;
    }
    this.#change = undefined;
    if (this.#loud.length === 0) return;
    for (const row of this.#loud) {
      row.wasMuted = true;
      this.#muted.set(row, after(now, MUTED_MS));
    }
    this.#loud = [];
    this.#changedAt = now;
    this.#unmuting ??= this.#surface.alarm(after(now, MUTED_MS), this, "unmute");
    this.#tell();
  }

  #unmute(now: Instant): void {
    this.#unmuting = undefined;
    const due = [...this.#muted].filter(([, until]) => until <= now).map(([row]) => row);
    this.forget(due);
    const [next] = this.#muted.values();
    if (next !== undefined) this.#unmuting = this.#surface.alarm(next, this, "unmute");
  }

  #tell(): void {
    const sources = [...this.#muted.keys()].map(({ denied: { side, address, port } }) =>
      port === undefined ? { side, address } : { side, address, port },
    );
    this.#surface.emit({ kind: "mute", sources });
  }
}
