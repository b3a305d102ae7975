import type { Instant } from "#base";
import { CallMedia, type KeyExchange, NOBODY } from "#media";
import type { Request } from "#sip-message";
import type { AskedBy } from "./asker.ts";
import type { Renegotiation } from "./call-parts.ts";
import type { Leg } from "./legs.ts";
import type { Switchboard } from "./setup.ts";

/** Who comes into a call that there is already, by an INVITE with Replaces (RFC 3891). */
export interface Newcomer {
  readonly asker: AskedBy;
  /** How it is offered keys, where its trunk has a word of its own. */
  readonly keyExchange?: KeyExchange;
}

/** Its media while it is alone with us: it is the caller, and there is nobody else. */
export function mediaAlone(
  board: Switchboard,
  { asker: { flow }, keyExchange }: Newcomer,
): CallMedia {
  const legs = {
    sides: { caller: flow.side, callee: flow.side },
    tls: { caller: flow.transport === "tls", callee: false },
    ...(keyExchange && { exchange: { caller: keyExchange } }),
    callee: NOBODY,
  };
  return CallMedia.begin(board.random.token(12), legs, board.setup.media, board.ports);
}

/** From its 200 to its ACK, and what that brings about, nobody may offer anything. */
export const untilAcknowledged = (
  leg: () => Leg,
  acknowledge: (ack: Request, now: Instant) => void,
): Renegotiation => ({
  role: undefined,
  awaits: (_, by) => by === leg(),
  acknowledge,
  ended: () => {},
});
