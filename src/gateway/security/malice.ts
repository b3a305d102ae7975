import { BoundedMap, hostPort, type Instant, Sampler } from "#base";
import { type End, type EndName, end } from "#ends";
import type { Settings } from "#settings";
import type { Flow, Side } from "#sip";
import { parseUri, type Request } from "#sip-message";
import { EVIDENCE_MAX } from "./denied.ts";
import { excerptOf, type Rule } from "./evidence.ts";
import { OwnPlaces } from "./own-places.ts";
import { signatureOf } from "./signatures.ts";
import type { Surface } from "./surface.ts";
import { type Calling, UnknownNumbers } from "./unknown-numbers.ts";

/** Sources that are served whose malicious calls are remembered. */
const SOURCES_MAX = 1_024;
/** Malicious calls that are told of in a minute; all are counted. */
const TOLD_MAX = 20;
const TOLD_SPAN_MS = 60_000;
/** Who doesn't say who it is. */
const HIDDEN = /^(?:|anonymous|unavailable|unknown|restricted|private)$/i;

/** What makes a call of somebody whom we serve a malicious one. */
export interface Malevolence {
  readonly rule: Rule;
  /** The header that tells it, "SDP", "Request-URI", or "message" for what is none. */
  readonly where: string;
  /** What stands there, escaped and short. */
  readonly excerpt: string;
  /** Neither in a dry run, nor where the caller is hidden: others can't be told from it. */
  readonly isRefused: boolean;
}

/** A request of somebody whom we serve that begins something. */
export interface Suspect {
  readonly request: Request;
  readonly flow: Flow;
  /** Where it is a call from a trunk to the PBX. */
  readonly calling?: Calling | undefined;
}

/** Malicious calls of one source that is served, since the process began. */
export interface Refusals {
  readonly side: Side;
  readonly counts: Partial<Record<Rule, number>>;
  /** First lines of what was seen, escaped. */
  readonly evidence: string[];
  /** What they were refused with last; absent where they were told of and let pass. */
  end?: EndName | undefined;
  lastMs: Instant;
}

export interface MaliceParts {
  readonly settings: Settings;
  readonly surface: Pick<Surface, "emit">;
  /** Whether a tag is one of our own, of a call that there is: nobody guesses those. */
  readonly isOurTag: (tag: string) => boolean;
}

/**
 * Malicious calls of those who are served: PBX and trunks are never denied, and what they send is
 * looked at all the same.
 */
export class Malice {
  readonly numbers = new UnknownNumbers();
  readonly #emit: Surface["emit"];
  readonly #isOurTag: MaliceParts["isOurTag"];
  readonly #refusals = new BoundedMap<string, Refusals>(SOURCES_MAX);
  readonly #told = new Sampler(TOLD_MAX, TOLD_SPAN_MS);
  #places: OwnPlaces;
  #isDryRun: boolean;

  constructor({ settings, surface, isOurTag }: MaliceParts) {
    this.#emit = (effect) => surface.emit(effect);
    this.#isOurTag = isOurTag;
    this.#places = new OwnPlaces(settings);
    this.#isDryRun = settings.security.dryRun;
  }

  apply(settings: Settings): void {
    this.#places = new OwnPlaces(settings);
    this.#isDryRun = settings.security.dryRun;
  }

  get places(): OwnPlaces {
    return this.#places;
  }

  /** How many sources it remembers. */
  get size(): number {
    return this.#refusals.size;
  }

  /** Why it is refused, told of and counted; undefined where it may pass. */
  judge(suspect: Suspect, now: Instant): End | undefined {
    const found = this.find(suspect, now);
    if (!found) return undefined;
    const why = found.isRefused ? end("malicious") : undefined;
    this.#tell(suspect, found, why, now);
    return why;
  }

  /** What is no message, which is told of as such. */
  malformed(text: string, flow: Flow, now: Instant): void {
    const found = { rule: "malformed", where: "message", excerpt: excerptOf(text) } as const;
    this.#count(flow, found, end("bad-request"), now);
  }

  /** A description that was refused because of where it has media sent (attack case E4). */
  smuggled({ request, flow }: Suspect, why: End, now: Instant): void {
    const excerpt = excerptOf(request.body);
    const found = { rule: "smuggled-media", where: "SDP", excerpt, isRefused: true } as const;
    this.#tell({ request, flow }, found, why, now);
  }

  /** What is malicious about it; nothing is counted. */
  find({ request, flow, calling }: Suspect, now: Instant): Malevolence | undefined {
    const found = signatureOf(request, "certain");
    if (found) return this.#against("scanner", found.where, found.what);
    return this.#forged(request, flow) ?? (calling && this.#inSeries(calling, now));
  }

  /** Malicious calls of an address that is served, on each side that had any. */
  of(address: string): Readonly<Refusals>[] {
    return (["public", "private"] as const).flatMap(
      (side) => this.#refusals.get(`${side} ${address}`) ?? [],
    );
  }

  /** A proxy that sends a call of ours back to us leaves our own Contact in it, and our tag. */
  #forged(request: Request, flow: Flow): Malevolence | undefined {
    const { via, contact, from } = request;
    if (this.#places.isOwnVia(via, flow))
      return this.#against("forged", "Via", hostPort(via.host, via.port ?? 5060));
    const uri = contact && parseUri(contact.uri);
    if (!uri || !this.#places.isOthersContact(uri, flow)) return undefined;
    return from.tag !== undefined && this.#isOurTag(from.tag)
      ? undefined
      : this.#against("forged", "Contact", contact.uri);
  }

  #inSeries(calling: Calling, now: Instant): Malevolence | undefined {
    if (!this.numbers.isOneMore(calling, now)) return undefined;
    const found = this.#against("unknown-numbers", "Request-URI", calling.called);
    return HIDDEN.test(calling.caller) ? { ...found, isRefused: false } : found;
  }

  #against(rule: Rule, where: string, what: string): Malevolence {
    return { rule, where, excerpt: excerptOf(what), isRefused: !this.#isDryRun };
  }

  #tell(suspect: Suspect, found: Malevolence, why: End | undefined, now: Instant): void {
    const { request, flow } = suspect;
    const { side, remoteAddress: source } = flow;
    const { rule, where, excerpt } = found;
    this.#count(flow, found, why, now);
    const untold = this.#told.take(now);
    if (untold === undefined) return;
    const { method } = request;
    const outcome = why ? "refused" : this.#isDryRun ? "dry-run" : "hidden-caller";
    const told = { method, side, source, rule, where, excerpt, outcome, untold } as const;
    this.#emit({ kind: "fact", fact: { kind: "malicious-call", ...told } });
  }

  #count(
    { side, remoteAddress }: Flow,
    { rule, where, excerpt }: Pick<Malevolence, "rule" | "where" | "excerpt">,
    why: End | undefined,
    now: Instant,
  ): void {
    const key = `${side} ${remoteAddress}`;
    let known = this.#refusals.get(key);
    if (!known) {
      known = { side, counts: {}, evidence: [], lastMs: now };
      this.#refusals.set(key, known);
    }
    known.counts[rule] = (known.counts[rule] ?? 0) + 1;
    if (known.evidence.length < EVIDENCE_MAX) known.evidence.push(`${where}: ${excerpt}`);
    known.end = why?.name;
    known.lastMs = now;
  }
}
