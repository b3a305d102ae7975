import assert from "node:assert/strict";
import { type Instant, instant, type Timer, Timers } from "#base";
import type { Fact } from "#facts";
import type { Effect } from "#port";
import { type Denied, type Evidence, type Rule, Security } from "#security";
import { type Settings, validateSettings } from "#settings";
import type { Flow, Side, Transport } from "#sip";

export const TRUNK = "198.51.100.7";
export const PBX = "10.0.0.2";
export const STRANGER = "203.0.113.5";

export function settingsOf(security: object = {}, more: object = {}): Settings {
  const { settings, errors } = validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: PBX },
    trunks: [{ name: "op", peers: [{ host: TRUNK }] }],
    security,
    ...more,
  });
  assert.ok(settings, JSON.stringify(errors));
  return settings;
}

interface Sleeper {
  readonly sleeper: { wake(why: string, now: Instant): void };
  readonly why: string;
}

/** Security alone, in virtual time. */
export class SecurityByHand {
  readonly security: Security;
  readonly effects: Effect[] = [];
  readonly #timers = new Timers<Sleeper>();
  now = instant(1_000_000);

  constructor(security: object = {}, more: object = {}) {
    const surface = {
      emit: (effect: Effect) => void this.effects.push(effect),
      alarm: (at: number, sleeper: Sleeper["sleeper"], why: string) =>
        this.#timers.set(at as Instant, { sleeper, why }),
      cancelAlarm: (timer: Timer<unknown> | undefined) =>
        this.#timers.cancel(timer as Timer<Sleeper>),
    };
    const settings = settingsOf(security, more);
    this.security = new Security({
      settings,
      surface,
      seed: 1,
      serves: () => false,
      now: () => this.now,
    });
  }

  wait(ms: number): void {
    const until = instant(this.now + ms);
    for (;;) {
      const { next } = this.#timers;
      if (next === undefined || next > until) break;
      this.now = instant(Math.max(this.now, next));
      for (let due = this.#timers.due(this.now); due; due = this.#timers.due(this.now))
        due.sleeper.wake(due.why, this.now);
    }
    this.now = until;
  }

  /** A message of a stranger through the gate; whether it came in. */
  send(from: Partial<Flow> = {}): boolean {
    const flow = sourceFlow(from);
    const isIn = this.security.admits(flow.side, flow.remoteAddress, flow.remotePort);
    if (isIn) this.security.strange(flow, () => "OPTIONS sip:a@b SIP/2.0", this.now);
    return isIn;
  }

  sendMany(count: number, from: Partial<Flow> = {}): number {
    let heard = 0;
    for (let i = 0; i < count; i++) if (this.send(from)) heard += 1;
    return heard;
  }

  record(weight: number, from: Partial<Flow> = {}, rule: Rule = "scanner"): void {
    const evidence: Evidence = { rule, weight, excerpt: `seen ${rule}` };
    this.security.record(sourceFlow(from), evidence, this.now);
  }

  get lines(): Denied[] {
    return [...this.security.denied("dos"), ...this.security.denied("brute-force")];
  }

  facts(kind: Fact["kind"]): Fact[] {
    const told = this.effects.flatMap((effect) => (effect.kind === "fact" ? [effect.fact] : []));
    return told.filter((fact) => fact.kind === kind);
  }

  effectsOf<K extends Effect["kind"]>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.effects.filter((effect) => effect.kind === kind) as never;
  }
}

export function sourceFlow(from: Partial<Flow>): Flow {
  const flow = {
    side: "public" as Side,
    transport: "udp" as Transport,
    localAddress: "192.0.2.1",
    localPort: 5060,
    remoteAddress: STRANGER,
    remotePort: 5060,
    ...from,
  };
  return { id: `${flow.transport} ${flow.remoteAddress} ${flow.remotePort}`, ...flow };
}
