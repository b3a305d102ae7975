import { type Instant, instant, isIpv6, type Random } from "#base";
import { nothing, type Reading, rcodeOf, readAnswer } from "./dns-answer.ts";
import { DnsCache } from "./dns-cache.ts";
import { type DnsServer, exchange } from "./dns-exchange.ts";
import {
  type Answer,
  type DnsFailure,
  isHostName,
  type Located,
  type LocateQuery,
  locate,
  type Question,
} from "./rfc3263.ts";
import { type Hosts, parseHosts, parseResolvConf, WatchedFile } from "./system-files.ts";

export interface ResolverOptions {
  readonly random: Random;
  /** Absent: those of `resolvConf`. */
  readonly servers?: readonly DnsServer[];
  readonly resolvConf?: string;
  readonly hostsFile?: string;
  /** How long one server may take for one answer. */
  readonly timeoutMs?: number;
  /** How often each server is asked. */
  readonly attempts?: number;
  readonly cacheMax?: number;
  /** Questions under way at a time. */
  readonly pendingMax?: number;
  /** How long after its end an answer still serves, while no server answers. */
  readonly staleS?: number;
  readonly now?: () => Instant;
}

const DEFAULTS = {
  resolvConf: "/etc/resolv.conf",
  hostsFile: "/etc/hosts",
  timeoutMs: 1_500,
  attempts: 2,
  cacheMax: 10_000,
  pendingMax: 512,
  staleS: 86_400,
  now: (): Instant => instant(performance.timeOrigin + performance.now()),
};

/** How long a failure is believed: long enough that a flood of calls asks once. */
const FAILURE_S = 5;
/** How long a stale answer is given at a time (RFC 8767 §4). */
const STALE_S = 30;
/** Aliases that must be asked for one by one. */
const ALIASES_MAX = 4;

const NOTHING_ASKED = nothing("no-records", FAILURE_S);

/** Finds SIP servers by name (RFC 3263), with one cache for all. */
export class Resolver {
  #options: typeof DEFAULTS & ResolverOptions;
  #cache: DnsCache;
  readonly #hosts: WatchedFile<Hosts>;
  readonly #servers: WatchedFile<readonly DnsServer[]>;
  /** Questions under way: whoever asks the same waits for the same answer. */
  readonly #pending = new Map<string, Promise<Answer>>();
  readonly #end = new AbortController();

  constructor(options: ResolverOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#cache = new DnsCache(this.#options.cacheMax, this.#options.staleS * 1000);
    this.#hosts = new WatchedFile(this.#options.hostsFile, parseHosts);
    this.#servers = new WatchedFile(this.#options.resolvConf, parseResolvConf);
  }

  /** Targets in the order to try them; none, with a `why`, when there is nowhere to go. */
  async resolve(query: LocateQuery): Promise<Located> {
    const hosts = await this.#hosts.read(this.#options.now());
    const local = hosts.has(plain(query.host));
    const conversation = locate(query, this.#options.random);
    let step = conversation.next();
    while (!step.done) {
      const answers = step.value.map((question) => this.#answer(question, hosts, local));
      step = conversation.next(await Promise.all(answers));
    }
    return step.value;
  }

  /** From the next question on; what other servers said is forgotten. */
  configure(
    options: Pick<ResolverOptions, "servers" | "timeoutMs" | "attempts" | "cacheMax">,
  ): void {
    const { servers: _, ...kept } = this.#options;
    const next = { ...kept, ...options };
    const moved = JSON.stringify(next.servers) !== JSON.stringify(this.#options.servers);
    if (moved || next.cacheMax !== this.#options.cacheMax) {
      this.#cache = new DnsCache(next.cacheMax, next.staleS * 1000);
    }
    this.#options = next;
  }

  /** Questions under way end now, with `closed`. */
  close(): void {
    this.#end.abort(new Error("closed"));
  }

  /** A name of the machine's own file is never asked for outside. */
  async #answer(question: Question, hosts: Hosts, local: boolean): Promise<Answer> {
    const { name, type } = question;
    const known = hosts.get(plain(name));
    if (known && (type === "A" || type === "AAAA")) {
      const addresses = known.filter((each) => isIpv6(each) === (type === "AAAA"));
      return addresses.length > 0
        ? { naptr: [], srv: [], addresses, ttlS: FAILURE_S }
        : NOTHING_ASKED;
    }
    if (local) return NOTHING_ASKED;
    return await this.#ask(question);
  }

  async #ask(question: Question): Promise<Answer> {
    const key = `${question.type} ${question.name}`;
    const fresh = this.#cache.fresh(key, this.#options.now());
    if (fresh) return fresh;
    if (this.#end.signal.aborted) return nothing("closed", 0);
    let pending = this.#pending.get(key);
    if (!pending) {
      if (this.#pending.size >= this.#options.pendingMax) return nothing("busy", 0);
      pending = this.#fetch(question, key).finally(() => this.#pending.delete(key));
      this.#pending.set(key, pending);
    }
    return await pending;
  }

  async #fetch(question: Question, key: string): Promise<Answer> {
    const answer = await this.#follow(question);
    const { failure } = answer;
    if (failure === "closed") return answer;
    const now = this.#options.now();
    const stale = isServersFault(failure) ? this.#cache.stale(key, now) : undefined;
    if (stale) return { ...stale, ttlS: STALE_S };
    this.#cache.keep(key, answer, now);
    return answer;
  }

  /** Asks, and asks again where the server only gives another name. */
  async #follow(question: Question): Promise<Answer> {
    let { name } = question;
    let ttlS = Number.POSITIVE_INFINITY;
    for (let aliases = 0; aliases <= ALIASES_MAX && isHostName(name); aliases++) {
      const reading = await this.#askServers({ ...question, name });
      ttlS = Math.min(ttlS, reading.ttlS);
      if (!("alias" in reading)) return { ...reading, ttlS };
      name = reading.alias;
    }
    return nothing("no-records", FAILURE_S);
  }

  async #askServers(question: Question): Promise<Reading> {
    const { attempts, now, servers } = this.#options;
    const all = servers ?? (await this.#servers.read(now()));
    let last: Reading = nothing("timeout", FAILURE_S);
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (const server of all) {
        last = await this.#askServer(server, question);
        if ("alias" in last || !isServersFault(last.failure)) return last;
      }
    }
    return last;
  }

  async #askServer(server: DnsServer, question: Question): Promise<Reading> {
    const patience = AbortSignal.timeout(this.#options.timeoutMs);
    const signal = AbortSignal.any([this.#end.signal, patience]);
    try {
      const reply = await exchange(server, question, signal);
      if (SPEAKING.has(rcodeOf(reply))) return readAnswer(reply, question);
      return nothing("server-failure", FAILURE_S);
    } catch {
      return this.#end.signal.aborted ? nothing("closed", 0) : nothing("timeout", FAILURE_S);
    }
  }
}

/** Another server may know better. */
const isServersFault = (failure: DnsFailure | undefined): boolean =>
  failure === "timeout" || failure === "server-failure";

/** Reply codes that say something about the name: NOERROR and NXDOMAIN. */
const SPEAKING = new Set([0, 3]);

const plain = (host: string): string => host.toLowerCase().replace(/\.$/, "");
