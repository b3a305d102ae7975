import type { Instant, Timer } from "#base";
import { ENDS, type End, end } from "#ends";
import type { CallMedia } from "#media";
import type { Target } from "#port";
import type { Destination, Flow } from "#sip";
import { type NameAddr, parseUri, type Request, type Response } from "#sip-message";
import type { ClientTransaction, Requester } from "#sip-transactions";
import { answerChallenge } from "./challenge.ts";
import type { Inviting } from "./inviting.ts";
import { isOurselves } from "./legs.ts";
import { withLongerTimer } from "./session-expires.ts";
import { type Candidate, type Switchboard, toDestination, type Wakeable } from "./setup.ts";
import type { Story } from "./story.ts";

/** Hears each 2xx, repeated ones and those of other forks too (RFC 6026 §8.4). */
export interface Answerable {
  answered(response: Response, flow: Flow, now: Instant): void;
}

/** What becomes of a dial. */
export interface Dialler extends Answerable {
  readonly id: string;
  /** The INVITE for this candidate; called anew for each try, with a CSeq of its own. */
  inviteFor(candidate: Candidate, to: Destination): Request;
  /** The INVITE went again, with credentials and a CSeq of its own. */
  readonly inviting: Pick<Inviting, "resent">;
  readonly media: Pick<CallMedia, "givesKeys">;
  progressed(response: Response, flow: Flow, now: Instant): void;
  refused(outcome: Response | End, now: Instant): void;
  readonly story: Pick<Story, "failedOver">;
}

const NO_TARGET = end("no-target");
const NONE: readonly never[] = [];

/** Redirections followed in one call at most: a loop of 302s ends. */
const REDIRECTS_MAX = 5;

/** Places tried for one call at most, whatever DNS and redirections say. */
const TRIES_MAX = 16;

/** One try at one address. */
interface Try {
  readonly candidate: Candidate;
  readonly transaction: ClientTransaction;
  readonly request: Request;
  heard: boolean;
}

/**
 * Carries one INVITE to the first place that takes it: candidates in their order, each name's
 * addresses in theirs (RFC 3263 §4.3), redirections (if followed) before what is left.
 */
export class Dial implements Requester, Wakeable {
  readonly #board: Switchboard;
  #dialler: Dialler | undefined;
  /** Who hears answers that come after the call. */
  #late: Answerable | undefined;
  #candidates: readonly Candidate[];
  #addresses: readonly Target[] = NONE;
  /** What was answered. */
  #answer: ClientTransaction | undefined;
  #candidate: Candidate | undefined;
  #try: Try | undefined;
  #patience: Timer<unknown> | undefined;
  #tries = 0;
  #redirects = 0;
  #last: Response | End = NO_TARGET;
  #state: "dialling" | "cancelled" | "settled" = "dialling";

  constructor(board: Switchboard, dialler: Dialler, candidates: readonly Candidate[]) {
    this.#board = board;
    this.#dialler = dialler;
    this.#candidates = candidates;
  }

  start(now: Instant): void {
    this.#next(now);
  }

  /** True while the callee's side still owes a final response. */
  get pending(): boolean {
    return this.#try !== undefined && this.#state !== "settled";
  }

  /** Gives up: CANCEL where an INVITE is out (RFC 3261 §9.1); nothing more is tried. */
  cancel(now: Instant, reason?: string): void {
    if (this.#state !== "dialling") return;
    this.#state = this.#try ? "cancelled" : "settled";
    this.#quiet();
    if (!this.#try) return;
    const { candidate, transaction } = this.#try;
    const told = candidate.withheld?.always.has("reason") ? undefined : reason;
    this.#board.transactions.cancel(transaction, now, told);
  }

  /** The call is over: for the half minute in which answers may still come, `late` hears them. */
  outlive(late: Answerable & Requester): void {
    this.#dialler = undefined;
    this.#late = late;
    // A try that was given up goes on by way of this dial; most calls have none, and need it no more.
    if (this.#answer?.owner === this) this.#answer.owner = late;
  }

  response(transaction: ClientTransaction, response: Response, flow: Flow, now: Instant): void {
    // A try that was given up may still be answered: whoever answers it must be hung up.
    if (transaction !== this.#try?.transaction && response.status < 200) return;
    if (response.status < 200) this.#progressed(response, flow, now);
    else if (response.status < 300) this.#answered(transaction, response, flow, now);
    else if (transaction === this.#try?.transaction) this.#refused(response, now);
  }

  failed(transaction: ClientTransaction, why: "timeout" | "transport", now: Instant): void {
    if (transaction !== this.#try?.transaction || this.#state === "settled") return;
    if (this.#state === "cancelled") return this.#settle(end("cancelled"), now);
    this.#last = end(why === "timeout" ? "no-response" : "unreachable");
    this.#failOver(why, now);
  }

  /** The peer said nothing at all within its patience: on to the next. */
  wake(_why: string, now: Instant): void {
    if (this.#state !== "dialling" || !this.#try || this.#try.heard) return;
    this.#board.transactions.cancel(this.#try.transaction, now);
    this.#last = end("no-response");
    this.#failOver("no response", now);
  }

  #next(now: Instant): void {
    const address = this.#addresses[0];
    this.#addresses = this.#addresses.slice(1);
    if (address && this.#candidate) {
      return this.#dial(this.#candidate, toDestination(this.#candidate.side, address), now);
    }
    const candidate = this.#tries < TRIES_MAX ? this.#candidates[0] : undefined;
    if (!candidate) return this.#settle(this.#last, now);
    this.#candidates = this.#candidates.slice(1);
    this.#candidate = candidate;
    this.#try = undefined;
    const known = candidate.peer?.to ?? candidate.flow;
    if (known) return this.#dial(candidate, known, now);
    this.#board.resolve(candidate.query, (targets, at) => this.#resolved(targets, at), now);
  }

  #resolved(targets: readonly Target[], now: Instant): void {
    if (this.#state !== "dialling") return;
    this.#addresses = targets.slice(0, TRIES_MAX);
    this.#next(now);
  }

  #dial(candidate: Candidate, to: Destination, now: Instant): void {
    this.#tries++;
    if (isOurselves(this.#board.setup, to)) {
      this.#last = end("loop");
      return this.#failOver("loop", now);
    }
    if (candidate.isRedirected && !candidate.mayLeadTo?.(to.address)) {
      this.#last = end("redirected-elsewhere");
      return this.#failOver("a redirection to no peer of the trunk", now);
    }
    // After a redirection the number may be another: the operator's rules are the same for it.
    const { redial, user = "" } = candidate;
    const refused = this.#redirects > 0 ? redial?.(this.#dialler!.id, user, now) : undefined;
    if (refused) {
      this.#last = refused;
      return this.#failOver(ENDS[refused.name].en, now);
    }
    // A redirection may lead away from TLS (attack case E7).
    if (to.transport !== "tls" && this.#dialler!.media.givesKeys("callee")) {
      this.#last = end("media-encryption-required");
      return this.#failOver("no TLS for the keys of media", now);
    }
    const request = this.#dialler!.inviteFor(candidate, to);
    const transaction = this.#board.transactions.request(request, to, now, this);
    this.#try = { candidate, transaction, request, heard: false };
    if (this.#addresses.length > 0 || this.#candidates.length > 0) {
      const at = now + this.#board.setup.peerPatienceMs;
      this.#patience = this.#board.alarm(at, this, "patience");
    }
  }

  #progressed(response: Response, flow: Flow, now: Instant): void {
    this.#try!.heard = true;
    this.#quiet();
    if (this.#state === "dialling") this.#dialler?.progressed(response, flow, now);
  }

  #answered(transaction: ClientTransaction, response: Response, flow: Flow, now: Instant): void {
    this.#quiet();
    // A try that was given up answers after all: the one that rings now is taken back.
    const late = this.#state === "dialling" && transaction !== this.#try?.transaction;
    if (late && this.#try) this.#board.transactions.cancel(this.#try.transaction, now);
    this.#settled();
    this.#answer = transaction;
    (this.#dialler ?? this.#late)?.answered(response, flow, now);
  }

  #refused(response: Response, now: Instant): void {
    // What was taken back for a late answer of another has no say any more.
    if (this.#state === "settled") return;
    this.#quiet();
    if (this.#state === "cancelled") return this.#settle(response, now);
    const { status } = response;
    this.#last = response;
    if ((status === 401 || status === 407) && this.#authenticate(response, now)) return;
    if (status === 422 && this.#ask(withLongerTimer(this.#try!.request, response), now)) return;
    const unwanted = status < 400 ? this.#unwanted(response, now) : undefined;
    if (unwanted) return this.#settle(unwanted, now);
    if (status < 400 && this.#redirect(response, now)) return;
    if (this.#try!.candidate.failoverStatuses.includes(status)) this.#failOver(String(status), now);
    else this.#settle(response, now);
  }

  #authenticate(response: Response, now: Instant): boolean {
    const { candidate, request } = this.#try!;
    const retry = answerChallenge(this.#board, candidate.credentials, request, response);
    return this.#ask(retry, now);
  }

  /** The same INVITE again, as its refusal asked for it. */
  #ask(retry: Request | undefined, now: Instant): boolean {
    if (!retry || ++this.#tries > TRIES_MAX) return false;
    const { candidate } = this.#try!;
    this.#dialler?.inviting.resent(retry);
    const to = this.#try!.transaction.destination;
    const transaction = this.#board.transactions.request(retry, to, now, this);
    this.#try = { candidate, transaction, request: retry, heard: true };
    return true;
  }

  /** Why a redirection may not be passed on: who follows it may do so at our cost. */
  #unwanted(response: Response, now: Instant): End | undefined {
    const { mayForward } = this.#try!.candidate;
    if (!mayForward) return undefined;
    for (const { uri: text } of response.contacts) {
      const uri = parseUri(text);
      const refused = uri && mayForward(uri, now);
      if (refused) return refused;
    }
    return undefined;
  }

  #redirect(response: Response, now: Instant): boolean {
    const { candidate } = this.#try!;
    if (candidate.redirects !== "follow" || this.#redirects++ >= REDIRECTS_MAX) return false;
    // RFC 3261 §8.1.3.4: the preferred ones first.
    const contacts = response.contacts.toSorted((a, b) => preference(b) - preference(a));
    const targets = contacts.flatMap(({ uri }) => redirected(uri, candidate) ?? []);
    if (targets.length === 0) return false;
    this.#addresses = NONE;
    this.#candidates = [...targets, ...this.#candidates];
    this.#failOver(String(response.status), now);
    return true;
  }

  #failOver(why: string, now: Instant): void {
    const from = this.#try?.candidate.name ?? "";
    const next = this.#addresses.length > 0 ? this.#candidate : this.#candidates[0];
    if (next) this.#dialler?.story.failedOver(from, next.name, why);
    this.#next(now);
  }

  #settle(outcome: Response | End, now: Instant): void {
    this.#settled();
    this.#dialler?.refused(outcome, now);
  }

  /** What only a dial in progress needs is let go: answered calls are many and long. */
  #settled(): void {
    this.#state = "settled";
    this.#quiet();
    this.#try = undefined;
    this.#candidate = undefined;
    this.#candidates = NONE;
    this.#addresses = NONE;
  }

  #quiet(): void {
    this.#board.cancelAlarm(this.#patience);
    this.#patience = undefined;
  }
}

const preference = ({ params }: NameAddr): number => {
  const q = Number(params.get("q") ?? 1);
  return Number.isNaN(q) ? 1 : q;
};

/** Where a Contact of a 3xx points (RFC 3261 §8.1.3.4); the side stays: no way round the gateway. */
function redirected(text: string, by: Candidate): Candidate | undefined {
  const uri = parseUri(text);
  if (!uri || (uri.scheme !== "sip" && uri.scheme !== "sips")) return undefined;
  // What asks for sips is led to nobody by less (RFC 3261 §26.2.2).
  if (by.query.secure && uri.scheme !== "sips") return undefined;
  const named = uri.params.get("transport")?.toLowerCase();
  const transport = named === "udp" || named === "tcp" || named === "tls" ? named : undefined;
  // The credentials are the redirecting peer's: they never go to another (attack case C1).
  const { credentials: _, user: __, peer: ___, uriPort: ____, flow: _____, ...rest } = by;
  return {
    ...rest,
    isRedirected: true,
    name: uri.host,
    uriHost: uri.host,
    ...(uri.port === undefined ? {} : { uriPort: uri.port }),
    ...(uri.user === undefined ? {} : { user: uri.user }),
    query: {
      side: by.side,
      host: uri.host,
      secure: uri.scheme === "sips",
      ...(uri.port === undefined ? {} : { port: uri.port }),
      ...(transport === undefined ? {} : { transport }),
    },
  };
}
