import { BoundedMap, type Instant } from "#base";
import type { Flow, Side } from "#sip";
import { EVIDENCE_MAX } from "./denied.ts";
import { type DenyList, type Evidence, LISTS, type Rule } from "./evidence.ts";

/** Sources under suspicion; when there are more, those suspected first are forgotten. */
const SOURCES_MAX = 10_000;
/** Anybody can write another's address on a datagram: it says half of what a connection says. */
const UDP_SHARE = 0.5;

/** What is known against one source. */
export interface Suspicion {
  /** In hundredths; what came by UDP counted half already. */
  weight: number;
  readonly counts: Partial<Record<Rule, number>>;
  readonly evidence: string[];
  /** The port that all of it came from, or undefined when there were several. */
  port: number | undefined;
  byUdpAlone: boolean;
  /** None of it can have been forged, by whatever way it came. */
  isReached?: boolean;
  readonly ends: Instant;
}

/** Adds up evidence, for each source and list, until its window is over. */
export class Suspicions {
  readonly #known: Readonly<
    Record<DenyList, Readonly<Record<Side, BoundedMap<string, Suspicion>>>>
  >;

  constructor() {
    const bySide = () => ({
      public: new BoundedMap<string, Suspicion>(SOURCES_MAX),
      private: new BoundedMap<string, Suspicion>(SOURCES_MAX),
    });
    this.#known = { dos: bySide(), "brute-force": bySide() };
  }

  get size(): number {
    const { dos, "brute-force": bruteForce } = this.#known;
    return [dos, bruteForce].reduce((sum, of) => sum + of.public.size + of.private.size, 0);
  }

  /** Against `source`: an address, or the block that it is of. */
  add(flow: Flow, source: string, evidence: Evidence, ends: Instant, now: Instant): Suspicion {
    const { side, remotePort, transport } = flow;
    const known = this.#known[LISTS[evidence.rule]][side];
    let suspicion = known.get(source);
    if (!suspicion || suspicion.ends <= now) {
      suspicion = {
        weight: 0,
        counts: {},
        evidence: [],
        port: remotePort,
        byUdpAlone: true,
        isReached: true,
        ends,
      };
      known.set(source, suspicion);
    }
    const isUdp = transport === "udp";
    const isForgeable = isUdp && !evidence.isReached;
    if (isForgeable) suspicion.isReached = false;
    suspicion.weight += isForgeable ? evidence.weight * UDP_SHARE : evidence.weight;
    suspicion.counts[evidence.rule] = (suspicion.counts[evidence.rule] ?? 0) + 1;
    if (suspicion.port !== remotePort) suspicion.port = undefined;
    if (!isUdp) suspicion.byUdpAlone = false;
    if (suspicion.evidence.length < EVIDENCE_MAX) suspicion.evidence.push(evidence.excerpt);
    return suspicion;
  }

  /** What stands against an address or a block now. */
  of(list: DenyList, side: Side, source: string, now: Instant): Suspicion | undefined {
    const suspicion = this.#known[list][side].get(source);
    return suspicion && suspicion.ends > now ? suspicion : undefined;
  }

  forget(list: DenyList, side: Side, source: string): void {
    this.#known[list][side].delete(source);
  }
}
