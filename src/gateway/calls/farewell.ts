import type { Instant } from "#base";
import type { Requester } from "#sip-transactions";
import { answerChallenge } from "./challenge.ts";
import { byeFor } from "./crossing.ts";
import { credentialsAt, type Leg, nextHop } from "./legs.ts";
import type { Switchboard } from "./setup.ts";

/** Ends a leg. An operator whose challenge of the BYE had no answer would go on to charge. */
export function sayBye(board: Switchboard, leg: Leg, now: Instant, reason?: string): void {
  const bye = byeFor(board, leg, reason);
  const to = nextHop(leg);
  const credentials = credentialsAt(leg, to);
  const again: Requester = {
    response: (_transaction, response, _flow, at) => {
      if (response.status !== 401 && response.status !== 407) return;
      const retry = answerChallenge(board, credentials, bye, response);
      if (retry) board.transactions.request(retry, to, at);
    },
    failed: () => {},
  };
  board.transactions.request(bye, to, now, credentials && again);
}
