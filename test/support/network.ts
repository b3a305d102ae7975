import { after, type Instant, instant, type Random } from "#base";
import type { Flow, Side, Transport } from "#sip";

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** One datagram, or one message of a stream. */
export interface Packet {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly transport: Transport;
  readonly text: string;
}

/** Something with addresses that lives in virtual time. */
export interface Host {
  readonly addresses: readonly string[];
  readonly nextWake: Instant | undefined;
  receive(packet: Packet, now: Instant): void;
  wake(now: Instant): void;
  /** What it has to send since the last drain. */
  drain(): readonly Packet[];
}

/** What the network does to datagrams; streams are only delayed, and stay in order. */
export interface Weather {
  readonly lossPercent: number;
  readonly duplicatePercent: number;
  readonly delayMsMin: number;
  readonly delayMsMax: number;
}

export const FAIR: Weather = { lossPercent: 0, duplicatePercent: 0, delayMsMin: 1, delayMsMax: 2 };

interface Happening {
  readonly at: Instant;
  readonly order: number;
  readonly what: Packet | (() => void);
}

/** A run that takes more steps than this turns in a circle. */
const STEPS_MAX = 100_000;

/** When every virtual world begins. */
export const DAWN = instant(1_700_000_000_000);

/**
 * A network in virtual time: it loses, doubles, delays and so reorders datagrams by a seeded chance,
 * and wakes its hosts when they ask for it. The same seed gives the same run.
 */
export class Network {
  now: Instant = DAWN;
  weather: Weather;
  /** Sees every packet as it is sent, before the weather. */
  tap: (packet: Packet) => void = () => {};
  readonly #random: Random;
  readonly #hosts: Host[] = [];
  readonly #byAddress = new Map<string, Host>();
  readonly #streamEnds = new Map<string, Instant>();
  #queue: Happening[] = [];
  #order = 0;

  constructor(random: Random, weather: Weather = FAIR) {
    this.#random = random;
    this.weather = weather;
  }

  attach(host: Host): void {
    if (!this.#hosts.includes(host)) this.#hosts.push(host);
    for (const address of host.addresses) this.#byAddress.set(address, host);
  }

  /** Packets to its addresses vanish from now on; it stays awake. */
  unplug(host: Host): void {
    for (const address of host.addresses) this.#byAddress.delete(address);
  }

  /** Does something at a time from now. */
  in(ms: number, action: () => void): void {
    this.#put(after(this.now, ms), action);
  }

  /** Runs until nothing is left to happen, or for so long. Returns whether all is quiet. */
  run(forMs = 3_600_000): boolean {
    const end = after(this.now, forMs);
    this.#collect();
    for (let step = 0; step < STEPS_MAX; step++) {
      const at = this.#nextAt();
      if (at === undefined) return true;
      if (at > end) {
        this.now = end;
        return false;
      }
      if (at > this.now) this.now = at;
      this.#step();
      this.#collect();
    }
    throw new Error(`more than ${STEPS_MAX} steps: the world turns in a circle`);
  }

  #nextAt(): Instant | undefined {
    const times = this.#hosts.map((host) => host.nextWake).filter((at) => at !== undefined);
    const first = this.#queue[0];
    if (first) times.push(first.at);
    return times.length === 0 ? undefined : instant(Math.min(...times));
  }

  #step(): void {
    const first = this.#queue[0];
    if (first && first.at <= this.now) {
      this.#queue.shift();
      if (typeof first.what === "function") first.what();
      else this.#deliver(first.what);
      return;
    }
    for (const host of this.#hosts) {
      if (host.nextWake !== undefined && host.nextWake <= this.now) host.wake(this.now);
    }
  }

  #deliver(packet: Packet): void {
    this.#byAddress.get(packet.to.address)?.receive(packet, this.now);
  }

  #collect(): void {
    for (const host of this.#hosts) {
      for (const packet of host.drain()) this.#send(packet);
    }
  }

  #send(packet: Packet): void {
    this.tap(packet);
    if (packet.transport !== "udp") return this.#sendInOrder(packet);
    if (this.#chance(this.weather.lossPercent)) return;
    this.#put(this.#arrival(), packet);
    if (this.#chance(this.weather.duplicatePercent)) this.#put(this.#arrival(), packet);
  }

  #sendInOrder(packet: Packet): void {
    const pair = `${packet.from.address}>${packet.to.address}`;
    const at = instant(Math.max(this.#arrival(), this.#streamEnds.get(pair) ?? 0));
    this.#streamEnds.set(pair, at);
    this.#put(at, packet);
  }

  #arrival(): Instant {
    const { delayMsMin, delayMsMax } = this.weather;
    return after(this.now, delayMsMin + this.#random.integer(delayMsMax - delayMsMin + 1));
  }

  #chance(percent: number): boolean {
    return percent > 0 && this.#random.integer(100) < percent;
  }

  /** The queue stays sorted; what comes at one time comes in the order of sending. */
  #put(at: Instant, what: Happening["what"]): void {
    const entry = { at, order: this.#order++, what };
    let i = this.#queue.length;
    while (i > 0 && this.#queue[i - 1]!.at > at) i--;
    this.#queue.splice(i, 0, entry);
  }
}

/** The flow that a packet came by, as its receiver sees it. */
export const flowOf = (packet: Packet, side: Side): Flow => ({
  id: `${packet.transport}:${packet.to.address}:${packet.to.port}:${packet.from.address}:${packet.from.port}`,
  side,
  transport: packet.transport,
  localAddress: packet.to.address,
  localPort: packet.to.port,
  remoteAddress: packet.from.address,
  remotePort: packet.from.port,
});
