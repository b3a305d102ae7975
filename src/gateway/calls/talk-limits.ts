import type { Instant } from "#base";
import type { End } from "#ends";
import { Deadline } from "./deadline.ts";
import type { Policy } from "./pipeline.ts";
import type { Switchboard } from "./setup.ts";

/** Ends the call that a line goes on in now. */
type HangUp = (line: string, why: End, now: Instant) => void;

/**
 * Ends calls that have talked as long as the operator lets them. A line is what was admitted: it goes
 * on in another call where its peer is transferred, and so does its time.
 */
export class TalkLimits {
  readonly #board: Switchboard;
  readonly #policy: Policy;
  readonly #hangUp: HangUp;
  /** Of lines that have a limit. */
  readonly #deadlines = new Map<string, Deadline>();

  constructor(board: Switchboard, policy: Policy, hangUp: HangUp) {
    this.#board = board;
    this.#policy = policy;
    this.#hangUp = hangUp;
  }

  answered(line: string, sinceMs: Instant, now: Instant): void {
    const at = this.#policy.answered(line, sinceMs, now);
    if (at === undefined) return;
    const deadline = new Deadline(this.#board, (then) => this.#look(line, then));
    this.#deadlines.set(line, deadline);
    deadline.set(at, now);
  }

  released(line: string, now: Instant): void {
    this.#deadlines.get(line)?.lift();
    this.#deadlines.delete(line);
    this.#policy.release(line, now);
  }

  #look(line: string, now: Instant): void {
    const found = this.#policy.overdue(line, now);
    if (typeof found === "number") this.#deadlines.get(line)?.set(found, now);
    else if (found) this.#hangUp(line, found, now);
  }
}
