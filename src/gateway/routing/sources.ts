import {
  BoundedMap,
  type Cidr,
  canonicalAddress,
  cidrContains,
  parseAddress,
  parseCidr,
} from "#base";
import type { Settings, Trunk } from "#settings";
import type { Flow, Side } from "#sip";
import { trunksOf } from "./trunks.ts";

/** Who a request comes from, as its side and source address tell. */
export type Source = { readonly kind: "pbx" } | { readonly kind: "trunk"; readonly trunk: Trunk };

/** Addresses whose answer is remembered: a call asks a dozen times for the same. */
const REMEMBERED_MAX = 4096;

/** Addresses that one name may add: as many as a sane SRV answer has. */
const LEARNT_MAX = 64;

interface Accepted {
  readonly source: Source;
  readonly blocks: readonly Cidr[];
}

/** Knows the PBX and the trunks by their source addresses; anybody else is a stranger. */
export class Sources {
  readonly #pbx: Accepted;
  readonly #trunks: readonly Accepted[];
  /** Addresses that names of the settings resolved to, by the name (lower case). */
  readonly #learnt = new Map<string, ReadonlySet<string>>();
  readonly #namesOf: ReadonlyMap<Source, readonly string[]>;
  /** By side, then by the address alone: that text is the flow's own, so no key need be made. */
  readonly #remembered = {
    public: new BoundedMap<string, readonly Source[]>(REMEMBERED_MAX),
    private: new BoundedMap<string, readonly Source[]>(REMEMBERED_MAX),
  };

  constructor(settings: Settings) {
    const pbx: Source = { kind: "pbx" };
    this.#pbx = { source: pbx, blocks: blocksOf(settings.pbx.sourceAddresses) };
    this.#trunks = trunksOf(settings).map((trunk) => ({
      source: { kind: "trunk", trunk } as const,
      blocks: blocksOf(trunk.sourceAddresses),
    }));
    const names = new Map<Source, readonly string[]>([[pbx, namesOf([settings.pbxReached.host])]]);
    for (const { source } of this.#trunks) {
      if (source.kind === "trunk")
        names.set(source, namesOf(source.trunk.peers.map(({ host }) => host)));
    }
    this.#namesOf = names;
  }

  /** The names whose addresses count as sources: to be resolved, and learnt. */
  get names(): readonly string[] {
    return [...new Set([...this.#namesOf.values()].flat())];
  }

  /** What a name resolved to last; the addresses that it had before no longer count. */
  learn(name: string, addresses: readonly string[]): void {
    const canonical = addresses.slice(0, LEARNT_MAX).map(canonicalAddress);
    this.#learnt.set(name.toLowerCase(), new Set(canonical.filter((text) => text !== undefined)));
    this.#remembered.public.clear();
    this.#remembered.private.clear();
  }

  find(flow: Flow): Source | undefined {
    const sources = this.#at(flow.side, flow.remoteAddress);
    return sources.length > 1 ? closest(sources, flow) : sources[0];
  }

  /** Whether an address is that of a peer on this side. */
  knows(side: Side, address: string): boolean {
    return this.#at(side, address).length > 0;
  }

  /** Whether a trunk's requests may come from there: its peers, and what else its settings name. */
  accepts(trunk: string, address: string): boolean {
    const sources = this.#at("public", address);
    return sources.some((source) => source.kind === "trunk" && source.trunk.name === trunk);
  }

  #at(side: Side, address: string): readonly Source[] {
    const remembered = this.#remembered[side];
    const known = remembered.get(address);
    if (known) return known;
    const sources = this.#search(side, address);
    remembered.set(address, sources);
    return sources;
  }

  /** All that accept the address; with several trunks, those of the narrowest block. */
  #search(side: Side, remoteAddress: string): readonly Source[] {
    const address = canonicalAddress(remoteAddress);
    if (address === undefined) return [];
    const known = side === "private" ? [this.#pbx] : this.#trunks;
    const fits = known.map((accepted) => ({ ...accepted, fit: this.#fit(accepted, address) }));
    const best = Math.max(...fits.map(({ fit }) => fit), 0);
    return fits.filter(({ fit }) => fit >= 0 && fit === best).map(({ source }) => source);
  }

  /** The longest prefix that covers the address; a learnt address counts as a whole one; or -1. */
  #fit({ source, blocks }: Accepted, address: string): number {
    const names = this.#namesOf.get(source) ?? [];
    const bytes = parseAddress(address)!;
    if (names.some((name) => this.#learnt.get(name)?.has(address))) return bytes.length * 8;
    const prefixes = blocks
      .filter((block) => cidrContains(block, bytes))
      .map(({ prefix }) => prefix);
    return Math.max(-1, ...prefixes);
  }
}

/** Trunks of one operator often share an address: the peer's port and transport tell them apart. */
function closest(sources: readonly Source[], flow: Flow): Source | undefined {
  const likeness = (source: Source): number => {
    if (source.kind === "pbx") return 0;
    const scores = source.trunk.peers.map(
      ({ port, transport }) =>
        (port === flow.remotePort ? 2 : 0) + (transport === flow.transport ? 1 : 0),
    );
    return Math.max(0, ...scores);
  };
  return sources.reduce((best, source) => (likeness(source) > likeness(best) ? source : best));
}

const blocksOf = (texts: readonly string[]): Cidr[] =>
  texts.map(parseCidr).filter((block) => block !== undefined);

const namesOf = (hosts: readonly string[]): string[] =>
  hosts.filter((host) => canonicalAddress(host) === undefined).map((host) => host.toLowerCase());
