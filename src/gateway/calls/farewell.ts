import type { Instant } from "#base";
import type { Request } from "#sip-message";
import { byeFor, inDialogAcross } from "./crossing.ts";
import type { Leg } from "./legs.ts";
import { sendOwn } from "./own-request.ts";
import type { Switchboard } from "./setup.ts";

/** What a BYE tells: the other end's own words, or why we hang up (RFC 3326). */
export interface Farewell {
  readonly bye?: Request;
  readonly reason?: string;
}

export const reasonIn = ({ bye, reason }: Farewell): string | undefined =>
  bye?.headers.get("reason") ?? reason;

/**
 * Ends a leg. An operator whose challenge of the BYE had no answer would go on to charge. `done`
 * hears when the peer has answered, or never will.
 */
export function sayBye(
  board: Switchboard,
  leg: Leg,
  now: Instant,
  told: Farewell = {},
  done?: () => void,
): void {
  const bye = told.bye ? inDialogAcross(board, told.bye, leg) : byeFor(board, leg, told.reason);
  // Whatever way the other end's BYE came: this one has all of its own before it.
  bye.headers.set("max-forwards", String(board.setup.maxForwards));
  sendOwn(board, leg, bye, now, done);
}
