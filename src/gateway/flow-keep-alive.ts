import { after, type Instant, type Random, type Timer } from "#base";
import type { Switchboard, Wakeable } from "#calls";
import {
  bindingRequest,
  type Destination,
  isReliable,
  newStunId,
  parseStunAnswer,
  type Transport,
} from "#sip";

/** Without a Flow-Timer: 95 to 120 s by connections, 24 to 29 s by datagrams (RFC 5626 §4.4). */
const STREAM_S = [95, 120] as const;
const DATAGRAM_S = [24, 29] as const;
/** A Flow-Timer below this would be a flood, and one above doesn't keep a translator awake. */
const FLOW_TIMER_S_MIN = 10;
const FLOW_TIMER_S_MAX = 1800;

/** RFC 5389 §7.2.1: seven requests, each wait double the one before; after the last a longer one. */
const STUN_RTO_MS = 500;
const STUN_REQUESTS_MAX = 7;
const STUN_LAST_WAIT_RTOS = 16;

/** Who keeps a flow alive. */
export interface FlowKeeper {
  /** The other end gave a sign of life. */
  flowAlive(now: Instant): void;
  flowFailed(why: string, now: Instant): void;
}

/** When the next keep-alive is due: by chance, so that not all come at once (RFC 5626 §4.4.1). */
export function keepAliveMs(
  transport: Transport,
  flowTimerS: number | undefined,
  random: Random,
): number {
  const [min, max] = spanOf(transport, flowTimerS);
  return min * 1000 + random.integer((max - min) * 1000 + 1);
}

function spanOf(transport: Transport, flowTimerS: number | undefined): readonly [number, number] {
  if (flowTimerS === undefined) return isReliable(transport) ? STREAM_S : DATAGRAM_S;
  const most = Math.max(FLOW_TIMER_S_MIN, Math.min(flowTimerS, FLOW_TIMER_S_MAX));
  return [0.8 * most, most];
}

/**
 * Keeps one registered flow alive and finds out when it fails: a connection by pings, which the
 * sockets end when nobody answers, datagrams by STUN (RFC 5626 §4.4).
 */
export class FlowKeepAlive implements Wakeable {
  readonly #board: Switchboard;
  readonly #keeper: FlowKeeper;
  readonly #to: Destination;
  #flowTimerS: number | undefined;
  #alarm: Timer<unknown> | undefined;
  /** The binding request that waits for its answer, and how often it went. */
  #asked: { readonly id: string; readonly requests: number } | undefined;
  /** Where we come from, as the first answer said. */
  #mapped: string | undefined;

  constructor(board: Switchboard, keeper: FlowKeeper, to: Destination, now: Instant) {
    this.#board = board;
    this.#keeper = keeper;
    this.#to = to;
    // The first follows at once: by it the flow shows whether it will live.
    this.#ask(now);
  }

  /** The operator said how long it waits for a sign of life. */
  keepWithin(flowTimerS: number | undefined, now: Instant): void {
    if (flowTimerS === this.#flowTimerS) return;
    this.#flowTimerS = flowTimerS;
    if (!this.#asked) this.#later(now);
  }

  stop(): void {
    this.#board.cancelAlarm(this.#alarm);
    this.#asked = undefined;
  }

  wake(why: string, now: Instant): void {
    if (why === "repeat" && this.#asked) this.#repeat(this.#asked.id, this.#asked.requests, now);
    else this.#ask(now);
  }

  ponged(now: Instant): void {
    if (isReliable(this.#to.transport)) this.#keeper.flowAlive(now);
  }

  /** Anybody may send such a datagram: only one that repeats our chance counts. */
  stunAnswered(text: string, now: Instant): void {
    const answer = this.#asked && parseStunAnswer(text);
    if (!answer || answer.transactionId !== this.#asked?.id) return;
    this.#asked = undefined;
    this.#later(now);
    const { mapped } = answer;
    if (this.#mapped !== undefined && mapped !== undefined && mapped !== this.#mapped) {
      // The operator still sends to the former one (RFC 5626 §4.4.2).
      return this.#keeper.flowFailed("our address as the operator sees it has changed", now);
    }
    this.#mapped ??= mapped;
    this.#keeper.flowAlive(now);
  }

  #ask(now: Instant): void {
    if (!isReliable(this.#to.transport)) {
      return this.#repeat(newStunId(this.#board.random), 0, now);
    }
    if (this.#to.flow !== undefined) this.#board.emit({ kind: "ping", flow: this.#to.flow });
    this.#later(now);
  }

  #repeat(id: string, requests: number, now: Instant): void {
    if (requests >= STUN_REQUESTS_MAX) {
      this.stop();
      return this.#keeper.flowFailed("keep-alive unanswered", now);
    }
    this.#board.emit({ kind: "send", to: this.#to, text: bindingRequest(id), branch: undefined });
    this.#asked = { id, requests: requests + 1 };
    const isLast = requests + 1 === STUN_REQUESTS_MAX;
    const waitMs = STUN_RTO_MS * (isLast ? STUN_LAST_WAIT_RTOS : 2 ** requests);
    this.#wakeIn(waitMs, "repeat", now);
  }

  #later(now: Instant): void {
    const waitMs = keepAliveMs(this.#to.transport, this.#flowTimerS, this.#board.random);
    this.#wakeIn(waitMs, "keep-alive", now);
  }

  #wakeIn(ms: number, why: string, now: Instant): void {
    this.#board.cancelAlarm(this.#alarm);
    this.#alarm = this.#board.alarm(after(now, ms), this, why);
  }
}
