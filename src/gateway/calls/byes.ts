import type { Instant } from "#base";
import type { Request } from "#sip-message";
import { type Farewell, sayBye } from "./farewell.ts";
import type { Leg } from "./legs.ts";
import type { Switchboard } from "./setup.ts";

/**
 * The BYEs of a call that have no answer yet. A dialog ends with that answer: until then its peer's
 * own BYE crosses ours (RFC 5407 §3.2.1), also where another has taken its place in the call.
 */
export class Byes {
  readonly #legs = new Set<Leg>();
  /** What waits for its peer's ACK of our 2xx (RFC 3261 §15). */
  #owed: { readonly leg: Leg; readonly told: Farewell } | undefined;

  get areOut(): boolean {
    return this.#legs.size > 0 || this.#owed !== undefined;
  }

  owe(leg: Leg, told: Farewell): void {
    this.#owed = { leg, told };
  }

  /** Says the one that is owed. */
  pay(board: Switchboard, now: Instant, done: () => void): void {
    const owed = this.#owed;
    this.#owed = undefined;
    if (owed) this.say(board, owed.leg, now, owed.told, done);
  }

  say(board: Switchboard, leg: Leg, now: Instant, told: Farewell, done: () => void): void {
    this.#legs.add(leg);
    sayBye(board, leg, now, told, () => {
      this.#legs.delete(leg);
      done();
    });
  }

  /** Whether a request is of a dialog that one of them ends. */
  end({ callId, to, from }: Request, side: Leg["side"]): boolean {
    for (const { dialog, side: its } of this.#legs) {
      const isSame = dialog.localTag === to.tag && dialog.remoteTag === (from.tag ?? "");
      if (isSame && dialog.callId === callId && its === side) return true;
    }
    return false;
  }
}
