import type { Instant } from "#base";
import { type Request, reasonOf } from "#sip-message";
import { ownInDialog } from "./crossing.ts";
import type { Leg } from "./legs.ts";
import { sendOwn } from "./own-request.ts";
import type { InDialog } from "./relay.ts";
import type { Switchboard } from "./setup.ts";

/** A transfer takes no longer than the ringing of its target and this. */
const JOINING_S = 90;

/** What a referrer hears of its transfer: the NOTIFYs of RFC 3515 §2.4.4. */
export class ReferNotices {
  readonly #board: Switchboard;
  readonly #referrer: Leg;
  readonly #other: Leg;
  readonly #event: string;
  readonly #untilMs: number;
  #open: boolean;
  #last = 100;

  constructor(board: Switchboard, way: InDialog, now: Instant) {
    const { from: referrer, to: other, request: refer } = way;
    this.#board = board;
    this.#referrer = referrer;
    this.#other = other;
    // The first subscription of a dialog needs no id, and old phones know of none (§2.4.6).
    this.#event = referrer.hasReferred ? `refer;id=${refer.cseq.number}` : "refer";
    referrer.hasReferred = true;
    this.#untilMs = now + (board.setup.ringS + JOINING_S) * 1000;
    this.#open = !refusesSubscription(refer);
  }

  tell(status: number, now: Instant): void {
    this.#notify(status, `active;expires=${this.leftS(now)}`, now);
  }

  /** Whether a SUBSCRIBE is about these. */
  areMeant(subscribe: Request): boolean {
    return this.#open && subscribe.headers.get("event")?.replaceAll(" ", "") === this.#event;
  }

  /** Answers a SUBSCRIBE: tells how it stands once more, or stops telling (RFC 6665 §4.2.1). */
  subscribed(isOver: boolean, now: Instant): void {
    if (!isOver) return this.tell(this.#last, now);
    this.#notify(this.#last, "terminated;reason=timeout", now);
    this.#open = false;
  }

  /** The seconds that the NOTIFYs may go on. */
  leftS(now: Instant): number {
    return Math.max(1, Math.round((this.#untilMs - now) / 1000));
  }

  /** The last one: how the transfer has ended. */
  end(status: number, now: Instant): void {
    this.#notify(status, "terminated;reason=noresource", now);
    this.#open = false;
  }

  #notify(status: number, state: string, now: Instant): void {
    if (!this.#open) return;
    this.#last = status;
    const notify = ownInDialog(this.#board, this.#referrer, "NOTIFY", this.#other);
    notify.headers.set("event", this.#event);
    notify.headers.set("subscription-state", state);
    notify.headers.set("content-type", "message/sipfrag;version=2.0");
    notify.body = `SIP/2.0 ${status} ${reasonOf(status)}\r\n`;
    // Whoever knows of no subscription, or is gone, is told no more (RFC 6665 §4.2.2).
    sendOwn(this.#board, this.#referrer, notify, now, (answer) => {
      if (answer === 481 || answer === 408) this.#open = false;
    });
  }
}

/** The referrer wants no NOTIFYs (RFC 4488 §4). */
export const refusesSubscription = (refer: Request): boolean =>
  /^\s*false\b/i.test(refer.headers.get("refer-sub") ?? "");
