import { Admission } from "#admission";
import type { Instant, Random } from "#base";
import {
  type Candidate,
  candidateFor,
  type Origin,
  type Policy,
  type Replaced,
  type Route,
} from "#calls";
import { type End, end } from "#ends";
import type { NameQuery } from "#port";
import { askedHosts, peersToTry, Router, type Source, Sources, userOf } from "#routing";
import type { Settings, Trunk, TrunkPeer } from "#settings";
import type { DigestCredentials, Flow, Side, Transport } from "#sip";
import { escapeUser, parseUri, type Request } from "#sip-message";
import { toldOfPbx, withheldOf } from "./withheld.ts";

/** What the watch over the peers knows. */
export interface PeerStates {
  isUp(trunk: Trunk, peer: TrunkPeer): boolean;
}

/** The operator's policy: who is known, where calls go, how many there may be. */
export class OperatorPolicy implements Policy {
  draining = false;
  readonly #random: Random;
  readonly #peers: PeerStates;
  readonly #admission: Admission;
  #settings: Settings;
  #sources: Sources;
  #router: Router;

  constructor(settings: Settings, random: Random, peers: PeerStates) {
    this.#settings = settings;
    this.#random = random;
    this.#peers = peers;
    this.#admission = new Admission(settings);
    this.#sources = new Sources(settings);
    this.#router = new Router(settings);
  }

  apply(settings: Settings): void {
    this.#settings = settings;
    this.#sources = new Sources(settings);
    this.#router = new Router(settings);
    this.#admission.apply(settings);
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

  origin(flow: Flow): Origin | undefined {
    const source = this.#sources.find(flow);
    return source && originOf(source);
  }

  route(request: Request, origin: Origin): Route | End {
    return origin.kind === "trunk" ? this.#toPbx(request, origin) : this.#toOperator(request);
  }

  replacing(request: Request, replaced: Replaced): Route | End {
    const trunk = this.#router.trunk(replaced.trunk ?? "");
    if (!trunk) return end("no-route");
    const toward = replaced.peer.side;
    const direction = toward === "private" ? "in" : "out";
    const { users, ...numbers } = this.#numbers(request, trunk, direction);
    const { user: _, ...callers } = users;
    const candidates = [candidateFor(replaced, callers)];
    return { candidates, ...numbers, toward, trunk: trunk.name };
  }

  admit(callId: string, route: Route, now: Instant): End | undefined {
    const { trunk, toward, callee, dialled } = route;
    return this.#admission.admit(callId, { trunk, toward, called: [callee, dialled] }, now);
  }

  release(callId: string): void {
    this.#admission.release(callId);
  }

  #toPbx(request: Request, origin: Origin): Route | End {
    const trunk = this.#router.trunk(origin.trunk ?? "");
    if (!trunk) return end("unknown-source");
    const { pbx, pbxReached } = this.#settings;
    const { users, ...numbers } = this.#numbers(request, trunk, "in");
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
    };
    return { candidates: [candidate], ...numbers, toward: "private", trunk: trunk.name };
  }

  #toOperator(request: Request): Route | End {
    const uri = parseUri(request.uri);
    const called = uri ? userOf(uri) : "";
    const trunk = this.#router.trunkFor(called, askedHosts(request, uri));
    if (!trunk) return end("no-route");
    const { users, ...numbers } = this.#numbers(request, trunk, "out");
    const peers = peersToTry(trunk, this.#random, (peer) => this.#peers.isUp(trunk, peer));
    const candidates = peers.map((peer) => trunkCandidate(trunk, peer, users));
    const told = toldOfPbx(trunk);
    const facts = {
      toward: "public",
      trunk: trunk.name,
      ...(told && { callerTold: told }),
    } as const;
    return { candidates, ...numbers, ...facts };
  }

  #numbers(request: Request, trunk: Trunk, direction: "in" | "out") {
    const [to, from] = [request.target, parseUri(request.from.uri)];
    const given = { called: to ? userOf(to) : "", calling: from ? userOf(from) : "" };
    const { called, calling } = this.#router.rewrite(trunk, direction, given);
    const users = {
      ...(called === "" ? {} : { user: escapeUser(called) }),
      ...(calling === "" ? {} : { fromUser: escapeUser(calling) }),
    };
    return { caller: calling, callee: called, dialled: given.called, users };
  }
}

function originOf(source: Source): Origin {
  if (source.kind === "pbx") return { kind: "pbx" };
  const { trunk } = source;
  const withheld = withheldOf(trunk);
  return { kind: "trunk", trunk: trunk.name, withheld, ...credentialsOf(trunk) };
}

/** One peer of a trunk as a place to send to. */
export function trunkCandidate(
  trunk: Trunk,
  peer: TrunkPeer,
  users: Pick<Candidate, "user" | "fromUser">,
): Candidate {
  const contactUser = trunk.register?.contactUser ?? trunk.register?.user;
  const uriPort = trunk.domain === undefined ? peer.port : undefined;
  return {
    name: `${trunk.name}/${peer.host}`,
    side: "public",
    query: queryOf("public", peer),
    uriHost: trunk.domain ?? peer.host,
    ...(uriPort === undefined ? {} : { uriPort }),
    ...(trunk.domain === undefined ? {} : { fromHost: trunk.domain }),
    ...users,
    ...(contactUser === undefined ? {} : { contactUser }),
    trunk: trunk.name,
    withheld: withheldOf(trunk),
    failoverStatuses: trunk.failoverStatuses,
    redirects: trunk.redirects,
    ...credentialsOf(trunk),
  };
}

function credentialsOf({ credentials }: Trunk): { credentials?: DigestCredentials } {
  if (!credentials) return {};
  const { user, password, realm } = credentials;
  return { credentials: { user, password, ...(realm === undefined ? {} : { realm }) } };
}

/** A name with its port or transport where the settings fix them (RFC 3263 §4). */
export function queryOf(
  side: Side,
  peer: {
    readonly host: string;
    readonly port?: number;
    readonly transport?: Transport;
  },
): NameQuery {
  const { host, port, transport } = peer;
  return {
    side,
    host,
    secure: false,
    ...(port === undefined ? {} : { port }),
    ...(transport === undefined ? {} : { transport }),
  };
}
