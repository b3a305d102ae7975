import type { Instant, Timer } from "#base";
import { type End, isEnd } from "#ends";
import { type Destination, type Flow, refreshTarget } from "#sip";
import type { Request, Response } from "#sip-message";
import type { ClientTransaction, Requester } from "#sip-transactions";
import type { Call } from "./call.ts";
import type { Renegotiation } from "./call-parts.ts";
import { answerChallenge } from "./challenge.ts";
import { ackFor, ownInDialog, tellIdentity } from "./crossing.ts";
import { partnerOf } from "./forks.ts";
import { credentialsAt, type Leg, nextHop } from "./legs.ts";
import { withSdp } from "./session-body.ts";
import { AGAIN_MAX, askForTimer, withLongerTimer } from "./session-expires.ts";
import { timeLeg } from "./session-timer.ts";
import type { Switchboard, Wakeable } from "./setup.ts";

/** What becomes of a re-INVITE of our own. */
export interface Invitee {
  /** Its first 2xx: `confirm` is owed now. */
  accepted(response: Response, now: Instant): void;
  /** 408 where nothing answered, 503 where it could not be sent; as its End says without an offer. */
  refused(status: number, now: Instant): void;
}

/**
 * Makes the offer whenever it is about to go out: what the peer has been told meanwhile is the
 * description that it follows (RFC 3264 §8).
 */
export type Offering = (now: Instant) => { readonly sdp: string } | End;

/** How long a peer may be busy with an offer of its own, or ours meet one of its, until we give up. */
const PATIENCE_MS = 20_000;
const BUSY_MS = 250;

/** How long a peer may think about a re-INVITE: some ask their user, and some for ever. */
const ANSWER_MS = 60_000;

/** RFC 3261 §14.1: who made the Call-ID waits longer. */
const GLARE_MS = { ours: [2100, 1900], theirs: [0, 2000] } as const;

/**
 * A re-INVITE of our own, with an offer or to ask for one; it waits for the end of others' offers. It
 * speaks for the leg's partner, or for `other` that is about to be it.
 */
export class OwnInvite implements Requester, Renegotiation, Wakeable {
  /** Neither leg's: whoever else makes an offer now is told of glare. */
  readonly role = undefined;
  readonly #board: Switchboard;
  readonly #call: Call;
  readonly #leg: Leg;
  readonly #other: Leg | undefined;
  readonly #offering: Offering | undefined;
  readonly #invitee: Invitee;
  /** Another one of ours in the same call, which this one belongs to. */
  readonly #within: Renegotiation | undefined;
  #client: ClientTransaction | undefined;
  #sent: Request | undefined;
  #ack: { readonly text: string; readonly to: Destination } | undefined;
  #alarm: Timer<unknown> | undefined;
  #patienceEnds = 0;
  #isAbandoned = false;
  #refusals = 0;
  #state: "waiting" | "out" | "answered" | "over" = "waiting";

  constructor(
    board: Switchboard,
    at: { readonly call: Call; readonly leg: Leg; readonly other?: Leg | undefined },
    offering: Offering | undefined,
    invitee: Invitee,
    within?: Renegotiation,
  ) {
    this.#board = board;
    this.#call = at.call;
    this.#leg = at.leg;
    this.#other = at.other;
    this.#offering = offering;
    this.#invitee = invitee;
    this.#within = within;
  }

  /** Accepted, and still without its ACK. */
  get isAnswered(): boolean {
    return this.#state === "answered";
  }

  start(now: Instant): void {
    this.#patienceEnds = now + PATIENCE_MS;
    this.#try(now);
  }

  /** Sends the ACK; with a description where the answer was an offer. */
  confirm(sdp?: string): void {
    const ack = ackFor(this.#board, this.#leg, this.#sent!.cseq.number, this.#sent!.headers);
    withSdp(ack, sdp);
    const to = nextHop(this.#leg);
    this.#ack = { text: this.#board.transactions.sendAck(ack, to), to };
    this.#release();
  }

  /** Takes it back, where it can be: one that is out may still be answered. */
  abandon(now: Instant): void {
    this.#isAbandoned = true;
    if (this.#state === "waiting") this.#release();
    else if (this.#state === "out") this.#board.transactions.cancel(this.#client!, now);
  }

  wake(_why: string, now: Instant): void {
    this.#alarm = undefined;
    if (this.#state === "waiting") this.#try(now);
    // Its 487 is the refusal.
    else this.abandon(now);
  }

  response(transaction: ClientTransaction, response: Response, flow: Flow, now: Instant): void {
    if (transaction !== this.#client || response.status < 200) return;
    this.#leg.flow = flow;
    this.#board.cancelAlarm(this.#alarm);
    if (response.status >= 300) return this.#refused(response, now);
    if (this.#ack) this.#board.transactions.repeatAck(this.#ack.text, this.#ack.to);
    if (this.#state !== "out") return;
    this.#state = "answered";
    refreshTarget(this.#leg.dialog, response);
    if (!this.#call.isOver) timeLeg(this.#board, this.#call, this.#leg, this.#sent!, response, now);
    this.#invitee.accepted(response, now);
  }

  failed(transaction: ClientTransaction, why: "timeout" | "transport", now: Instant): void {
    if (transaction === this.#client) this.#fail(why === "timeout" ? 408 : 503, now);
  }

  awaits(): boolean {
    return false;
  }

  acknowledge(): void {}

  /** It is given so long and no longer, whatever its call does. */
  ended(): void {}

  #try(now: Instant): void {
    // Nothing follows a BYE in its dialog (RFC 3261 §15).
    if (this.#call.isOver) return this.#fail(481, now);
    const { renegotiation, media } = this.#call;
    const ours = renegotiation !== undefined && renegotiation === (this.#within ?? this);
    if (!ours && (renegotiation || media.offerPending)) return this.#wait(BUSY_MS, now);
    const offer = this.#offering?.(now);
    if (offer && isEnd(offer)) return this.#fail(offer.status, now);
    this.#call.renegotiation ??= this;
    const other = this.#other ?? partnerOf(this.#call.chosen!, this.#leg);
    const request = ownInDialog(this.#board, this.#leg, "INVITE", other);
    // RFC 3325 §5: who is on the line now; of who was there before nothing has changed.
    if (this.#other) tellIdentity(this.#board, request, this.#leg, this.#other);
    askForTimer(this.#board.setup.timers[this.#leg.side], request, this.#leg.timer?.terms);
    withSdp(request, offer?.sdp);
    this.#send(request, now);
  }

  #wait(ms: number, now: Instant): void {
    if (now + ms > this.#patienceEnds) return this.#fail(491, now);
    this.#state = "waiting";
    // Meanwhile the others' offers have their turn.
    this.#yield();
    this.#alarm = this.#board.alarm(now + ms, this, "re-INVITE");
  }

  #send(request: Request, now: Instant): void {
    this.#state = "out";
    this.#sent = request;
    this.#leg.inviteSeq = request.cseq.number;
    this.#client = this.#board.transactions.request(request, nextHop(this.#leg), now, this);
    this.#alarm = this.#board.alarm(now + ANSWER_MS, this, "answer");
  }

  #refused(response: Response, now: Instant): void {
    const { status } = response;
    // What was taken back, or has no call any more, isn't asked again however it was refused.
    if (this.#isAbandoned || this.#call.isOver) return this.#fail(status, now);
    const again = this.#again(response);
    if (again) return this.#sendAgain(again, now);
    const isBusy = status === 491 || (status === 500 && response.headers.has("retry-after"));
    if (!isBusy) return this.#fail(status, now);
    const [least, spread] = this.#leg.ownsCallId ? GLARE_MS.ours : GLARE_MS.theirs;
    this.#wait(least + this.#board.random.integer(spread), now);
  }

  /** As its refusal asks for it: with credentials, or a longer session interval. */
  #again(response: Response): Request | undefined {
    const { status } = response;
    if (++this.#refusals > AGAIN_MAX) return undefined;
    if (status === 422) return withLongerTimer(this.#sent!, response);
    if (status !== 401 && status !== 407) return undefined;
    const credentials = credentialsAt(this.#leg, nextHop(this.#leg));
    return answerChallenge(this.#board, credentials, this.#sent!, response);
  }

  #sendAgain(request: Request, now: Instant): void {
    const { dialog } = this.#leg;
    dialog.localSeq = Math.max(dialog.localSeq, request.cseq.number);
    this.#send(request, now);
  }

  #fail(status: number, now: Instant): void {
    this.#release();
    this.#invitee.refused(status, now);
  }

  #release(): void {
    this.#state = "over";
    this.#board.cancelAlarm(this.#alarm);
    this.#yield();
  }

  #yield(): void {
    if (this.#call.renegotiation === this) this.#call.renegotiation = undefined;
  }
}
