import type { Instant, Timer } from "#base";
import {
  answerChallenge,
  type Candidate,
  isOurselves,
  type Switchboard,
  toDestination,
  type Wakeable,
} from "#calls";
import { type End, end, isEnd } from "#ends";
import type { Target } from "#port";
import type { Destination, Flow } from "#sip";
import type { Request, Response } from "#sip-message";
import type { ClientTransaction, Requester } from "#sip-transactions";

/** A request as it went to one place. */
export interface Sent {
  readonly candidate: Candidate;
  readonly to: Destination;
  readonly request: Request;
}

/** A final answer, with what it answers and the flow that it came by. */
export interface Outcome extends Sent {
  readonly kind: "answer";
  readonly response: Response;
  readonly flow: Flow;
}

/** Who has a request carried, and hears once what came of it. */
export interface Sender {
  /** The request for one place, called anew for each; or why there is none. */
  requestFor(candidate: Candidate, to: Destination): Request | End;
  /** It goes now, for the first time or with credentials. */
  sent(sent: Sent, now: Instant): void;
  done(outcome: Outcome | End, now: Instant): void;
}

/** Places tried for one request at most, whatever DNS says. */
const TRIES_MAX = 16;

const MERGED = 482;

/**
 * Carries one request other than INVITE to the first place that takes it: candidates in their order,
 * each name's addresses in theirs (RFC 3263 §4.3). Such a request can't be taken back (RFC 3261
 * §9.1), so a place that was silent for too long is heard all the same when it accepts late.
 */
export class Errand implements Requester, Wakeable {
  readonly #board: Switchboard;
  readonly #sender: Sender;
  #candidates: readonly Candidate[];
  #addresses: readonly Target[] = [];
  #candidate: Candidate | undefined;
  /** What waits for a final answer. */
  readonly #open = new Map<ClientTransaction, Sent>();
  /** The latest try, until it fails or is given up. */
  #latest: ClientTransaction | undefined;
  #patience: Timer<unknown> | undefined;
  #tries = 0;
  #last: Outcome | End = end("no-target");
  #isOver = false;

  constructor(board: Switchboard, sender: Sender, candidates: readonly Candidate[]) {
    this.#board = board;
    this.#sender = sender;
    this.#candidates = candidates;
  }

  start(now: Instant): void {
    this.#next(now);
  }

  /** Nobody wants to know any more. */
  abandon(): void {
    this.#isOver = true;
    this.#quiet();
  }

  response(transaction: ClientTransaction, response: Response, flow: Flow, now: Instant): void {
    const sent = this.#open.get(transaction);
    if (this.#isOver || !sent) return;
    const { status } = response;
    if (status < 200) {
      if (transaction === this.#latest) this.#quiet();
      return;
    }
    this.#open.delete(transaction);
    if ((status === 401 || status === 407) && this.#prove(transaction, sent, response, now)) return;
    const outcome: Outcome = { kind: "answer", response, flow, ...sent };
    if (status < 300) return this.#settle(outcome, now);
    this.#failed(transaction, outcome, now);
  }

  failed(transaction: ClientTransaction, why: "timeout" | "transport", now: Instant): void {
    if (this.#isOver || !this.#open.delete(transaction)) return;
    this.#failed(transaction, end(why === "timeout" ? "no-response" : "unreachable"), now);
  }

  /** The place said nothing at all within its patience: on to the next. */
  wake(_why: string, now: Instant): void {
    this.#last = end("no-response");
    this.#next(now);
  }

  #next(now: Instant): void {
    this.#quiet();
    this.#latest = undefined;
    const [address, ...addresses] = this.#addresses;
    const isTired = this.#tries >= TRIES_MAX;
    if (address && this.#candidate && !isTired) {
      this.#addresses = addresses;
      return this.#send(this.#candidate, toDestination(this.#candidate.side, address), now);
    }
    const [candidate, ...candidates] = this.#candidates;
    // Who was silent may still accept: the end of that decides.
    if (!candidate || isTired)
      return this.#open.size > 0 ? undefined : this.#settle(this.#last, now);
    this.#candidate = candidate;
    this.#candidates = candidates;
    if (candidate.flow) return this.#send(candidate, candidate.flow, now);
    this.#board.resolve(candidate.query, (targets, at) => this.#resolved(targets, at), now);
  }

  #resolved(targets: readonly Target[], now: Instant): void {
    if (this.#isOver) return;
    this.#addresses = targets;
    this.#next(now);
  }

  #send(candidate: Candidate, to: Destination, now: Instant): void {
    this.#tries++;
    const isLoop = isOurselves(this.#board.setup, to);
    const request = isLoop ? end("loop") : this.#sender.requestFor(candidate, to);
    if (isEnd(request)) {
      this.#last = request;
      return this.#next(now);
    }
    this.#request({ candidate, to, request }, now);
    if (this.#addresses.length === 0 && this.#candidates.length === 0) return;
    const at = now + this.#board.setup.peerPatienceMs;
    this.#patience = this.#board.alarm(at, this, "patience");
  }

  #request(sent: Sent, now: Instant): void {
    this.#sender.sent(sent, now);
    const transaction = this.#board.transactions.request(sent.request, sent.to, now, this);
    this.#open.set(transaction, sent);
    this.#latest = transaction;
  }

  #prove(
    transaction: ClientTransaction,
    { candidate, to, request }: Sent,
    response: Response,
    now: Instant,
  ): boolean {
    // Late challenges are left alone: the request is on its way elsewhere.
    if (transaction !== this.#latest) return false;
    const again = answerChallenge(this.#board, candidate.credentials, request, response);
    if (!again) return false;
    this.#quiet();
    this.#request({ candidate, to, request: again }, now);
    return true;
  }

  #failed(transaction: ClientTransaction, outcome: Outcome | End, now: Instant): void {
    this.#last = outcome;
    if (transaction === this.#latest) {
      if (isEnd(outcome) || this.#triesNext(outcome)) return this.#next(now);
      return this.#settle(outcome, now);
    }
    // It was given up before. When no place is left, its word is as good as any.
    if (this.#latest === undefined && this.#open.size === 0) this.#settle(outcome, now);
  }

  #triesNext({ candidate, response: { status } }: Outcome): boolean {
    // A second way led to one that has the request already: its answer is yet to come.
    const isMerged = status === MERGED && this.#open.size > 0;
    return isMerged || candidate.failoverStatuses.includes(status);
  }

  #settle(outcome: Outcome | End, now: Instant): void {
    this.abandon();
    this.#sender.done(outcome, now);
  }

  #quiet(): void {
    this.#board.cancelAlarm(this.#patience);
    this.#patience = undefined;
  }
}
