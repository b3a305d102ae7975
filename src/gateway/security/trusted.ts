import {
  AddressTable,
  after,
  BoundedMap,
  type Cidr,
  cidrContains,
  type Instant,
  isAddress,
  parseCidr,
} from "#base";
import type { Settings } from "#settings";
import type { Side } from "#sip";
import { blockText, type DeniedSource } from "./denied.ts";
import type { Surface } from "./surface.ts";

/** Why somebody is never denied. */
export type Trust = "pbx" | "trunk" | "allow-list";

/** Places that have shown lately that they belong to a dialog of ours. */
const PROVEN_MAX = 10_000;
/** As long as most calls last without a word of their signalling. */
const PROVEN_MS = 4 * 3_600_000;
/** Names of peers, and addresses that each may add: as many as a sane SRV answer has. */
const NAMES_MAX = 4096;
const LEARNT_MAX = 64;

/** Ports of one address that are remembered: as many phones as an office has in calls at once. */
const PROVEN_PORTS_MAX = 32;

interface Proven {
  until: Instant;
  /** Those that spoke, or were written to; the last one last. */
  readonly ports: number[];
}

type BySide<T> = Readonly<Record<Side, T>>;

/** Who is never denied: the PBX, the trunks, the allow list; and who is heard in a flood as well. */
export class Trusted {
  readonly #table: BySide<AddressTable<Trust>>;
  readonly #blocks: BySide<Cidr[]> = { public: [], private: [] };
  readonly #learnt = new BoundedMap<string, { side: Side; addresses: readonly string[] }>(
    NAMES_MAX,
  );
  readonly #proven: BySide<BoundedMap<string, Proven>> = {
    public: new BoundedMap(PROVEN_MAX),
    private: new BoundedMap(PROVEN_MAX),
  };
  readonly #surface: Surface;
  #settings: Settings;

  constructor(settings: Settings, seed: number, surface: Surface) {
    this.#surface = surface;
    this.#table = { public: new AddressTable(seed), private: new AddressTable(seed) };
    this.#settings = settings;
    this.#fill(settings);
  }

  /** All of them; the peers first. */
  get sources(): readonly DeniedSource[] {
    const all = (["public", "private"] as const).flatMap((side) =>
      this.#blocks[side].map((block) => ({ side, address: blockText(block) })),
    );
    return all.reverse();
  }

  get provenCount(): number {
    return this.#proven.public.size + this.#proven.private.size;
  }

  apply(settings: Settings): void {
    this.#fill(settings);
    this.#surface.emit({ kind: "trust", sources: this.sources });
  }

  #fill(settings: Settings): void {
    this.#settings = settings;
    for (const side of ["public", "private"] as const) {
      this.#table[side].clear();
      this.#blocks[side].length = 0;
    }
    const { pbx, trunks, security } = settings;
    // The allow list is no part of level none (its tab is hidden there).
    const allowed = security.level === "none" ? [] : security.allowList;
    for (const { address } of allowed) {
      this.#add("public", address, "allow-list");
      this.#add("private", address, "allow-list");
    }
    for (const block of pbx.sourceAddresses) this.#add("private", block, "pbx");
    for (const trunk of trunks)
      for (const block of trunk.sourceAddresses) this.#add("public", block, "trunk");
    for (const [, { side, addresses }] of this.#learnt)
      for (const address of addresses)
        this.#add(side, address, side === "private" ? "pbx" : "trunk");
  }

  /** What a peer's name resolved to last; whether that is news. */
  learn(side: Side, name: string, addresses: readonly string[]): boolean {
    const known = addresses.slice(0, LEARNT_MAX).filter(isAddress).sort();
    const key = keyOf({ side, host: name });
    if (String(this.#learnt.get(key)?.addresses) === String(known)) return false;
    this.#learnt.set(key, { side, addresses: known });
    this.apply(this.#settings);
    return true;
  }

  /** New settings, and the names that they have: what was learnt of others is forgotten. */
  keepNames(names: readonly { side: Side; host: string }[], settings: Settings): void {
    const kept = new Set(names.map(keyOf));
    for (const [key] of [...this.#learnt]) if (!kept.has(key)) this.#learnt.delete(key);
    this.apply(settings);
  }

  trustIn(side: Side, address: string): Trust | undefined {
    return this.#table[side].find(address);
  }

  /** Whether denying a block would deny somebody trusted. */
  overlaps(side: Side, block: Cidr): boolean {
    return this.#blocks[side].some((known) =>
      known.prefix <= block.prefix
        ? cidrContains(known, block.bytes)
        : cidrContains(block, known.bytes),
    );
  }

  /** It took part in a dialog of ours, or we wrote to it in one. */
  prove(side: Side, address: string, port: number, now: Instant): void {
    const until = after(now, PROVEN_MS);
    const known = this.#proven[side].get(address);
    if (!known) {
      this.#proven[side].set(address, { until, ports: [port] });
      return;
    }
    known.until = until;
    const { ports } = known;
    if (ports.at(-1) === port) return;
    const at = ports.indexOf(port);
    if (at >= 0) ports.splice(at, 1);
    else if (ports.length >= PROVEN_PORTS_MAX) ports.shift();
    ports.push(port);
  }

  isProven(side: Side, address: string, now: Instant): boolean {
    const proven = this.#proven[side].get(address);
    if (!proven) return false;
    if (proven.until > now) return true;
    this.#proven[side].delete(address);
    return false;
  }

  /** Whether it was that very port. */
  isProvenPort(side: Side, address: string, port: number, now: Instant): boolean {
    if (!this.isProven(side, address, now)) return false;
    return this.#proven[side].get(address)!.ports.includes(port);
  }

  #add(side: Side, text: string, trust: Trust): void {
    const block = parseCidr(text);
    if (!block) return;
    this.#table[side].set(block, trust);
    this.#blocks[side].push(block);
  }
}

const keyOf = ({ side, host }: { side: Side; host: string }): string =>
  `${side} ${host.toLowerCase()}`;
