import { after, type Instant, instant } from "#base";
import type { Switchboard } from "#calls";
import type { Flow } from "#sip";
import { type ParseFailure, responseTo } from "#sip-message";

/** Answers to what is no message that one source, and all together, may draw in a second. */
const PER_SOURCE_MAX = 50;
const ALL_MAX = 500;
const SPAN_MS = 1000;

/**
 * Whether a datagram that can't be read is answered with its error. Anybody can write a trunk's
 * address on one, so that we send to it (attack case D7); honest peers hardly ever need the answer.
 * What can be read is always answered: a busy trunk asks thousands of things a second, and after a
 * restart of the gateway has as many calls to hear 481 for. Silence there would only have it ask
 * again.
 */
export class ErrorAnswers {
  #ends = instant(Number.NEGATIVE_INFINITY);
  #given = 0;
  /** As many as answers were given at most. */
  readonly #bySource = new Map<string, number>();

  /** Says what is wrong with it, where anything may be said. */
  answer({ random, transactions }: Switchboard, fault: ParseFailure, flow: Flow, now: Instant) {
    const { replyTo, status } = fault;
    if (!replyTo) return;
    // By TCP and TLS nobody bears another's address.
    if (flow.transport === "udp" && !this.take(flow.remoteAddress, now)) return;
    transactions.sendStateless(responseTo(replyTo, status, undefined, random.token(16)), flow);
  }

  take(source: string, now: Instant): boolean {
    if (now >= this.#ends) {
      this.#ends = after(now, SPAN_MS);
      this.#given = 0;
      this.#bySource.clear();
    }
    const given = this.#bySource.get(source) ?? 0;
    if (given >= PER_SOURCE_MAX || this.#given >= ALL_MAX) return false;
    this.#given++;
    this.#bySource.set(source, given + 1);
    return true;
  }
}
