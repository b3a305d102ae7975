import { createHash } from "node:crypto";
import { after, type Hash, type Instant, type Random } from "#base";
import type { Fact } from "#facts";
import { Gateway } from "#gateway";
import { type MediaCommand, NOTHING_COUNTED, type Stream } from "#media";
import type { Effect, Input, Order, Target } from "#port";
import { listenersOf, type Settings } from "#settings";
import type { Side, Transport } from "#sip";
import { flowOf, type Host, type Packet } from "./network.ts";

export const hash: Hash = (algorithm, text) =>
  createHash(algorithm === "sha512-256" ? "sha512-256" : algorithm)
    .update(text, "latin1")
    .digest("hex");

/** A name takes this long to resolve. */
const DNS_MS = 5;

/** The gateway machine as a host of the virtual network; its media plane is a table of streams. */
export class GatewayHost implements Host {
  readonly gateway: Gateway;
  readonly facts: Fact[] = [];
  /** The flows that the gateway ended. */
  readonly closed: string[] = [];
  /** The streams that the media plane has open. */
  readonly streams = new Map<string, Stream>();
  /** What names resolve to; an unknown one to nothing. */
  readonly names = new Map<string, readonly Target[]>();
  readonly addresses: readonly string[];
  readonly #settings: Settings;
  #inputs: { readonly at: Instant; readonly input: Input }[] = [];
  #packets: Packet[] = [];
  #now: Instant;

  constructor(settings: Settings, random: Random, now: Instant) {
    this.#settings = settings;
    this.#now = now;
    this.gateway = new Gateway({ settings, random, hash }, now);
    this.addresses = [settings.publicLocal.address, settings.privateLocal.address];
    this.#perform(now);
  }

  get nextWake(): Instant | undefined {
    const [first] = this.#inputs;
    const { nextWake } = this.gateway;
    if (!first || (nextWake !== undefined && nextWake < first.at)) return nextWake;
    return first.at;
  }

  receive(packet: Packet, now: Instant): void {
    const { address, port } = packet.from;
    const side = packet.to.address === this.#settings.publicLocal.address ? "public" : "private";
    if (!this.gateway.admits(side, address, port)) return;
    this.take({ kind: "received", flow: flowOf(packet, side), text: packet.text }, now);
  }

  wake(now: Instant): void {
    const due = this.#inputs.filter(({ at }) => at <= now);
    this.#inputs = this.#inputs.filter(({ at }) => at > now);
    for (const { input } of due) this.take(input, now);
    if (due.length === 0) this.take({ kind: "wake" }, now);
  }

  order(order: Order): void {
    this.#later({ kind: "order", order }, this.#now);
  }

  hangUpAll(): void {
    const ended = new Set(
      this.facts.map((fact) => fact.kind === "call-ended" && fact.record.callId),
    );
    for (const fact of this.facts) {
      if (fact.kind !== "call-started" || ended.has(fact.callId)) continue;
      this.order({ kind: "hang-up", callId: fact.callId });
    }
  }

  /** The plane's process dies and comes back with nothing. */
  restartMedia(): void {
    this.streams.clear();
    this.#later({ kind: "media", event: { kind: "restarted", fingerprint: "" } }, this.#now);
  }

  take(input: Input, now: Instant): void {
    this.#now = now;
    this.gateway.handle(input, now);
    this.#perform(now);
  }

  drain(): readonly Packet[] {
    const packets = this.#packets;
    this.#packets = [];
    return packets;
  }

  /** The address and port that peers of this side send to. */
  endpoint(side: Side, transport: Transport = "udp"): { address: string; port: number } {
    const listener = listenersOf(this.#settings).find(
      (entry) => entry.side === side && entry.transport === transport,
    );
    if (!listener) throw new Error(`no ${transport} listener on the ${side} side`);
    return { address: listener.address, port: listener.port };
  }

  #perform(now: Instant): void {
    for (const effect of this.gateway.drain()) this.#one(effect, now);
  }

  #one(effect: Effect, now: Instant): void {
    switch (effect.kind) {
      case "send": {
        const { side, transport, address, port } = effect.to;
        const from = this.endpoint(side, transport);
        this.#packets.push({ from, to: { address, port }, transport, text: effect.text });
        return;
      }
      case "close-flow":
        this.closed.push(effect.flow);
        return;
      case "resolve": {
        const targets = this.names.get(effect.name.host) ?? [];
        this.#later({ kind: "resolved", query: effect.query, targets }, now);
        return;
      }
      case "media":
        return this.#media(effect.command, now);
      case "fact":
        this.facts.push(effect.fact);
        return;
    }
  }

  #media(command: MediaCommand, now: Instant): void {
    if (command.kind === "stream") {
      this.streams.set(command.stream.id, command.stream);
      return;
    }
    if (command.kind !== "close") return;
    const zero = NOTHING_COUNTED;
    if (!this.streams.delete(command.id)) return;
    const counters = { id: command.id, ends: { caller: zero, callee: zero } };
    this.#later({ kind: "media", event: { kind: "closed", counters } }, now);
  }

  #later(input: Input, now: Instant): void {
    this.#inputs.push({ at: after(now, DNS_MS), input });
  }
}
