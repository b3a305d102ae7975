import { Admission } from "#admission";
import { canonicalAddress, type Instant, isAddress, type Random } from "#base";
import {
  type Candidate,
  candidateFor,
  type Leg,
  type Origin,
  type Policy,
  type Readmitted,
  type Replaced,
  type Route,
} from "#calls";
import { type End, end, isEnd } from "#ends";
import type { Effect, ReferRules, Remembered } from "#port";
import { askedHosts, numberIn, peersToTry, Router, type Source, Sources, userOf } from "#routing";
import type { Malevolence, Malice, Outcome } from "#security";
import type { Settings, Trunk, TrunkPeer } from "#settings";
import type { Destination, Flow, Side } from "#sip";
import { escapeUser, parseUri, type Request, type SipUri } from "#sip-message";
import { securedRoute } from "./secure-route.ts";
import { byFlow, credentialsOf, queryOf, trunkCandidate } from "./trunk-candidate.ts";
import type { TrunkRealms } from "./trunk-realms.ts";
import { toldOfPbx, withheldOf } from "./withheld.ts";

/** What the watch over the peers knows. */
export interface PeerStates {
  isUp(trunk: Trunk, peer: TrunkPeer): boolean;
}

/** What the trunks' outbound flows know (RFC 5626). */
export interface OutboundFlows {
  /** By which a peer's requests go now. */
  flowTo(trunk: Trunk, peer: TrunkPeer): Destination | undefined;
  /** A flow to this peer failed, and isn't formed anew yet. */
  isLost(trunk: Trunk, peer: TrunkPeer): boolean;
  /** The one trunk that registered by a flow. */
  trunkBehind(flow: Flow): string | undefined;
}

/** What happens around the policy: whom it asks. */
interface States {
  readonly peers: PeerStates;
  readonly realms: TrunkRealms;
  readonly flows: OutboundFlows;
  readonly emit: (effect: Effect) => void;
  readonly malice: Malice;
}

/** The operator's policy: who is known, where calls go, how many there may be. */
export class OperatorPolicy implements Policy {
  draining = false;
  readonly #random: Random;
  readonly #peers: PeerStates;
  readonly #realms: TrunkRealms;
  readonly #flows: OutboundFlows;
  readonly #admission: Admission;
  readonly #malice: Malice;
  #settings: Settings;
  #sources: Sources;
  #router: Router;

  constructor(settings: Settings, random: Random, { peers, realms, flows, emit, malice }: States) {
    this.#settings = settings;
    this.#random = random;
    this.#peers = peers;
    this.#realms = realms;
    this.#flows = flows;
    this.#malice = malice;
    this.#admission = new Admission(settings, emit);
    this.#sources = new Sources(settings);
    this.#router = new Router(settings);
  }

  apply(settings: Settings): void {
    this.#settings = settings;
    this.#sources = new Sources(settings);
    this.#router = new Router(settings);
    this.#admission.apply(settings);
    this.#malice.apply(settings);
  }

  /** Names whose addresses count as sources. */
  get names(): readonly { readonly side: Side; readonly host: string }[] {
    const pbx = this.#settings.pbxReached.host.toLowerCase();
    return this.#sources.names.map((host) => ({
      side: host === pbx ? ("private" as const) : ("public" as const),
      host,
    }));
  }

  learn(name: string, addresses: readonly string[]): void {
    this.#sources.learn(name, addresses);
  }

  serves(side: Side, address: string): boolean {
    return this.#sources.knows(side, address);
  }

  origin(flow: Flow): Origin | undefined {
    const trunk = this.#router.trunk(this.#flows.trunkBehind(flow) ?? "");
    const source = trunk ? ({ kind: "trunk", trunk } as const) : this.#sources.find(flow);
    return source && originOf(source, this.#realms);
  }

  route(request: Request, origin: Origin): Route | End {
    const isTrunk = origin.kind === "trunk";
    const route = isTrunk ? this.#toPbx(request, origin) : this.#toOperator(request);
    return securedRoute(request, route, this.#settings);
  }

  replacing(request: Request, replaced: Replaced): Route | End {
    const trunk = this.#router.trunk(replaced.trunk ?? "");
    if (!trunk) return end("no-route");
    const toward = replaced.peer.side;
    const direction = toward === "private" ? "in" : "out";
    const { users, ...numbers } = this.#numbers(request, trunk, direction);
    const { user: _, ...callers } = users;
    const candidates = [candidateFor(replaced, callers)];
    const route = { candidates, ...numbers, toward, ...factsOf(trunk) };
    return securedRoute(request, route, this.#settings);
  }

  referred(invite: Request, by: Side, name: string | undefined): Route | End {
    return securedRoute(invite, this.#referred(invite, by, name), this.#settings);
  }

  #referred(invite: Request, by: Side, name: string | undefined): Route | End {
    const own = this.#router.trunk(name ?? "");
    const host = parseUri(invite.uri)?.host;
    if (!own) return end("no-route");
    if (host === undefined || !this.#isOwn(by, host, own)) {
      return by === "private" ? this.#toOperator(invite) : this.#pbx(invite, own, "in");
    }
    return by === "private"
      ? this.#pbx(invite, own, undefined)
      : this.#operator(invite, own, undefined);
  }

  admit(callId: string, route: Route, now: Instant, replaces?: string): End | undefined {
    const { trunk, toward, callee, dialled } = route;
    const called = [callee, dialled];
    const refused = this.#admission.admit(callId, { trunk, toward, called, replaces }, now);
    const calling = refused ? undefined : callingOf(route);
    if (calling) this.#malice.numbers.begun(callId, calling);
    return refused;
  }

  malicious(request: Request, flow: Flow, route: Route, now: Instant): End | undefined {
    const calling = request.method === "INVITE" ? callingOf(route) : undefined;
    return this.#malice.judge({ request, flow, calling }, now);
  }

  /** What is malicious about a request of somebody who is served; nothing is counted. */
  maliceIn(request: Request, flow: Flow, now: Instant): Malevolence | undefined {
    const origin = request.method === "INVITE" ? this.origin(flow) : undefined;
    const route = origin?.kind === "trunk" ? this.route(request, origin) : undefined;
    const calling = route && !isEnd(route) ? callingOf(route) : undefined;
    return this.#malice.find({ request, flow, calling }, now);
  }

  smuggled(request: Request, flow: Flow, why: End, now: Instant): void {
    this.#malice.smuggled({ request, flow }, why, now);
  }

  ended(callId: string, outcome: Outcome, now: Instant): void {
    this.#malice.numbers.ended(callId, outcome, now);
  }

  mayRefer(name: string | undefined, uri: SipUri, now: Instant): End | undefined {
    const trunk = this.#router.trunk(name ?? "");
    if (!trunk) return undefined;
    const isOwn = uri.host !== undefined && this.#isOwn("private", uri.host, trunk);
    return this.#admission.mayReach(trunk.name, { number: userOf(uri), isOwn }, now);
  }

  answered(callId: string, sinceMs: Instant, now: Instant): number | undefined {
    return this.#admission.answered(callId, sinceMs, now);
  }

  overdue(callId: string, now: Instant): End | number | undefined {
    return this.#admission.overdue(callId, now);
  }

  release(callId: string, now: Instant): void {
    this.#malice.numbers.forget(callId);
    this.#admission.release(callId, now);
  }

  readmit(callId: string, { trunk, toward, callee }: Readmitted, now: Instant): void {
    this.#admission.readmit(callId, { trunk, toward, called: [callee] }, now);
  }

  /** What another process remembered. */
  restore(records: readonly Remembered[], now: Instant): void {
    this.#admission.restore(records, now);
  }

  peerOf(side: Side, name: string | undefined): Pick<Leg, "credentials" | "withheld"> {
    const trunk = this.#router.trunk(name ?? "");
    if (!trunk) return NOBODY;
    if (side === "private") return { credentials: undefined, withheld: toldOfPbx(trunk) };
    const { credentials } = credentialsOf(trunk, this.#realms.of(trunk));
    return { credentials, withheld: withheldOf(trunk) };
  }

  /** Who is redirected calls no other numbers than who dials. */
  readonly #redial: NonNullable<Candidate["redial"]> = (callId, user, now) =>
    this.#admission.redial(callId, numberIn(user), now);

  #toPbx(request: Request, origin: Origin): Route | End {
    const trunk = this.#router.trunk(origin.trunk ?? "");
    return trunk ? this.#pbx(request, trunk, "in") : end("unknown-source");
  }

  #pbx(request: Request, trunk: Trunk, rules: "in" | undefined): Route {
    const { pbx, pbxReached } = this.#settings;
    const { users, ...numbers } = this.#numbers(request, trunk, rules);
    const withheld = toldOfPbx(trunk);
    const candidate: Candidate = {
      name: "pbx",
      side: "private",
      query: queryOf("private", { ...pbxReached, transport: pbx.transport }),
      uriHost: pbx.host,
      ...(pbx.port === undefined ? {} : { uriPort: pbx.port }),
      ...users,
      trunk: trunk.name,
      ...(withheld && { withheld }),
      // RFC 3263 §4.3: what has no room sends to the next of its name's addresses.
      failoverStatuses: [503],
      redirects: "pass",
      mayForward: (uri, now) => this.mayRefer(trunk.name, uri, now),
    };
    return { candidates: [candidate], ...numbers, toward: "private", ...factsOf(trunk) };
  }

  #toOperator(request: Request): Route | End {
    const uri = parseUri(request.uri);
    const called = uri ? userOf(uri) : "";
    const trunk = this.#router.trunkFor(called, askedHosts(request, uri));
    return trunk ? this.#operator(request, trunk, "out") : end("no-route");
  }

  #operator(request: Request, trunk: Trunk, rules: "out" | undefined): Route {
    const { users, ...numbers } = this.#numbers(request, trunk, rules);
    const isUp = (peer: TrunkPeer): boolean =>
      this.#peers.isUp(trunk, peer) && !this.#flows.isLost(trunk, peer);
    const peers = peersToTry(trunk, this.#random, isUp);
    const credentials = credentialsOf(trunk, this.#realms.of(trunk));
    const mayLeadTo = (address: string): boolean => this.#sources.accepts(trunk.name, address);
    const candidates = peers.map((peer) => ({
      ...byFlow(trunkCandidate(trunk, peer, users), this.#flows.flowTo(trunk, peer)),
      ...credentials,
      ...(trunk.redirects === "follow" && { mayLeadTo, redial: this.#redial }),
    }));
    const told = toldOfPbx(trunk);
    const callerTold = told && { callerTold: told };
    return { candidates, ...numbers, toward: "public", ...factsOf(trunk), ...callerTold };
  }

  /** Whether who refers to a host means its own side: the PBX, or the operator that it is. */
  #isOwn(by: Side, host: string, { domain, peers }: Trunk): boolean {
    const { pbx, pbxReached } = this.#settings;
    const names = by === "private" ? [pbx.host, pbxReached.host] : peers.map((peer) => peer.host);
    if ([...names, by === "public" ? domain : undefined].some((name) => isSameHost(name, host)))
      return true;
    if (!isAddress(host) || this.#isOurs(host)) return false;
    // A phone of the PBX is named by an address of its own: nobody outside could reach it there.
    return by === "private" ? !this.#sources.knows("public", host) : this.#sources.knows(by, host);
  }

  #isOurs(host: string): boolean {
    const { advertised, publicLocal, privateLocal } = this.#settings;
    return [advertised, publicLocal, privateLocal].some(({ address }) => isSameHost(address, host));
  }

  #numbers(request: Request, trunk: Trunk, direction: "in" | "out" | undefined) {
    const [to, from] = [request.target, parseUri(request.from.uri)];
    const asked = to ? userOf(to) : "";
    const dialled = direction === "in" ? dialledOf(request, asked, trunk) : asked;
    const given = { called: dialled, calling: from ? userOf(from) : "" };
    const { called, calling } = direction ? this.#router.rewrite(trunk, direction, given) : given;
    const users = {
      ...(called === "" ? {} : { user: escapeUser(called) }),
      ...(calling === "" ? {} : { fromUser: escapeUser(calling) }),
    };
    return { caller: calling, callee: called, dialled, users };
  }
}

/** Who calls a number of ours from outside: whether anybody has it is the PBX's to say. */
const callingOf = ({ toward, trunk, caller, dialled }: Route) =>
  toward === "private" && trunk !== undefined ? { trunk, caller, called: dialled } : undefined;

/** A trunk that the settings no longer have. */
const NOBODY = { credentials: undefined, withheld: undefined };

/**
 * The number that was dialled, where the operator asks for `asked`. Who registered gets its calls
 * at the Contact that it gave (RFC 3261 §16.5): then the number dialled stands in To alone.
 */
function dialledOf(request: Request, asked: string, { register }: Trunk): string {
  if (!register) return asked;
  const { user, contactUser = user } = register;
  if (asked !== contactUser) return asked;
  const uri = parseUri(request.to.uri);
  const dialled = uri ? userOf(uri) : "";
  return dialled === "" || dialled === user ? asked : dialled;
}

const isSameHost = (one: string | undefined, other: string): boolean =>
  one !== undefined &&
  (canonicalAddress(one) ?? one.toLowerCase()) === (canonicalAddress(other) ?? other.toLowerCase());

/** What a call keeps of its trunk. */
const factsOf = (trunk: Trunk): Pick<Route, "trunk" | "referRules" | "keyExchange"> => ({
  trunk: trunk.name,
  referRules: trunk.refer === "pass" ? PASSED : trunk.referFrom === "pbx" ? PBX_MAY : ALL_MAY,
  ...exchangeOf(trunk),
});

const exchangeOf = ({ keyExchange }: Trunk): Pick<Route, "keyExchange"> =>
  keyExchange ? { keyExchange } : {};

const PASSED: ReferRules = { public: "pass", private: "pass" };
const PBX_MAY: ReferRules = { public: "refuse", private: "perform" };
const ALL_MAY: ReferRules = { public: "perform", private: "perform" };

function originOf(source: Source, realms: TrunkRealms): Origin {
  if (source.kind === "pbx") return { kind: "pbx" };
  const { trunk } = source;
  const withheld = withheldOf(trunk);
  const credentials = credentialsOf(trunk, realms.of(trunk));
  return { kind: "trunk", trunk: trunk.name, withheld, ...credentials, ...exchangeOf(trunk) };
}
