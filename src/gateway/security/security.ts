import { after, type Instant, isAddress, parseCidr, Sampler, type Timer } from "#base";
import type { Settings } from "#settings";
import type { Flow, Side } from "#sip";
import {
  type DeniedLine,
  type Explanation,
  explanationOf,
  lineOf,
  type Verdict,
} from "./answers.ts";
import { DdosWatch } from "./ddos.ts";
import { DENIED_VERSION, type Denied, type DeniedSource, deniedId, leavesAt } from "./denied.ts";
import { DenyLists, type Row } from "./deny-list.ts";
import { type DenyList, type Evidence, LISTS, type Rule } from "./evidence.ts";
import { BLOCK_FACTOR, FloodWindow, ipv6Block } from "./flood.ts";
import { Muting } from "./muting.ts";
import type { Surface } from "./surface.ts";
import { type Suspicion, Suspicions } from "./suspicion.ts";
import { Trusted } from "./trusted.ts";

/** Ports of one address that are denied one by one; with one more the whole address is. */
const PORTS_MAX = 8;
/** Sources that may be denied in a second by what came by UDP: any number can be forged. */
const UDP_DENIALS_MAX = 100;
const SECOND_MS = 1000;
/** What denies at once, in hundredths. */
const CERTAIN = 100;
/** Sources that are told of in a minute; the lists have all. */
const TOLD_MAX = 20;
const TOLD_SPAN_MS = 60_000;
/** Flows of what was denied are looked for so often at most. */
const CLOSE_MS = 50;

/** Which lines of a list are removed: one, it and all that came after it, or all. */
export type Forgiven =
  | { readonly kind: "one" | "following"; readonly id: string }
  | { readonly kind: "all" };

/** Why a line has left its list. */
export type ForgivenWhy = "expired" | "by-operator" | "trusted" | "list-full";

export interface SecurityParts {
  readonly settings: Settings;
  readonly surface: Surface;
  /** So that nobody can choose addresses that are slow to find. */
  readonly seed: number;
  /** Whether a flow is the PBX's or a trunk's, whatever its address. */
  readonly serves: (flow: Flow) => boolean;
  /** Of the last input: the gate itself needs no clock. */
  readonly now: () => Instant;
}

/** How something came: by which port, if by one, and whether by UDP alone. */
type Seen = Pick<Suspicion, "port" | "byUdpAlone" | "isReached">;

/** Everything that led to a denial. */
interface Case {
  /** An address, or the block that it is of. */
  readonly of: string;
  readonly seen: Seen;
  readonly rule: Rule;
  readonly counts: Denied["counts"];
  readonly evidence: () => readonly string[];
}

/** Who is heard, who is not, and why: the gate, and all that fills its lists. */
export class Security {
  readonly #surface: Surface;
  readonly #serves: SecurityParts["serves"];
  readonly #trusted: Trusted;
  readonly #lists: DenyLists;
  readonly #floods = new FloodWindow();
  readonly #suspicions = new Suspicions();
  readonly #ddos: DdosWatch;
  readonly #muting: Muting;
  readonly #told = new Sampler(TOLD_MAX, TOLD_SPAN_MS);
  readonly #forgivenTold = new Sampler(TOLD_MAX, TOLD_SPAN_MS);
  readonly #udpDenials = new Sampler(UDP_DENIALS_MAX, SECOND_MS);
  readonly #expiries = new Map<Row, Timer<unknown>>();
  #settings: Settings["security"];
  /** Nothing is denied and nobody is to be trusted first: the gate asks nothing. */
  #isOpen: boolean = true;
  #closing: Timer<unknown> | undefined;
  readonly #now: () => Instant;

  constructor({ settings, surface, seed, serves, now }: SecurityParts) {
    this.#now = now;
    this.#settings = settings.security;
    this.#surface = surface;
    this.#serves = serves;
    this.#trusted = new Trusted(settings, seed, surface);
    this.#lists = new DenyLists(seed);
    this.#muting = new Muting(surface, now);
    this.#ddos = new DdosWatch(settings.security, surface, () => this.#looked());
    this.#looked();
  }

  /** How many of each thing there are that comes and goes: all are bounded. */
  get sizes() {
    const [denied, muted] = [this.#lists.size, this.#muting.size];
    const [suspected, flooding] = [this.#suspicions.size, this.#floods.size];
    return { denied, muted, suspected, flooding, proven: this.#trusted.provenCount };
  }

  get trusted(): readonly DeniedSource[] {
    return this.#trusted.sources;
  }

  /** Whether what comes from there is read at all. Asked for each packet, before it is looked at. */
  admits(side: Side, address: string, port: number): boolean {
    if (this.#isOpen) return true;
    const row = this.#lists.find(side, address, port, false);
    if (row) {
      row.dropped += 1;
      this.#muting.dropped(row);
      return false;
    }
    if (!this.#isGuarded) return true;
    const isHeard = this.#isHeard(side, address);
    if (this.#ddos.isOn) {
      if (isHeard) this.#ddos.passed();
      else this.#ddos.dropped();
    }
    return isHeard;
  }

  /** Only who is trusted is heard now. */
  get #isGuarded(): boolean {
    return this.#ddos.isOn || this.#settings.level === "allow-list";
  }

  #isHeard(side: Side, address: string): boolean {
    return (
      this.#trusted.trustIn(side, address) !== undefined ||
      this.#trusted.isProven(side, address, this.#now())
    );
  }

  /** Counts a message of somebody whom we don't serve, and who has no dialog with us. */
  strange(flow: Flow, excerpt: () => string, now: Instant): void {
    const { level, dos, dryRun } = this.#settings;
    if (level !== "auto-protection" || this.#isExempt(flow)) return;
    // In earnest the gate counts while there is one, and what is here was let in.
    if (dryRun || !this.#ddos.isOn) this.#ddos.take(now);
    if (dryRun && this.#wouldDrop(flow)) return;
    const flood = this.#floods.take(flow, dos.requests, dos.windowS, now);
    if (!flood) return;
    const { address: of, count: seen } = flood;
    const counts = { flood: seen.messages };
    this.#deny(flow, { of, seen, rule: "flood", counts, evidence: () => [excerpt()] }, now);
  }

  /** Adds to what is known against a source, and denies it when that is enough. */
  record(flow: Flow, evidence: Evidence, now: Instant): void {
    const { level, dryRun } = this.#settings;
    // With an allow list alone nobody else is heard, and it is never denied itself.
    if (level === "allow-list" || this.#isExempt(flow)) return;
    if (dryRun && this.#wouldDrop(flow)) return;
    const { remoteAddress: address } = flow;
    if (this.#suspects(flow, address, evidence, 1, now)) return;
    const block = ipv6Block(address);
    // Who changes its address in its block can't spread what it does over them.
    if (block !== undefined) this.#suspects(flow, block, evidence, BLOCK_FACTOR, now);
  }

  /** Whether an address, or its block, is over the threshold by now. */
  #suspects(flow: Flow, of: string, evidence: Evidence, factor: number, now: Instant): boolean {
    const { malicious, bruteForce } = this.#settings;
    const { side } = flow;
    const list = LISTS[evidence.rule];
    const isDos = list === "dos";
    const ends = after(now, (isDos ? malicious : bruteForce).windowS * 1000);
    const suspicion = this.#suspicions.add(flow, of, evidence, ends, now);
    if (suspicion.weight < factor * (isDos ? malicious.threshold : CERTAIN)) return false;
    this.#suspicions.forget(list, side, of);
    const { counts, evidence: lines } = suspicion;
    this.#deny(
      flow,
      { of, seen: suspicion, rule: evidence.rule, counts, evidence: () => lines },
      now,
    );
    return true;
  }

  /** It takes part in a dialog of ours, or we wrote to it in one: it is heard in a flood too. */
  prove(side: Side, address: string, port: number, now: Instant): void {
    this.#trusted.prove(side, address, port, now);
  }

  isProven(side: Side, address: string, now: Instant): boolean {
    return this.#trusted.isProven(side, address, now);
  }

  /** New settings; `names` are those of the peers, whose addresses are learnt. */
  apply(settings: Settings, names: readonly { side: Side; host: string }[], now: Instant): void {
    this.#settings = settings.security;
    this.#trusted.keepNames(names, settings);
    this.#ddos.apply(settings.security, now);
    this.#forgiveTrusted(now);
    for (const list of ["dos", "brute-force"] as const)
      this.#left(this.#lists.shrink(list, this.#settings.denyListMax), "list-full", now);
    this.#looked();
    if (!this.#isOpen) this.#closeSoon(now);
  }

  learn(side: Side, name: string, addresses: readonly string[], now: Instant): void {
    if (!this.#trusted.learn(side, name, addresses)) return;
    this.#forgiveTrusted(now);
    this.#looked();
  }

  /** What another process had denied, in any order. */
  restore(entries: readonly Denied[], now: Instant): void {
    const { denyListMax } = this.#settings;
    for (const denied of [...entries].sort((one, other) => one.sinceMs - other.sinceMs)) {
      const { untilMs = Number.POSITIVE_INFINITY } = denied;
      if (untilMs <= now || this.#isTrusted(denied)) {
        this.#surface.emit({ kind: "forget-denied", list: denied.list, id: denied.id });
        continue;
      }
      this.#left(this.#lists.add(denied, denyListMax), "list-full", now);
      this.#expireLater(this.#lists.of(denied.list).get(denied.id)!);
    }
    this.#looked();
  }

  forgive(list: DenyList, { kind, ...which }: Forgiven, now: Instant): void {
    const lines = [...this.#lists.of(list).values()];
    const at = "id" in which ? lines.findIndex(({ denied }) => denied.id === which.id) : 0;
    if (at < 0) return;
    const rows = kind === "one" ? lines.slice(at, at + 1) : lines.slice(at);
    for (const { denied } of rows) this.#lists.remove(list, denied.id);
    this.#left(rows, "by-operator", now);
    this.#looked();
  }

  /** The lines of a list, the oldest first. */
  *denied(list: DenyList): Generator<DeniedLine> {
    for (const row of this.#lists.of(list).values()) yield lineOf(row);
  }

  /** Why an address is blocked. */
  explain(address: string, now: Instant): Explanation {
    const known = { trusted: this.#trusted, lists: this.#lists };
    const suspicions = this.#suspicions;
    return explanationOf({ ...known, suspicions, floods: this.#floods }, address, now);
  }

  /** What the gate would do with a message from there; nothing is counted. */
  wouldPass(side: Side, address: string, port: number): Verdict {
    const row = this.#lists.find(side, address, port, this.#settings.dryRun);
    const denied = row && { denied: lineOf(row) };
    if (row && !this.#settings.dryRun) return { passes: false, why: "denied", ...denied };
    if (this.#isHeard(side, address)) return { passes: true, why: "trusted" };
    if (!this.#isGuarded || this.#settings.dryRun)
      return { passes: true, why: "nothing-against-it", ...denied };
    return { passes: false, why: this.#ddos.isOn ? "ddos" : "not-allow-listed" };
  }

  wake(why: string): void {
    if (why !== "close") return;
    this.#closing = undefined;
    this.#surface.emit({ kind: "close-denied", why: "denied" });
  }

  #isExempt(flow: Flow): boolean {
    const { side, remoteAddress } = flow;
    return this.#trusted.trustIn(side, remoteAddress) !== undefined || this.#serves(flow);
  }

  /** Counts for the line that would have dropped it, were this no dry run. */
  #wouldDrop({ side, remoteAddress, remotePort }: Flow): boolean {
    const row = this.#lists.find(side, remoteAddress, remotePort, true);
    if (row) row.dropped += 1;
    return row !== undefined;
  }

  /**
   * One bad phone must not silence the office that it shares an address with, nor a forged datagram
   * the host whose address it bears: where we know of others behind the address, or all came from
   * one port by UDP, that port alone is denied. A port that has its part in our dialogs is never
   * denied for what anybody can have forged, nor a block as a whole with somebody trusted in it.
   */
  #sourceOf(
    flow: Flow,
    of: string,
    { port, byUdpAlone, isReached }: Seen,
    now: Instant,
  ): DeniedSource | undefined {
    const { side, remoteAddress: address, remotePort } = flow;
    const isBlock = !isAddress(of);
    if (isBlock && !this.#trusted.overlaps(side, parseCidr(of)!)) return { side, address: of };
    if (this.#trusted.isProven(side, address, now)) {
      const isForgeable = !isReached && (byUdpAlone || flow.transport === "udp");
      const isProven = this.#trusted.isProvenPort(side, address, remotePort, now);
      return isForgeable && isProven ? undefined : { side, address, port: remotePort };
    }
    const ofPorts = this.#lists.covering(side, address).filter(({ denied }) => denied.port);
    const isOfPort = byUdpAlone && port !== undefined && ofPorts.length < PORTS_MAX;
    return isOfPort ? { side, address, port } : { side, address };
  }

  #deny(flow: Flow, { of, seen, ...why }: Case, now: Instant): void {
    const { dryRun: isDryRun, denyListMax } = this.#settings;
    const source = this.#sourceOf(flow, of, seen, now);
    if (!source) return;
    const list = LISTS[why.rule];
    const id = deniedId(source);
    const known = this.#lists.of(list).get(id);
    if (known?.denied.isDryRun === isDryRun) return;
    if (seen.byUdpAlone && this.#udpDenials.take(now) === undefined) return;
    const untilMs = leavesAt(list, this.#settings, now);
    const denied: Denied = {
      version: DENIED_VERSION,
      list,
      id,
      ...source,
      ...why,
      evidence: why.evidence(),
      sinceMs: now,
      ...(untilMs === undefined ? {} : { untilMs }),
      isDryRun,
    };
    if (known) {
      this.#expireNever(known);
      this.#muting.forget([known]);
    }
    this.#left(this.#lists.add(denied, denyListMax), "list-full", now);
    this.#expireLater(this.#lists.of(list).get(id)!);
    this.#surface.emit({ kind: "keep-denied", denied });
    const untold = this.#told.take(now);
    if (untold !== undefined)
      this.#surface.emit({ kind: "fact", fact: { kind: "source-denied", denied, untold } });
    this.#looked();
    if (!isDryRun) this.#closeFlows(flow, now);
  }

  #closeFlows({ id, transport }: Flow, now: Instant): void {
    if (transport !== "udp")
      this.#surface.emit({ kind: "close-flow", flow: id, why: "its source is denied" });
    this.#closeSoon(now);
  }

  #closeSoon(now: Instant): void {
    this.#closing ??= this.#surface.alarm(after(now, CLOSE_MS), this, "close");
  }

  #expireLater(row: Row): void {
    const { list, id, untilMs } = row.denied;
    if (untilMs === undefined) return;
    const expire = (_why: string, now: Instant): void => {
      this.#lists.remove(list, id);
      this.#left([row], "expired", now);
      this.#looked();
    };
    this.#expiries.set(row, this.#surface.alarm(untilMs, { wake: expire }, "expire"));
  }

  #expireNever(row: Row): void {
    this.#surface.cancelAlarm(this.#expiries.get(row));
    this.#expiries.delete(row);
  }

  /** These have left their list. */
  #left(rows: readonly Row[], why: ForgivenWhy, now: Instant): void {
    this.#muting.forget(rows);
    for (const row of rows) {
      const { list, id } = row.denied;
      this.#expireNever(row);
      this.#surface.emit({ kind: "forget-denied", list, id });
    }
    const [first] = rows;
    const untold = first && this.#forgivenTold.take(now);
    if (!first || untold === undefined) return;
    const others = rows.length - 1 + untold;
    const { denied, dropped, wasMuted } = first;
    this.#surface.emit({
      kind: "fact",
      fact: { kind: "source-forgiven", denied, dropped, wasMuted, why, others },
    });
  }

  /** What is trusted by now is on no list. */
  #forgiveTrusted(now: Instant): void {
    const rows = [...this.#lists].filter(({ denied }) => this.#isTrusted(denied));
    for (const { denied } of rows) this.#lists.remove(denied.list, denied.id);
    this.#left(rows, "trusted", now);
  }

  #isTrusted({ side, address }: DeniedSource): boolean {
    if (isAddress(address)) return this.#trusted.trustIn(side, address) !== undefined;
    return this.#trusted.overlaps(side, parseCidr(address)!);
  }

  /** The gate stands open where it would ask for nothing. */
  #looked(): void {
    this.#isOpen = this.#settings.dryRun || (this.#lists.size === 0 && !this.#isGuarded);
    if (this.#isOpen) this.#muting.clear();
  }
}
