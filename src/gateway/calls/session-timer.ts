import type { Instant } from "#base";
import { end } from "#ends";
import { parseSessionExpires, type Response } from "#sip-message";
import type { Call } from "./call.ts";
import { Deadline } from "./deadline.ts";
import type { Switchboard } from "./setup.ts";

/**
 * Watches a call whose ends agreed on a session timer (RFC 4028). The headers pass from end to end,
 * so the ends refresh through us; one that stops doing so leaves a dead call, which we end.
 */
export class SessionTimer {
  readonly #board: Switchboard;
  readonly #call: Call;
  /** Most calls have none. */
  #deadline: Deadline | undefined;

  constructor(board: Switchboard, call: Call) {
    this.#board = board;
    this.#call = call;
  }

  /** A 2xx of INVITE or UPDATE starts the interval anew, or ends the agreement (RFC 4028 §7.2). */
  agreed(response: Response, now: Instant): void {
    const value = response.headers.get("session-expires");
    const session = value === undefined ? undefined : parseSessionExpires(value);
    if (!session) return this.stop();
    this.#deadline ??= new Deadline(this.#board, (at) => this.#expired(at));
    this.#deadline.set(now + session.intervalS * 1000, now);
  }

  stop(): void {
    this.#deadline?.lift();
  }

  #expired(now: Instant): void {
    this.#call.hangUp(end("session-expired"), undefined, now);
  }
}
