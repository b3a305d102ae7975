import type { Instant } from "#base";
import type { Recovery } from "#routing";
import type { Trunk, TrunkPeer } from "#settings";
import type { Destination } from "#sip";
import { type Around, type Flows, TrunkRegistration } from "./trunk-registration.ts";

/** RFC 5626 §4.2.1 asks for as many at most. */
const FLOWS_MAX = 4;

/**
 * A trunk's registrations. Without outbound it is one, with whichever peer takes it. With outbound the
 * first leads: once an operator has granted it, each further peer gets a flow of its own.
 */
export class TrunkFlows implements Flows {
  readonly trunk: Trunk;
  readonly #around: Around;
  readonly #lead: TrunkRegistration;
  #others: TrunkRegistration[] = [];
  #isLeaving = false;
  /** What takes its place. */
  #heir: TrunkFlows | undefined;

  constructor(around: Around, trunk: Trunk, now: Instant) {
    this.trunk = trunk;
    this.#around = around;
    this.#lead = new TrunkRegistration(around, this, undefined, now);
  }

  get isAlone(): boolean {
    return this.#others.length === 0;
  }

  /** The removal may come to the registrar after what the heir asks for, and undo that. */
  remove(now: Instant, heir?: TrunkFlows): void {
    this.#isLeaving = true;
    this.#heir = heir;
    for (const one of this.#all) one.remove(now);
  }

  removed(now: Instant): void {
    this.#heir?.undone(now);
  }

  /** The removal of a former registration is over. */
  undone(now: Instant): void {
    if (this.#heir) this.#heir.undone(now);
    else for (const one of this.#all) one.undone(now);
  }

  formed(now: Instant): void {
    if (this.#isLeaving) return;
    const taken = new Set(this.#all.map(({ regId }) => regId));
    const first = this.trunk.peers.toSorted((a, b) => a.priority - b.priority).slice(0, FLOWS_MAX);
    for (const peer of first) {
      if (taken.has(this.trunk.peers.indexOf(peer) + 1)) continue;
      this.#others.push(new TrunkRegistration(this.#around, this, peer, now));
    }
  }

  recoveryOf(one: TrunkRegistration): Recovery {
    const othersLive = this.#all.some((other) => other !== one && other.flow !== undefined);
    return othersLive ? "others-live" : "all-failed";
  }

  flowTo(peer: TrunkPeer): Destination | undefined {
    return this.#with(peer)?.flow;
  }

  isLost(peer: TrunkPeer): boolean {
    const one = this.#with(peer);
    return one ? one.wantsFlow && one.flow === undefined : false;
  }

  /** Settings that were read again have other objects, but the same places in the list. */
  #with(peer: TrunkPeer): TrunkRegistration | undefined {
    const key = keyOf(peer);
    const regId = this.trunk.peers.findIndex((own) => keyOf(own) === key) + 1;
    return this.#all.find((one) => one.regId === regId);
  }

  get #all(): readonly TrunkRegistration[] {
    return [this.#lead, ...this.#others];
  }
}

const keyOf = ({ host, port, transport }: TrunkPeer): string => `${host} ${port} ${transport}`;
