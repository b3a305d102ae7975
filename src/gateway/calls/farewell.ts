import type { Instant } from "#base";
import type { Request } from "#sip-message";
import type { Requester } from "#sip-transactions";
import { answerChallenge } from "./challenge.ts";
import { byeFor, inDialogAcross } from "./crossing.ts";
import { credentialsAt, type Leg, nextHop } from "./legs.ts";
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
  const to = nextHop(leg);
  const credentials = credentialsAt(leg, to);
  const again: Requester = {
    response: (_transaction, response, _flow, at) => {
      if (response.status < 200) return;
      done?.();
      if (response.status !== 401 && response.status !== 407) return;
      const retry = answerChallenge(board, credentials, bye, response);
      if (retry) board.transactions.request(retry, to, at);
    },
    failed: () => done?.(),
  };
  board.transactions.request(bye, to, now, credentials || done ? again : undefined);
}
