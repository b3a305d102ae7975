import type { Instant } from "#base";
import { end } from "#ends";
import { hasOptionTag, type Request, type Response } from "#sip-message";
import type { Call } from "./call.ts";
import { Deadline } from "./deadline.ts";
import type { Leg } from "./legs.ts";
import { grantTimer, type SessionTerms, termsGranted } from "./session-expires.ts";
import { SessionRefresh } from "./session-refresh.ts";
import type { Switchboard } from "./setup.ts";

/** A refresh that came to nothing is tried again after this long, while the session lasts. */
const AGAIN_MS = 10_000;

/** How long a peer may think about a refresh by re-INVITE, which others' offers must wait for. */
const ANSWER_MS = 60_000;

/** How the log and the peers are told. */
const EXPIRED = { reason: 'SIP;cause=408;text="Session timer expired"' };

/**
 * The session timer of one leg (RFC 4028). Each leg has its own: its peer refreshes or we do, and
 * the call ends where no refresh comes or none is answered.
 */
export class SessionTimer {
  terms: SessionTerms;
  /** Whether the peer takes UPDATE, as its Allow says; else a re-INVITE refreshes. */
  takesUpdate = false;
  readonly #board: Switchboard;
  /** Its leg may come to be another call's. */
  call: Call;
  readonly #leg: Leg;
  readonly #deadline: Deadline;
  #lastsUntil = 0;
  /** The refresh that has no final answer yet. */
  #refresh: SessionRefresh | undefined;

  constructor(board: Switchboard, call: Call, leg: Leg, terms: SessionTerms) {
    this.#board = board;
    this.call = call;
    this.#leg = leg;
    this.terms = terms;
    this.#deadline = new Deadline(board, (now) => this.#due(now));
  }

  /** The session was refreshed, by whichever end. */
  agreed(terms: SessionTerms, now: Instant): void {
    this.terms = terms;
    const wholeMs = terms.intervalS * 1000;
    // RFC 4028 §10: refreshed at half time; given up a while before the peer does.
    this.#lastsUntil = now + wholeMs - Math.min(32_000, Math.floor(wholeMs / 3));
    this.#deadline.set(terms.weRefresh ? now + Math.floor(wholeMs / 2) : this.#lastsUntil, now);
  }

  /** The peer's 2xx to a refresh of ours. */
  refreshed(sent: Request, granted: Response, now: Instant): void {
    this.#refresh = undefined;
    timeLeg(this.#board, this.call, this.#leg, sent, granted, now);
  }

  /** The peer was busy or refused: the session has not ended for that. */
  tryAgain(now: Instant): void {
    this.#refresh = undefined;
    this.#deadline.set(Math.min(now + AGAIN_MS, this.#lastsUntil), now);
  }

  stop(): void {
    this.#deadline.lift();
  }

  expired(now: Instant): void {
    this.call.hangUp(end("session-expired"), undefined, now, EXPIRED);
  }

  #due(now: Instant): void {
    if (this.#refresh) return this.#refresh.takeBack(now);
    const isRefreshable = this.terms.weRefresh && now < this.#lastsUntil;
    if (!isRefreshable) return this.expired(now);
    this.#deadline.set(now + ANSWER_MS, now);
    this.#refresh = new SessionRefresh(this.#board, this.#leg, this);
    this.#refresh.start(now);
  }
}

/** Writes into our 2xx what timer a leg has from now on; its peer asked by `request`. */
export function grantLeg(
  board: Switchboard,
  call: Call,
  leg: Leg,
  request: Request,
  granted: Response,
  now: Instant,
): void {
  const rule = board.setup.timers[leg.side];
  keep(board, call, leg, request, grantTimer(rule, request, granted, leg.timer?.terms), now);
}

/** Takes from a peer's 2xx to `sent` what timer its leg has from now on. */
export function timeLeg(
  board: Switchboard,
  call: Call,
  leg: Leg,
  sent: Request,
  granted: Response,
  now: Instant,
): void {
  keep(board, call, leg, granted, termsGranted(board.setup.timers[leg.side], sent, granted), now);
}

function keep(
  board: Switchboard,
  call: Call,
  leg: Leg,
  said: Request | Response,
  terms: SessionTerms | undefined,
  now: Instant,
): void {
  // A peer that has left meanwhile is neither refreshed nor watched any more.
  if (!(leg.timer?.call ?? call).has(leg)) return;
  if (!terms) {
    // A 2xx without Session-Expires ends the agreement (RFC 4028 §7.2).
    leg.timer?.stop();
    leg.timer = undefined;
    return;
  }
  leg.timer ??= new SessionTimer(board, call, leg, terms);
  if (said.headers.has("allow"))
    leg.timer.takesUpdate = hasOptionTag(said.headers, "allow", "update");
  leg.timer.agreed(terms, now);
}
