import { canonicalAddress, hostPort, type Random } from "#base";
import type { RouteRule, SafePattern, Settings, Trunk, TrunkPeer } from "#settings";
import { parseNameAddrs, parseUri, type Request, type SipUri } from "#sip-message";
import { compilePattern, NumberRules } from "./number-rules.ts";
import { orderPeers } from "./peer-order.ts";
import { defaultTrunkOf, trunksOf } from "./trunks.ts";

/** The two numbers (or names) of a call. */
export interface Numbers {
  readonly called: string;
  readonly calling: string;
}

/** A host that a request asks for by its Route or Request-URI. */
export interface AskedHost {
  readonly host: string;
  readonly port?: number;
}

interface CompiledRoute {
  readonly rule: RouteRule;
  readonly pattern: SafePattern | undefined;
  readonly domain: string | undefined;
  readonly trunk: Trunk;
}

interface TrunkRules {
  readonly in: NumberRules;
  readonly out: NumberRules;
}

/** Routes considered of one request: a longer list is no help to anybody. */
const ROUTES_READ_MAX = 8;

/** Which trunk takes a call of the PBX, in which order its peers are tried, and as what numbers. */
export class Router {
  readonly #trunks: ReadonlyMap<string, Trunk>;
  readonly #rules: readonly CompiledRoute[];
  readonly #numbers: ReadonlyMap<string, TrunkRules>;
  /** "host" and "host:port" of every trunk's domain and peers; the first trunk has them. */
  readonly #byHost: ReadonlyMap<string, Trunk>;
  readonly #default: Trunk | undefined;

  constructor(settings: Settings) {
    const trunks = trunksOf(settings);
    this.#trunks = new Map(trunks.map((trunk) => [trunk.name, trunk]));
    this.#rules = settings.routing.rules.flatMap((rule) => compileRoute(rule, this.#trunks));
    this.#numbers = new Map(
      trunks.map(({ name, numberRules }) => [
        name,
        { in: new NumberRules(numberRules.in), out: new NumberRules(numberRules.out) },
      ]),
    );
    this.#byHost = settings.routing.byRequestDomain ? hostsOf(trunks) : new Map();
    this.#default = this.#trunks.get(defaultTrunkOf(settings) ?? "");
  }

  get trunks(): Iterable<Trunk> {
    return this.#trunks.values();
  }

  trunk(name: string): Trunk | undefined {
    return this.#trunks.get(name);
  }

  /** The first rule whose every condition holds, the trunk that is asked for, or the default. */
  trunkFor(called: string, asked: readonly AskedHost[]): Trunk | undefined {
    const hosts = asked.map(({ host }) => hostKey(host));
    const found = this.#rules.find((route) => fits(route, called, hosts));
    return found?.trunk ?? this.#trunkAsked(asked, hosts) ?? this.#default;
  }

  /** The numbers of a call between the PBX and a trunk, as the trunk's rules make them. */
  rewrite(trunk: Trunk, direction: "in" | "out", { called, calling }: Numbers): Numbers {
    const rules = this.#numbers.get(trunk.name)?.[direction];
    if (!rules) return { called, calling };
    return { called: rules.apply("called", called), calling: rules.apply("calling", calling) };
  }

  #trunkAsked(asked: readonly AskedHost[], hosts: readonly string[]): Trunk | undefined {
    for (const [i, host] of hosts.entries()) {
      const port = asked[i]!.port;
      const exact = port === undefined ? undefined : this.#byHost.get(hostPort(host, port));
      const trunk = exact ?? this.#byHost.get(host);
      if (trunk) return trunk;
    }
    return undefined;
  }
}

/**
 * A trunk's peers in the order of trial. One that health calls down comes last, not never: it costs
 * the caller a wait only when all the others have refused, and a wrong verdict loses no call.
 */
export function peersToTry(
  trunk: Trunk,
  random: Random,
  isUp: (peer: TrunkPeer) => boolean,
): TrunkPeer[] {
  const ordered = orderPeers(trunk.peers, random);
  const up = ordered.filter(isUp);
  if (up.length === ordered.length) return ordered;
  return [...up, ...ordered.filter((peer) => !up.includes(peer))];
}

/** The hosts of Route, then the Request-URI's: in the order in which a proxy would go to them. */
export function askedHosts(request: Request, requestUri: SipUri | undefined): AskedHost[] {
  const asked: AskedHost[] = [];
  if (request.headers.has("route")) {
    const routes = parseNameAddrs(request.headers.list("route").slice(0, ROUTES_READ_MAX));
    for (const { uri } of routes) addHost(asked, parseUri(uri));
  }
  addHost(asked, requestUri);
  return asked;
}

function addHost(asked: AskedHost[], uri: SipUri | undefined): void {
  if (!uri || uri.host === "") return;
  asked.push(uri.port === undefined ? { host: uri.host } : { host: uri.host, port: uri.port });
}

function compileRoute(rule: RouteRule, trunks: ReadonlyMap<string, Trunk>): CompiledRoute[] {
  const trunk = trunks.get(rule.trunk);
  // On a LAN element all goes to the WAN element: the file's rules name trunks that aren't there.
  if (!trunk) return [];
  const domain = rule.domain === undefined ? undefined : hostKey(rule.domain);
  return [{ rule, pattern: compilePattern(rule.pattern), domain, trunk }];
}

function fits(
  { rule, pattern, domain }: CompiledRoute,
  called: string,
  hosts: readonly string[],
): boolean {
  if (rule.prefix !== undefined && !called.startsWith(rule.prefix)) return false;
  if (domain !== undefined && !hosts.includes(domain)) return false;
  return pattern === undefined || pattern.match(called) !== undefined;
}

function hostsOf(trunks: readonly Trunk[]): ReadonlyMap<string, Trunk> {
  const found = new Map<string, Trunk>();
  const add = (key: string, trunk: Trunk): void => {
    if (!found.has(key)) found.set(key, trunk);
  };
  for (const trunk of trunks) {
    if (trunk.domain !== undefined) add(hostKey(trunk.domain), trunk);
    for (const { host, port } of trunk.peers) {
      add(hostKey(host), trunk);
      if (port !== undefined) add(hostPort(hostKey(host), port), trunk);
    }
  }
  return found;
}

const hostKey = (host: string): string => canonicalAddress(host) ?? host.toLowerCase();
