import type { Instant } from "#base";
import type { Switchboard } from "#calls";
import { trunksOf } from "#routing";
import type { Settings, Trunk, TrunkPeer } from "#settings";
import type { Destination, Flow } from "#sip";
import { FlowTable } from "./flow-table.ts";
import type { OutboundFlows, PeerStates } from "./policy.ts";
import { TrunkFlows } from "./trunk-flows.ts";
import type { TrunkRealms } from "./trunk-realms.ts";
import type { Around, TrunkRegistration } from "./trunk-registration.ts";

interface Registering {
  readonly board: Switchboard;
  readonly peers: PeerStates;
  readonly realms: TrunkRealms;
  /** What tells this gateway from others; absent: made for this start alone. */
  readonly instance: string | undefined;
}

/**
 * Registers the trunks that want it with their operators (RFC 3261 §10.2), and keeps them so; and
 * knows the flows by which they are registered (RFC 5626).
 */
export class TrunkRegistrar implements OutboundFlows {
  readonly #around: Around;
  readonly #carried = new FlowTable<TrunkRegistration>();
  #instance: string | undefined;
  #registrations = new Map<string, TrunkFlows>();
  #byName = new Map<string, TrunkFlows>();

  constructor({ board, peers, realms, instance }: Registering, settings: Settings, now: Instant) {
    this.#instance = instance;
    const instanceOf = (trunk: Trunk): string => {
      this.#instance ??= board.random.token(32);
      return instanceUrn(board.hash("sha256", `${this.#instance} ${trunk.name}`));
    };
    this.#around = { board, peers, realms, carried: this.#carried, instanceOf };
    this.apply(settings, now);
  }

  /** A trunk whose registration changed is removed and registered again; others don't notice. */
  apply(settings: Settings, now: Instant): void {
    const next = new Map<string, TrunkFlows>();
    for (const trunk of trunksOf(settings)) {
      if (!trunk.register) continue;
      const { register, peers, domain, credentials } = trunk;
      const password = credentials?.password.reveal();
      const key = JSON.stringify([trunk.name, register, peers, domain, credentials, password]);
      const kept = this.#registrations.get(key);
      next.set(key, kept ?? new TrunkFlows(this.#around, trunk, now));
    }
    this.#byName = new Map([...next.values()].map((one) => [one.trunk.name, one]));
    for (const [key, old] of this.#registrations) {
      if (next.has(key)) continue;
      old.remove(now, this.#byName.get(old.trunk.name));
      this.#around.realms.forget(old.trunk);
    }
    this.#registrations = next;
  }

  /** The gateway stops: operators forget where we were. */
  removeAll(now: Instant): void {
    for (const registration of this.#registrations.values()) registration.remove(now);
  }

  flowTo(trunk: Trunk, peer: TrunkPeer): Destination | undefined {
    return this.#byName.get(trunk.name)?.flowTo(peer);
  }

  isLost(trunk: Trunk, peer: TrunkPeer): boolean {
    return this.#byName.get(trunk.name)?.isLost(peer) ?? false;
  }

  trunkBehind(flow: Flow): string | undefined {
    return this.#carried.trunkOf(flow);
  }

  flowLost(flow: string, why: string, now: Instant): void {
    for (const one of this.#carried.by(flow)) one.flowFailed(why, now);
  }

  ponged({ id }: Flow, now: Instant): void {
    for (const one of this.#carried.by(id)) one.ponged(now);
  }

  stunAnswered({ id }: Flow, text: string, now: Instant): void {
    for (const one of this.#carried.by(id)) one.stunAnswered(text, now);
  }
}

/**
 * RFC 5626 §4.1: a trunk has an instance of its own, so that two operators can't find out together
 * that they serve one gateway. Its form is that of a UUID made by a hash (RFC 9562 §5.8).
 */
function instanceUrn(hash: string): string {
  const digits = `${hash.slice(0, 12)}8${hash.slice(13, 16)}a${hash.slice(17, 32)}`;
  const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16)];
  return `urn:uuid:${[...parts, digits.slice(16, 20), digits.slice(20)].join("-")}`;
}
