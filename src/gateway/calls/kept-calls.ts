import { ChurnMap, type Instant, type Timer } from "#base";
import type { Call } from "./call.ts";
import { saveCall } from "./resume.ts";
import type { Switchboard, Wakeable } from "./setup.ts";

/** A call that is shorter isn't worth writing down; one that changes is written again after this. */
const KEEP_MS = 1_000;

/** As many are written at a time as take the loop no more than a few milliseconds. */
const KEPT_AT_ONCE = 100;
const PAUSE_MS = 5;

/** Has calls written down that another process could go on with. */
export class KeptCalls implements Wakeable {
  readonly #board: Switchboard;
  readonly #changed = new ChurnMap<string, Call>();
  readonly #kept = new ChurnMap<string, true>();
  #alarm: Timer<unknown> | undefined;

  constructor(board: Switchboard) {
    this.#board = board;
  }

  /** How many calls are written down, or are to be. */
  get size(): number {
    return this.#changed.size + this.#kept.size;
  }

  /** It is written down already, as it is. */
  resumed({ id }: Call): void {
    this.#kept.set(id, true);
  }

  /** Something happens to a call: it is written down once it is in peace. */
  changed(call: Call, now: Instant): void {
    if (!this.#board.setup.keepsCalls || call.isOver) return;
    this.#changed.set(call.id, call);
    this.#alarm ??= this.#board.alarm(now + KEEP_MS, this, "keep");
  }

  ended(call: Call): void {
    this.#changed.delete(call.id);
    if (this.#kept.delete(call.id)) this.#board.emit({ kind: "forget", callId: call.id });
  }

  wake(_why: string, now: Instant): void {
    this.#alarm = undefined;
    let left = KEPT_AT_ONCE;
    for (const call of this.#changed.values()) {
      if (left === 0) break;
      if (!call.isSettled || call.renegotiation) continue;
      this.#changed.delete(call.id);
      this.#kept.set(call.id, true);
      this.#board.emit({ kind: "keep", call: saveCall(call) });
      left--;
    }
    if (this.#changed.size === 0) return;
    this.#alarm = this.#board.alarm(now + (left === 0 ? PAUSE_MS : KEEP_MS), this, "keep");
  }
}
