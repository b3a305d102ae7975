import { canonicalAddress, isIpv6, type Random } from "#base";
import type { NameQuery, Target } from "#port";
import type { Transport } from "#sip";

// Locating SIP servers (RFC 3263) as a conversation: questions go out, answers come in, targets
// come out. It asks nobody itself, so it is tested with answers written by hand.

export interface LocateQuery extends Omit<NameQuery, "side"> {
  /** The families that can be reached, the preferred one first. */
  readonly families: readonly (4 | 6)[];
  /** The transports that can be used, the preferred one first; absent: udp, tcp, tls. */
  readonly transports?: readonly Transport[];
}

export interface Question {
  readonly name: string;
  readonly type: "NAPTR" | "SRV" | "A" | "AAAA";
}

export interface Naptr {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly replacement: string;
}

export interface Srv {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

export type DnsFailure =
  | "no-such-name"
  | "no-records"
  | "timeout"
  | "server-failure"
  | "busy"
  | "closed";

/** The answer to one question; lists of other types than the question's are empty. */
export interface Answer {
  readonly naptr: readonly Naptr[];
  readonly srv: readonly Srv[];
  readonly addresses: readonly string[];
  readonly ttlS: number;
  /** Why there is nothing. */
  readonly failure?: DnsFailure;
}

/** Where to send, best first; or why nowhere. */
export interface Located {
  readonly targets: readonly Target[];
  /** How long this holds. */
  readonly ttlS: number;
  readonly why?: DnsFailure | "bad-name" | "service-declined" | "no-transport";
}

/** A server by name: the last step asks for its addresses. */
interface Server {
  readonly transport: Transport;
  readonly host: string;
  readonly port: number;
}

type Conversation<T> = Generator<readonly Question[], T, readonly Answer[]>;

/** What an address as a target is worth: it doesn't change. */
const FOREVER_S = 86_400;
const SERVERS_MAX = 16;
const TARGETS_MAX = 32;

const SERVICES: Readonly<Record<string, Transport>> = {
  "sip+d2u": "udp",
  "sip+d2t": "tcp",
  "sips+d2t": "tls",
};

const SRV_PREFIX: Readonly<Record<Transport, string>> = {
  udp: "_sip._udp.",
  tcp: "_sip._tcp.",
  tls: "_sips._tcp.",
};

const defaultPort = (transport: Transport): number => (transport === "tls" ? 5061 : 5060);

/** Drive it with the answers to each list of questions that it yields, in their order. */
export function* locate(query: LocateQuery, random: Random): Conversation<Located> {
  const transports = transportsOf(query);
  const [transport] = transports;
  if (!transport) return nowhere("no-transport", FOREVER_S);
  const address = canonicalAddress(query.host);
  if (address !== undefined) return numeric(address, transport, query);
  const host = query.host.toLowerCase().replace(/\.$/, "");
  if (!isHostName(host)) return nowhere("bad-name", FOREVER_S);

  const heard = new Heard();
  const asked =
    query.port === undefined ? yield* services(host, query, transports, heard, random) : [];
  if (asked.length === 0 && heard.declined) return nowhere("service-declined", heard.ttlS);
  const port = query.port ?? defaultPort(transport);
  const servers = asked.length > 0 ? asked : [{ transport, host, port }];
  return yield* addressesOf(servers.slice(0, SERVERS_MAX), host, query.families, heard);
}

/** `sips:` and a given transport leave no choice; else the caller's order (RFC 3263 §4.1). */
function transportsOf({ secure, transport, transports = ["udp", "tcp", "tls"] }: LocateQuery) {
  if (secure) return transports.filter((each) => each === "tls");
  return transport === undefined ? transports : transports.filter((each) => each === transport);
}

function numeric(address: string, transport: Transport, query: LocateQuery): Located {
  if (!query.families.includes(isIpv6(address) ? 6 : 4)) return nowhere("no-records", FOREVER_S);
  const port = query.port ?? defaultPort(transport);
  return { targets: [{ transport, address, port }], ttlS: FOREVER_S };
}

/** The servers that NAPTR and SRV name; none where the domain has no such records. */
function* services(
  host: string,
  query: LocateQuery,
  transports: readonly Transport[],
  heard: Heard,
  random: Random,
): Conversation<Server[]> {
  if (query.transport === undefined) {
    const [answer] = heard.all(yield [{ name: host, type: "NAPTR" }]);
    const named = servicesOf(answer!.naptr, transports);
    const servers = yield* serversOf(named, heard, random);
    if (servers.length > 0) return servers;
  }
  const usual = transports.map((transport) => ({ transport, name: SRV_PREFIX[transport] + host }));
  return yield* serversOf(usual, heard, random);
}

/** A transport that a domain offers, and the SRV name of its servers. */
interface Offer {
  readonly transport: Transport;
  readonly name: string;
}

function servicesOf(records: readonly Naptr[], transports: readonly Transport[]): Offer[] {
  return [...records]
    .sort((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(({ flags, service, replacement }) => {
      const transport = Object.hasOwn(SERVICES, service.toLowerCase())
        ? SERVICES[service.toLowerCase()]
        : undefined;
      const usable = transport && transports.includes(transport) && isHostName(replacement);
      return usable && flags.toLowerCase() === "s" ? [{ transport, name: replacement }] : [];
    })
    .slice(0, SERVERS_MAX);
}

function* serversOf(named: readonly Offer[], heard: Heard, random: Random): Conversation<Server[]> {
  if (named.length === 0) return [];
  const answers = heard.all(yield named.map(({ name }) => ({ name, type: "SRV" }) as const));
  return named.flatMap(({ transport }, i) =>
    inOrder(answers[i]!.srv, random)
      .filter(({ target, port }) => port > 0 && isHostName(target))
      .map(({ target, port }) => ({ transport, host: target, port })),
  );
}

/** Lower priority first; among equals by lot, in proportion to the weights (RFC 2782). */
export function inOrder(records: readonly Srv[], random: Random): Srv[] {
  const ordered: Srv[] = [];
  for (const priority of [...new Set(records.map((each) => each.priority))].sort((a, b) => a - b)) {
    // Those of weight 0 stand first, which gives them a very small chance.
    const left = records
      .filter((each) => each.priority === priority)
      .sort((a, b) => Math.sign(a.weight) - Math.sign(b.weight));
    while (left.length > 0) ordered.push(draw(left, random));
  }
  return ordered;
}

function draw(left: Srv[], random: Random): Srv {
  const total = left.reduce((sum, { weight }) => sum + weight, 0);
  const lot = random.integer(total + 1);
  let sum = 0;
  const at = left.findIndex(({ weight }) => {
    sum += weight;
    return sum >= lot;
  });
  return left.splice(at, 1)[0]!;
}

function* addressesOf(
  servers: readonly Server[],
  domain: string,
  families: readonly (4 | 6)[],
  heard: Heard,
): Conversation<Located> {
  const hosts = [...new Set(servers.map(({ host }) => host))];
  const questions = hosts.flatMap((name) =>
    families.map((family) => ({ name, type: family === 6 ? "AAAA" : "A" }) as const),
  );
  const answers = heard.all(yield questions);
  const found = new Map<string, string[]>(hosts.map((host) => [host, []]));
  for (const [i, { name }] of questions.entries()) {
    found.get(name)!.push(...answers[i]!.addresses);
  }
  const targets = servers
    .flatMap(({ host, transport, port }) =>
      found.get(host)!.map((address) => ({
        transport,
        address,
        port,
        // The certificate speaks for the domain that was asked for, not for the host that DNS
        // names: whoever forges DNS must not choose the name (RFC 5922 §4).
        ...(transport === "tls" && { serverName: domain }),
      })),
    )
    .slice(0, TARGETS_MAX);
  if (targets.length > 0) return { targets, ttlS: heard.ttlS };
  return nowhere(worst(answers), heard.ttlS);
}

/** What was heard on the way: the result holds no longer than its shortest part. */
class Heard {
  ttlS = FOREVER_S;
  /** A service whose only target is the root is decidedly not there (RFC 2782). */
  declined = false;

  all(answers: readonly Answer[]): readonly Answer[] {
    for (const { ttlS, srv } of answers) {
      this.ttlS = Math.min(this.ttlS, ttlS);
      if (srv.length === 1 && srv[0]!.target === "") this.declined = true;
    }
    return answers;
  }
}

const nowhere = (why: NonNullable<Located["why"]>, ttlS: number): Located => ({
  targets: [],
  ttlS,
  why,
});

const BY_SEVERITY: readonly DnsFailure[] = [
  "closed",
  "busy",
  "timeout",
  "server-failure",
  "no-records",
];

/** A name that may exist is not reported as one that doesn't. */
function worst(answers: readonly Answer[]): DnsFailure {
  const failures = new Set(answers.map(({ failure }) => failure));
  return BY_SEVERITY.find((failure) => failures.has(failure)) ?? "no-such-name";
}

/** Labels of letters, digits, `-` and `_`; without the final dot. */
export function isHostName(name: string): boolean {
  if (name.length === 0 || name.length > 253) return false;
  return name.split(".").every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
}
