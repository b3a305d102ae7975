import {
  ChurnMap,
  type Hash,
  type Instant,
  isAddress,
  type Random,
  type Timer,
  Timers,
} from "#base";
import type { CallSetup, Switchboard, Wakeable } from "#calls";
import type { PortPool } from "#media";
import type { Effect, NameQuery, Target } from "#port";
import type { Transactions } from "#sip-transactions";

/** Names that may be in resolution at once; one more is answered with nothing. */
const QUERIES_MAX = 10_000;

interface Alarm {
  readonly sleeper: Wakeable;
  readonly why: string;
}

type Taker = (targets: readonly Target[], now: Instant) => void;

/** What the parts of the gateway share: effects on their way out, alarms, names in resolution. */
export class Board implements Switchboard {
  setup: CallSetup;
  readonly random: Random;
  readonly hash: Hash;
  readonly transactions: Transactions;
  readonly ports: PortPool;
  readonly #alarms = new Timers<Alarm>();
  readonly #queries = new ChurnMap<string, Taker>();
  #effects: Effect[] = [];
  #queryCount = 0;

  constructor(parts: Pick<Board, "setup" | "random" | "hash" | "transactions" | "ports">) {
    this.setup = parts.setup;
    this.random = parts.random;
    this.hash = parts.hash;
    this.transactions = parts.transactions;
    this.ports = parts.ports;
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** All effects since the last drain; media commands stand before the sends that depend on them. */
  drain(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  alarm(at: number, sleeper: Wakeable, why: string): Timer<unknown> {
    return this.#alarms.set(at as Instant, { sleeper, why });
  }

  cancelAlarm(alarm: Timer<unknown> | undefined): void {
    this.#alarms.cancel(alarm as Timer<Alarm> | undefined);
  }

  /** How many of each thing there are that comes and goes: what must be bounded. */
  get sizes(): Readonly<Record<"alarms" | "alarmsKept" | "queries" | "transactions", number>> {
    return {
      alarms: this.#alarms.size,
      alarmsKept: this.#alarms.kept,
      queries: this.#queries.size,
      transactions: this.transactions.size,
    };
  }

  get nextAlarm(): Instant | undefined {
    return this.#alarms.next;
  }

  /** Wakes one sleeper whose time has come; false when none is left. */
  wakeOne(now: Instant): boolean {
    const alarm = this.#alarms.due(now);
    alarm?.sleeper.wake(alarm.why, now);
    return alarm !== undefined;
  }

  resolve(name: NameQuery, take: Taker, now: Instant): void {
    const known = numericTarget(name);
    if (known) return take([known], now);
    if (this.#queries.size >= QUERIES_MAX) return take([], now);
    const query = `q${++this.#queryCount}`;
    this.#queries.set(query, take);
    this.emit({ kind: "resolve", query, name });
  }

  resolved(query: string, targets: readonly Target[], now: Instant): void {
    const take = this.#queries.get(query);
    this.#queries.delete(query);
    take?.(targets, now);
  }
}

/** An address needs no DNS (RFC 3263 §4.1, §4.2). */
function numericTarget(name: NameQuery): Target | undefined {
  if (!isAddress(name.host)) return undefined;
  const address = name.host.startsWith("[") ? name.host.slice(1, -1) : name.host;
  const transport = name.secure ? "tls" : (name.transport ?? "udp");

  return { transport, address, port: name.port ?? (transport === "tls" ? 5061 : 5060) };
}
