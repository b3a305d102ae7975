import { type Instant, instant } from "#base";
import type { Gateway } from "#gateway";
import type { Effect, Input } from "#port";
import type { Side } from "#sip";

/** Performs what the gateway asks for; each in its own folder of `io`. */
export interface Performers {
  /** Returns the connection that took the message; of a datagram nothing. */
  readonly send: (effect: Extract<Effect, { kind: "send" }>) => string | undefined;
  readonly closeFlow: (effect: Extract<Effect, { kind: "close-flow" }>) => void;
  readonly closeDenied: (effect: Extract<Effect, { kind: "close-denied" }>) => void;
  readonly mute: (effect: Extract<Effect, { kind: "mute" }>) => void;
  readonly trust: (effect: Extract<Effect, { kind: "trust" }>) => void;
  readonly ping: (effect: Extract<Effect, { kind: "ping" }>) => void;
  readonly resolve: (effect: Extract<Effect, { kind: "resolve" }>) => void;
  readonly media: (effect: Extract<Effect, { kind: "media" }>) => void;
  readonly fact: (effect: Extract<Effect, { kind: "fact" }>) => void;
  readonly keep: (effect: Extract<Effect, { kind: "keep" }>) => void;
  readonly forget: (effect: Extract<Effect, { kind: "forget" }>) => void;
  readonly keepDenied: (effect: Extract<Effect, { kind: "keep-denied" }>) => void;
  readonly forgetDenied: (effect: Extract<Effect, { kind: "forget-denied" }>) => void;
  readonly remember: (effect: Extract<Effect, { kind: "remember" }>) => void;
  /** A throw inside the gateway: our bug, written down with the input that led to it. */
  readonly fault: (error: unknown, input: Input) => void;
}

/** The longest sleep of the one timer: Node's own limit is 2^31 ms. */
const SLEEP_MS_MAX = 3_600_000;

/** Takes one input, runs the gateway dry, performs the effects, arms one timer. */
export class Loop {
  readonly #gateway: Gateway;
  readonly #performers: Performers;
  readonly #now: () => Instant;
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(gateway: Gateway, performers: Performers, now: () => Instant = monotonicNow) {
    this.#gateway = gateway;
    this.#performers = performers;
    this.#now = now;
  }

  run(input: Input): void {
    if (this.#closed) return;
    const now = this.#now();
    this.#handle(input, now);
    for (const effect of this.#gateway.drain()) this.#perform(effect, now);
    this.#arm(now);
  }

  /** Whether the gate lets in what comes from there; what it drops may set an alarm. */
  admits(side: Side, address: string, port: number): boolean {
    if (this.#gateway.admits(side, address, port)) return true;
    if ((this.#gateway.nextWake ?? Number.POSITIVE_INFINITY) < this.#wakeAt) this.#arm(this.#now());
    return false;
  }

  /** A throw costs the call that it befell, and no other. */
  #handle(input: Input, now: Instant): void {
    try {
      this.#gateway.handle(input, now);
    } catch (error) {
      this.#performers.fault(error, input);
      this.#recover(input, now);
    }
  }

  #recover(input: Input, now: Instant): void {
    try {
      this.#gateway.recover(input, now);
    } catch (error) {
      this.#performers.fault(error, input);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #perform(effect: Effect, now: Instant): void {
    switch (effect.kind) {
      case "send":
        return this.#send(effect, now);
      case "close-flow":
        return this.#performers.closeFlow(effect);
      case "close-denied":
        return this.#performers.closeDenied(effect);
      case "mute":
        return this.#performers.mute(effect);
      case "trust":
        return this.#performers.trust(effect);
      case "ping":
        return this.#performers.ping(effect);
      case "resolve":
        return this.#performers.resolve(effect);
      case "media":
        return this.#performers.media(effect);
      case "fact":
        return this.#performers.fact(effect);
      case "keep":
        return this.#performers.keep(effect);
      case "forget":
        return this.#performers.forget(effect);
      case "keep-denied":
        return this.#performers.keepDenied(effect);
      case "forget-denied":
        return this.#performers.forgetDenied(effect);
      case "remember":
        return this.#performers.remember(effect);
    }
  }

  #send(effect: Extract<Effect, { kind: "send" }>, now: Instant): void {
    const flow = this.#performers.send(effect);
    const { branch } = effect;
    // The gateway only notes it: nothing comes of that now.
    if (flow !== undefined && branch !== undefined)
      this.#handle({ kind: "sent", branch, flow }, now);
  }

  /** One timer for all: it moves only when the next thing is due sooner than it rings. */
  #arm(now: Instant): void {
    const next = this.#gateway.nextWake;
    if (next === undefined || next >= this.#wakeAt) return;
    clearTimeout(this.#timer);
    this.#wakeAt = next;
    this.#timer = setTimeout(() => this.#ring(), Math.min(SLEEP_MS_MAX, Math.max(1, next - now)));
  }

  #ring(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.run({ kind: "wake" });
  }
}

/** Wall time that never steps back: the epoch of this process plus the monotonic clock. */
export const monotonicNow = (): Instant => instant(performance.timeOrigin + performance.now());
