import type { Instant, Timer } from "#base";
import { asRefusal, type End, end, isEnd } from "#ends";
import { CallFigures, type CallMedia, type Role } from "#media";
import type { LegTerms } from "#port";
import { confirmDialog, type Destination, type Flow } from "#sip";
import { hasOptionTag, type Request, type Response } from "#sip-message";
import type { Responder } from "#sip-transactions";
import type { Asker } from "./asker.ts";
import { Byes } from "./byes.ts";
import type {
  Asked,
  CallKeeper,
  CallParts,
  CallState,
  Joining,
  Picking,
  Renegotiation,
  Transferring,
} from "./call-parts.ts";
import type { CallTerms } from "./call-terms.ts";
import { Dial, type Dialler } from "./dial.ts";
import { type Farewell, reasonIn } from "./farewell.ts";
import { NO_SDP, relayAckAnswer, relayFirstAnswer } from "./first-answer.ts";
import { type Crossing, type Fork, Forks, stopTimers } from "./forks.ts";
import { Inviting } from "./inviting.ts";
import type { Leg } from "./legs.ts";
import { command } from "./session-body.ts";
import { timeLeg } from "./session-timer.ts";
import type { Candidate, Switchboard, Wakeable } from "./setup.ts";
import type { Story } from "./story.ts";
import { keepIdentities } from "./told-identity.ts";

/** One call: two legs, one media relay, one end. */
export class Call implements Dialler, Responder, Wakeable {
  readonly id: string;
  readonly terms: CallTerms;
  readonly story: Story;
  /** Calls whose lines go on in this one: they are counted until it ends. */
  lines: readonly string[] | undefined;
  /** Its own line goes on in another call. */
  hasNoLine = false;
  media: CallMedia;
  state: CallState = "dialling";
  /** The pair of dialogs that was answered. */
  chosen: Fork | undefined;
  /** A re-INVITE between its start and its ACK: the other side's meets 491 (RFC 3261 §14.2). */
  renegotiation: Renegotiation | undefined;
  transfer: Transferring | undefined;
  /** The leg that is not there: its peer has hung up or is another call's now, or has yet to join. */
  absent: Role | undefined;
  readonly byes = new Byes();
  readonly figures = new CallFigures();
  readonly #board: Switchboard;
  readonly #keeper: CallKeeper;
  readonly #forks = new Forks();
  #asked: Asked | undefined;
  /** Who has been answered, and not acknowledged it yet. */
  #answered: Asker | undefined;
  readonly inviting: Inviting;
  readonly #tags: string[] = [];
  readonly #dial: Dial;
  /** Ends the ringing. */
  #alarm: Timer<unknown> | undefined;
  /** CSeq of the INVITE that was answered: a re-INVITE may overtake its ACK (RFC 5407 §3.1.4). */
  #answeredSeq = 0;
  #acknowledged = false;
  /** With the phone that picks the call up: nobody else's answer counts any more. */
  #picked: { readonly by: Picking; readonly fork: Fork } | undefined;

  constructor(board: Switchboard, keeper: CallKeeper, parts: CallParts) {
    this.#board = board;
    this.#keeper = keeper;
    this.id = parts.id;
    this.terms = parts.terms;
    this.story = parts.story;
    this.media = parts.media;
    this.inviting = new Inviting(board, parts.callersCallId);
    this.#dial = new Dial(board, this, parts.candidates);
  }

  /** Ended, whatever is still owed to one side. */
  get isOver(): boolean {
    return this.state === "ending" || this.state === "ended";
  }

  /** In peace: answered, acknowledged, and with both of its legs. */
  get isSettled(): boolean {
    const isUp = this.state === "answered" && this.#acknowledged && !this.#answered;
    return isUp && !this.transfer && !this.absent;
  }

  /** Who asks, while nobody is connected. */
  get asker(): Asker | undefined {
    return this.#asked?.asker;
  }

  start(asked: Asked, now: Instant): void {
    this.#asked = asked;
    asked.asker.begun(this);
    this.#claim(this.inviting.tag);
    this.story.started();
    this.#alarm = this.#board.alarm(now + this.#board.setup.ringS * 1000, this, "ring");
    this.#dial.start(now);
  }

  /** Goes on where it was when another process had it. */
  resume(legs: Fork): void {
    this.state = "answered";
    this.chosen = legs;
    this.#forks.choose(legs);
    this.#acknowledged = true;
    for (const leg of [legs.caller, legs.callee]) this.#claim(leg.dialog.localTag);
  }

  // ── The callee's side, as the dial reports it ────────────────────────────────────────────

  inviteFor(candidate: Candidate, to: Destination): Request {
    const { asker, offer, replaces } = this.#asked!;
    return this.inviting.inviteFor(candidate, to, { request: asker.request, offer, replaces });
  }

  progressed(response: Response, flow: Flow, now: Instant): void {
    if (response.status === 100 || this.state !== "dialling" || this.#picked) return;
    const fork = this.#forkOf(response, flow);
    if (!fork || fork.isOver) return;
    // Nobody is there yet whom early media could reach.
    const sdp = this.absent ? NO_SDP : this.#relaySdp(response, fork, now);
    if (isEnd(sdp)) {
      this.#dial.cancel(now);
      return this.#refuse(sdp, now);
    }
    this.story.rings(now);
    this.#asked!.asker.rang(response, fork.caller, sdp.sdp, now);
  }

  answered(response: Response, flow: Flow, now: Instant): void {
    const fork = this.#forkOf(response, flow);
    if (this.inviting.repeatAck(response)) return;
    if (fork && fork === this.chosen) return;
    if (this.state !== "dialling" || this.#picked || !fork || fork.isOver)
      return this.#hangUpStray(response, flow, now);
    const sdp = this.#relaySdp(response, fork, now);
    if (isEnd(sdp)) {
      this.#hangUpStray(response, flow, now);
      return this.#refuse(sdp, now);
    }
    confirmDialog(fork.callee.dialog, response);
    fork.callee.knowsReplaces = hasOptionTag(response.headers, "supported", "replaces");
    this.#choose(fork, now);
    timeLeg(this.#board, this, fork.callee, this.inviting.settle(response), response, now);
    if (this.terms.mayTransfer) keepIdentities(fork, this.#asked!.asker.request, response);
    this.#tellAnswer(response, fork, sdp.sdp, now);
  }

  refused(outcome: Response | End, now: Instant): void {
    if (this.#picked && !this.isOver) return;
    if (this.state !== "dialling") return this.#gone();
    if (isEnd(outcome)) return this.#refuse(outcome, now);
    this.#asked!.asker.refused(outcome, now);
    this.#end(end("rejected", { status: outcome.status, reason: outcome.reason }), "callee", now);
    this.#gone();
  }

  /** Another phone takes the call (RFC 3891 §3); those that ring are told why they stop. */
  pickUp(by: Picking, fork: Fork, why: string, now: Instant): void {
    // A transferee is in another call until it joins this one.
    const legs = this.absent ? [fork.callee] : [fork.caller, fork.callee];
    for (const { dialog } of legs) this.#claim(dialog.localTag);
    this.#forks.add(fork);
    this.#picked = { by, fork };
    this.#dial.cancel(now, why);
  }

  /** Who picks it up has come to terms: the caller is answered, by a dialog of its own. */
  picked(media: CallMedia, response: Response, sdp: string, now: Instant): void {
    const { fork } = this.#picked!;
    command(this.#board, this.media.close(now));
    this.media = media;
    this.#choose(fork, now);
    this.#tellAnswer(response, fork, sdp, now);
  }

  // ── The caller's side ────────────────────────────────────────────────────────────────────

  /** CANCEL (RFC 3261 §9.2): the INVITE gets its 487, the callee a CANCEL with the same Reason. */
  cancelled(cancel: Request, now: Instant): void {
    if (this.state !== "dialling") return;
    this.#dial.cancel(now, cancel.headers.get("reason"));
    this.#refuse(end("cancelled"), now, "caller");
  }

  /** The ACK of the caller's 2xx: towards the callee, with the answer if it bears one. */
  acknowledge(sdp: string | undefined, now: Instant): void {
    const fork = this.chosen;
    this.#answered?.acknowledged();
    this.#answered = undefined;
    if (fork && !this.#acknowledged) {
      this.#acknowledged = true;
      const isUp = this.state === "answered";
      const relayed = isUp ? relayAckAnswer(this.#board, this.media, sdp, now) : NO_SDP;
      this.#sendAck(isEnd(relayed) ? undefined : relayed.sdp);
      // The callee's 2xx has its ACK before its BYE (RFC 3261 §13.2.2.4).
      if (isEnd(relayed)) this.hangUp(relayed, undefined, now);
    }
    this.payBye(now);
  }

  unacknowledged(now: Instant): void {
    this.#answered = undefined;
    if (this.state !== "answered") return this.payBye(now);
    this.hangUp(end("unacknowledged"), undefined, now);
  }

  // ── Ends ─────────────────────────────────────────────────────────────────────────────────

  /** Ends the call for both legs, or for the other one when `by` has already said BYE. */
  hangUp(why: End, by: Role | undefined, now: Instant, told: Farewell = {}): void {
    if (this.state === "dialling") {
      this.#dial.cancel(now, reasonIn(told));
      return this.#refuse(why, now, by);
    }
    const fork = this.chosen;
    if (this.state !== "answered" || !fork) return;
    const isHere = (role: Role): boolean => role !== by && role !== this.absent;
    this.#end(why, by, now);
    if (isHere("callee")) {
      if (!this.#acknowledged) this.#sendAck(undefined);
      this.#acknowledged = true;
      this.endLeg(fork.callee, now, told);
    }
    // A UAS may not say BYE before its 2xx is acknowledged (RFC 3261 §15).
    if (isHere("caller")) this.endLeg(fork.caller, now, told, this.#answered !== undefined);
    this.#gone();
  }

  /** A leg's peer has hung up, and the other stays for what is to come. */
  lose(role: Role): void {
    this.absent = role;
    this.chosen?.[role].timer?.stop();
  }

  /** Another peer takes a leg's place. */
  take(role: Role, { leg, terms, media }: Joining, now: Instant): void {
    const fork = this.chosen!;
    this.terms.join(role, terms);
    const former = this.absent ? undefined : fork[role];
    this.absent = undefined;
    if (media !== this.media) command(this.#board, this.media.close(now));
    this.media = media;
    fork[role] = leg;
    this.#claim(leg.dialog.localTag);
    if (leg.timer) leg.timer.call = this;
    former?.timer?.stop();
    if (former) this.endLeg(former, now, {});
  }

  /** A leg's dialog is no more: that ends the call, unless the leg has left it before. */
  lostDialog(leg: Leg, why: End, now: Instant): void {
    if (this.state === "dialling") this.#loseFork(leg, why, now);
    else if (this.has(leg)) this.hangUp(why, undefined, now);
  }

  /** The caller's BYE in an early dialog: of several it ends that one alone (RFC 3261 §15). */
  leftFork({ caller }: Fork, bye: Request, now: Instant): void {
    this.#loseFork(caller, end("cancelled"), now, { bye });
  }

  /** Says BYE to a leg's peer; once it has acknowledged our 2xx, where it hasn't. */
  endLeg(leg: Leg, now: Instant, told: Farewell, isUnacknowledged = false): void {
    if (isUnacknowledged) this.byes.owe(leg, told);
    else this.byes.say(this.#board, leg, now, told, () => this.#forget());
  }

  payBye(now: Instant): void {
    this.byes.pay(this.#board, now, () => this.#forget());
  }

  wake(why: string, now: Instant): void {
    if (why === "ring") this.hangUp(end("ring-timeout"), undefined, now);
  }

  /** The legs that a request in one of the call's dialogs crosses between. */
  crossing(localTag: string, remoteTag: string | undefined): Crossing | undefined {
    return this.#forks.crossing(localTag, remoteTag);
  }

  roleOf(leg: Leg): Role {
    return leg === this.chosen?.caller ? "caller" : "callee";
  }

  termsOf(role: Role): LegTerms {
    return this.terms.of(role, this.media.end(role).side);
  }

  /** Whether a leg is one of the two, and its peer there. */
  has(leg: Leg): boolean {
    const role = this.roleOf(leg);
    const fork = this.chosen ?? this.#picked?.fork;
    return !this.isOver && fork?.[role] === leg && this.absent !== role;
  }

  // ── Parts ────────────────────────────────────────────────────────────────────────────────

  #forkOf(response: Response, flow: Flow): Fork | undefined {
    const known = this.#forks.answeredBy(response);
    const { latest } = this.inviting;
    if (known || !this.#asked || !latest || this.#forks.isFull) return known;
    const localTag = this.#board.random.token(16);
    const caller = this.#asked.asker.legFor(localTag);
    if (caller.dialog.localTag === localTag) this.#claim(localTag);
    return this.#forks.open(caller, latest, response, flow);
  }

  /** The INVITE goes on without this early dialog: another may ring, unless it's the caller that is gone. */
  #loseFork(leg: Leg, why: End, now: Instant, told: Farewell = {}): void {
    const fork = this.#forks.end(leg);
    if (!fork) return;
    if (leg === fork.caller && !this.#forks.areLeft) {
      return this.hangUp(why, told.bye ? "caller" : undefined, now, told);
    }
    this.endLeg(fork.callee, now, told);
    this.inviting.leave([fork.callee]);
  }

  #relaySdp(response: Response, fork: Fork, now: Instant): { sdp: string | undefined } | End {
    const offered = this.#asked!.offer !== undefined;
    const { remoteTag } = fork.callee.dialog;
    return relayFirstAnswer(this.#board, this.media, { response, offered, remoteTag }, now);
  }

  #choose(fork: Fork, now: Instant): void {
    this.state = "answered";
    this.chosen = fork;
    this.#answeredSeq = fork.callee.inviteSeq;
    this.inviting.leave(this.#forks.calleesBut(fork));
    this.#forks.choose(fork);
    if (this.media.isForked) command(this.#board, this.media.dropOtherForks(now));
    this.#board.cancelAlarm(this.#alarm);
    this.story.answered(now);
    this.#keeper.answered(this, now);
  }

  #tellAnswer(response: Response, fork: Fork, sdp: string | undefined, now: Instant): void {
    const { asker } = this.#asked!;
    this.#answered = asker;
    this.#asked = undefined;
    asker.answered(response, fork.caller, sdp, now);
  }

  #sendAck(sdp: string | undefined): void {
    if (this.#picked) return this.#picked.by.confirm(sdp);
    this.inviting.acknowledge(this.chosen!.callee, this.#answeredSeq, sdp);
  }

  #hangUpStray(response: Response, flow: Flow, now: Instant): void {
    this.inviting.hangUpStray(response, flow, now);
    if (this.state === "ending") this.#gone();
  }

  /** The tags are known until nothing is owed or outstanding any more. */
  #forget(): void {
    if (this.state === "ended") this.#keeper.release(this, this.byes.areOut ? [] : this.#tags);
  }

  #refuse(why: End, now: Instant, by?: Role): void {
    this.#asked!.asker.refused(asRefusal(why), now);
    this.#end(why, by, now);
    if (!this.#dial.pending) this.#gone();
  }

  #end(why: End, by: Role | undefined, now: Instant): void {
    this.state = "ending";
    this.#asked = undefined;
    this.#board.cancelAlarm(this.#alarm);
    if (!this.chosen) this.inviting.leave(this.#forks.calleesBut(undefined));
    this.renegotiation?.ended(now);
    stopTimers(this.chosen, this.absent);
    const voice = this.figures.voice(this.media);
    command(this.#board, this.media.close(now));
    this.story.ended(why, by && this.media.end(by).side, voice, now);
    const { transfer } = this;
    this.transfer = undefined;
    transfer?.ended(this, now);
    this.#keeper.ended(this, now);
  }

  /** Nothing is owed any more, but perhaps a BYE that waits for its ACK. */
  #gone(): void {
    if (this.state === "ended") return;
    this.state = "ended";
    const late = this.inviting.lateAnswers();
    if (late) this.#dial.outlive(late);
    this.#forget();
  }

  #claim(tag: string): void {
    this.#tags.push(tag);
    this.#keeper.claim(tag, this);
  }
}
