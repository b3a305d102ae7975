import type { Instant, Timer } from "#base";
import { type End, end, isEnd } from "#ends";
import type { CallRecord, Fact } from "#facts";
import type { CallMedia, MediaCommand } from "#media";
import {
  type Destination,
  type Dialog,
  type DigestCredentials,
  dialogAsUac,
  dialogAsUas,
  type Flow,
  otherSide,
  type Side,
} from "#sip";
import type { Request, Response } from "#sip-message";
import type { Responder, ServerTransaction } from "#sip-transactions";
import { ackFor, byeFor, inviteAcross, refusal, responseAcross } from "./crossing.ts";
import { Dial, type Dialler } from "./dial.ts";
import { type Leg, nextHop } from "./legs.ts";
import type { Relay } from "./relay.ts";
import { performAll, sdpOf, withSdp } from "./session-body.ts";
import { SessionTimer } from "./session-timer.ts";
import type { Candidate, Switchboard, Wakeable } from "./setup.ts";

/**
 * dialling → answered → ended, or dialling → ending → ended: "ending" is a call whose outcome is
 * settled while the callee's INVITE transaction still owes a final response.
 */
export type CallState = "dialling" | "answered" | "ending" | "ended";

/** What the pipeline hands over when a call is to be dialled. */
export interface Dialling {
  readonly id: string;
  readonly from: Side;
  readonly invite: ServerTransaction;
  readonly request: Request;
  readonly flow: Flow;
  readonly media: CallMedia;
  /** The SDP for the callee; absent for an offerless INVITE (RFC 3261 §13.2.1). */
  readonly offer: string | undefined;
  readonly candidates: readonly Candidate[];
  /** The Replaces header of the INVITE, in the callee's terms (RFC 3891). */
  readonly replaces: string | undefined;
  readonly caller: string;
  readonly callee: string;
  readonly trunk: string | undefined;
  /** Answers the caller's challenges of requests in the dialog. */
  readonly callerCredentials: DigestCredentials | undefined;
}

/** One answerer among those that a downstream proxy forked to: a pair of dialogs (RFC 3261 §12.1). */
export interface Fork {
  readonly caller: Leg;
  readonly callee: Leg;
}

/** What a call tells the board that keeps it. */
export interface CallKeeper {
  /** From now on requests whose To tag is `tag` belong to this call. */
  claim(tag: string, call: Call): void;
  /** The call is over and its record written. */
  ended(call: Call): void;
  release(call: Call, tags: readonly string[]): void;
}

/** Early dialogs that one INVITE may have: more forks than this are not shown to the caller. */
const FORKS_MAX = 12;

/** One call: two legs, one media relay, one end. */
export class Call implements Dialler, Responder, Wakeable {
  readonly id: string;
  readonly from: Side;
  readonly media: CallMedia;
  readonly timer: SessionTimer;
  state: CallState = "dialling";
  /** The pair of dialogs that was answered. */
  chosen: Fork | undefined;
  /** A re-INVITE between its start and its ACK: the other side's meets 491 (RFC 3261 §14.2). */
  renegotiation: Relay | undefined;
  readonly #board: Switchboard;
  readonly #keeper: CallKeeper;
  readonly #facts: Pick<Dialling, "caller" | "callee" | "trunk" | "callerCredentials">;
  readonly #startedMs: Instant;
  #ringingMs: Instant | undefined;
  #answeredMs: Instant | undefined;
  /** The caller's INVITE, kept until it has its final response. */
  #asked:
    | {
        request: Request;
        invite: ServerTransaction;
        flow: Flow;
        offer: string | undefined;
        replaces: string | undefined;
      }
    | undefined;
  #answeredInvite: ServerTransaction | undefined;
  #forks: Fork[] = [];
  /** Our From tag and Call-ID towards the callee. */
  readonly #calleeTag: string;
  readonly #calleeCallId: string;
  #inviteCSeq = 0;
  #invited: { request: Request; credentials: DigestCredentials | undefined } | undefined;
  readonly #tags: string[] = [];
  readonly #dial: Dial;
  #ring: Timer<unknown> | undefined;
  /** The ACK towards the callee, kept to answer repeated 2xx (RFC 3261 §13.2.2.4). */
  #ack: { request: Request; to: Destination } | undefined;
  #acknowledged = false;
  #byeOwed = false;

  constructor(board: Switchboard, keeper: CallKeeper, dialling: Dialling, now: Instant) {
    this.#board = board;
    this.#keeper = keeper;
    this.id = dialling.id;
    this.from = dialling.from;
    this.media = dialling.media;
    this.timer = new SessionTimer(board, this);
    const { request, invite, flow, offer, replaces, caller, callee, trunk, callerCredentials } =
      dialling;
    this.#facts = { caller, callee, trunk, callerCredentials };
    this.#asked = { request, invite, flow, offer, replaces };
    this.#startedMs = now;
    this.#calleeTag = board.random.token(16);
    this.#calleeCallId = board.setup.masked ? board.random.token(26) : request.callId;
    invite.owner = this;
    this.#claim(this.#calleeTag);
    this.#dial = new Dial(board, this, dialling.candidates);
  }

  start(now: Instant): void {
    const { caller, callee, trunk } = this.#facts;
    this.#fact({
      kind: "call-started",
      callId: this.id,
      from: this.from,
      caller,
      callee,
      ...(trunk ? { trunk } : {}),
    });
    this.#ring = this.#board.alarm(now + this.#board.setup.ringS * 1000, this, "ring");
    this.#dial.start(now);
  }

  // ── The callee's side, as the dial reports it ────────────────────────────────────────────

  inviteFor(candidate: Candidate, to: Destination): Request {
    const { request, offer, replaces } = this.#asked!;
    const face = this.#board.setup.faces[candidate.side];
    const dialog = { callId: this.#calleeCallId, tag: this.#calleeTag, cseq: ++this.#inviteCSeq };
    const invite = inviteAcross(this.#board, request, candidate, to, face, dialog);
    withSdp(invite, offer);
    if (replaces !== undefined) invite.headers.add("replaces", replaces);
    this.#invited = { request: invite, credentials: candidate.credentials };
    return invite;
  }

  failedOver(from: string, to: string, why: string): void {
    this.#fact({ kind: "failover", callId: this.id, from, to, why });
  }

  progressed(response: Response, flow: Flow, now: Instant): void {
    if (response.status === 100 || this.state !== "dialling") return;
    const fork = this.#forkOf(response, flow);
    if (!fork) return;
    const across = this.#responseAcross(response, fork);
    const sdp = this.#relaySdp(response, now);
    if (isEnd(sdp)) return this.#abandon(sdp, now);
    withSdp(across, sdp.sdp);
    if (this.#ringingMs === undefined) {
      this.#ringingMs = now;
      this.#fact({ kind: "call-ringing", callId: this.id });
    }
    this.#board.transactions.respond(this.#asked!.invite, across, now);
  }

  answered(response: Response, flow: Flow, now: Instant): void {
    const fork = this.#forkOf(response, flow);
    if (!fork) return;
    if (this.state === "answered" && fork === this.chosen) return this.#repeatAck();
    if (this.state !== "dialling") return this.#hangUpStray(fork, now);
    const sdp = this.#relaySdp(response, now);
    if (isEnd(sdp)) {
      this.#hangUpStray(fork, now);
      return this.#refuse(sdp, now);
    }
    const across = this.#responseAcross(response, fork);
    withSdp(across, sdp.sdp);
    this.#choose(fork, now);
    this.#answeredInvite = this.#asked!.invite;
    this.#board.transactions.respond(this.#asked!.invite, across, now);
    this.timer.agreed(response, now);
    this.#asked = undefined;
    this.#invited = undefined;
  }

  refused(outcome: Response | End, now: Instant): void {
    if (this.state !== "dialling") return this.#gone();
    if (isEnd(outcome)) return this.#refuse(outcome, now);
    const { request, invite } = this.#asked!;
    const across = responseAcross(this.#board, outcome, request, this.from);
    this.#board.transactions.respond(invite, across, now);
    this.#end(
      end("rejected", { status: outcome.status, reason: outcome.reason }),
      otherSide(this.from),
      now,
    );
    this.#gone();
  }

  // ── The caller's side ────────────────────────────────────────────────────────────────────

  /** CANCEL (RFC 3261 §9.2): the INVITE gets its 487, the callee a CANCEL with the same Reason. */
  cancelled(cancel: Request, now: Instant): void {
    if (this.state !== "dialling") return;
    this.#dial.cancel(now, cancel.headers.get("reason"));
    this.#refuse(end("cancelled"), now, this.from);
  }

  /** The ACK of the caller's 2xx: towards the callee, with the answer if it bears one. */
  acknowledge(ack: Request, now: Instant): void {
    const fork = this.chosen;
    if (this.#answeredInvite) this.#board.transactions.acknowledged(this.#answeredInvite);
    this.#answeredInvite = undefined;
    if (!fork || this.#acknowledged) return;
    this.#acknowledged = true;
    const body = this.state === "answered" ? this.#relayAck(ack, now) : undefined;
    this.#sendAck(fork.callee, body);
    this.#payBye(now);
  }

  unacknowledged(now: Instant): void {
    this.#answeredInvite = undefined;
    if (this.state !== "answered") return this.#payBye(now);
    this.hangUp(end("unacknowledged"), undefined, now);
  }

  // ── Ends ─────────────────────────────────────────────────────────────────────────────────

  /** Ends the call for both sides, or for the other side when `by` has already said BYE. */
  hangUp(why: End, by: Side | undefined, now: Instant, reason?: string): void {
    if (this.state === "dialling") {
      this.#dial.cancel(now, reason);
      return this.#refuse(why, now, by);
    }
    const fork = this.chosen;
    if (this.state !== "answered" || !fork) return;
    this.#end(why, by, now);
    if (by !== fork.callee.side) {
      if (!this.#acknowledged) this.#sendAck(fork.callee, undefined);
      this.#acknowledged = true;
      this.#bye(fork.callee, now, reason);
    }
    if (by !== fork.caller.side) this.#byeCaller(fork.caller, now, reason);
    this.#gone();
  }

  wake(why: string, now: Instant): void {
    if (why === "ring" && this.state === "dialling") {
      this.#dial.cancel(now);
      this.#refuse(end("ring-timeout"), now);
    }
  }

  /** The leg that owns this local tag and, where a callee forked, the remote one. */
  fork(
    localTag: string,
    remoteTag: string | undefined,
  ): { fork: Fork; from: Leg; to: Leg } | undefined {
    for (const fork of this.chosen ? [this.chosen] : this.#forks) {
      const { caller, callee } = fork;
      if (caller.dialog.localTag === localTag) return { fork, from: caller, to: callee };
      if (callee.dialog.localTag === localTag && callee.dialog.remoteTag === remoteTag) {
        return { fork, from: callee, to: caller };
      }
    }
    return undefined;
  }

  // ── Parts ────────────────────────────────────────────────────────────────────────────────

  #forkOf(response: Response, flow: Flow): Fork | undefined {
    const tag = response.to.tag ?? "";
    const known = this.#forks.find((fork) => fork.callee.dialog.remoteTag === tag);
    if (known) return known;
    if (this.chosen && this.chosen.callee.dialog.remoteTag === tag) return this.chosen;
    const asked = this.#asked;
    if (!asked || !this.#invited || this.#forks.length >= FORKS_MAX)
      return this.#strayFork(response, flow);
    const localTag = this.#board.random.token(16);
    const callee: Leg = {
      side: otherSide(this.from),
      dialog: dialogAsUac(this.#invited.request, response),
      flow,
      inviteSeq: this.#inviteCSeq,
      credentials: this.#invited.credentials,
    };
    const caller: Leg = {
      side: this.from,
      dialog: dialogAsUas(asked.request, localTag),
      flow: asked.flow,
      inviteSeq: 0,
      credentials: this.#facts.callerCredentials,
    };
    this.#claim(localTag);
    const fork = { caller, callee };
    this.#forks.push(fork);
    return fork;
  }

  /** A 2xx of one more fork after the call is settled: enough of a dialog to say BYE to. */
  #strayFork(response: Response, flow: Flow): Fork | undefined {
    const model = this.chosen ?? this.#forks[0];
    if (!model || response.status < 200) return undefined;
    const dialog: Dialog = {
      ...model.callee.dialog,
      remoteTag: response.to.tag ?? "",
      localSeq: this.#inviteCSeq,
    };
    return { caller: model.caller, callee: { ...model.callee, dialog, flow } };
  }

  #responseAcross(response: Response, fork: Fork): Response {
    return responseAcross(this.#board, response, this.#asked!.request, this.from, fork.caller);
  }

  #relaySdp(response: Response, now: Instant): { sdp: string | undefined } | End {
    const sdp = sdpOf(response);
    const stage = response.status < 200 ? "early" : "final";
    if (sdp === undefined) {
      // The answer came in a reliable 18x: that is what the call goes on with (RFC 3262 §5).
      if (stage === "final") this.#command(this.media.settle(now));
      return { sdp: undefined };
    }
    const from = otherSide(this.from);
    const relayed =
      this.#asked!.offer === undefined
        ? this.media.relayOffer(sdp, from, now)
        : this.media.relayAnswer(sdp, from, now, stage);
    return performAll(this.#board, relayed);
  }

  #relayAck(ack: Request, now: Instant): string | undefined {
    const sdp = sdpOf(ack);
    if (sdp === undefined || !this.media.offerPending) return undefined;
    const relayed = performAll(this.#board, this.media.relayAnswer(sdp, this.from, now));
    if (!isEnd(relayed)) return relayed.sdp;
    this.hangUp(relayed, undefined, now);
    return undefined;
  }

  #choose(fork: Fork, now: Instant): void {
    this.state = "answered";
    this.chosen = fork;
    this.#answeredMs = now;
    this.#forks = [];
    this.#board.cancelAlarm(this.#ring);
    this.#fact({ kind: "call-answered", callId: this.id });
  }

  #sendAck(callee: Leg, sdp: string | undefined): void {
    const request = ackFor(this.#board, callee, callee.inviteSeq);
    withSdp(request, sdp);
    this.#ack = { request, to: nextHop(callee) };
    this.#board.transactions.sendAck(request, this.#ack.to);
  }

  #repeatAck(): void {
    if (this.#ack) this.#board.transactions.sendAck(this.#ack.request, this.#ack.to);
  }

  /** A callee that answered a call which is over, or after another fork did: ACK and BYE. */
  #hangUpStray(fork: Fork, now: Instant): void {
    this.#sendAck(fork.callee, undefined);
    this.#bye(fork.callee, now);
    if (this.state === "ending") this.#gone();
  }

  /** A UAS may not say BYE before its 2xx is acknowledged (RFC 3261 §15). */
  #byeCaller(caller: Leg, now: Instant, reason?: string): void {
    if (this.#answeredInvite) this.#byeOwed = true;
    else this.#bye(caller, now, reason);
  }

  #payBye(now: Instant): void {
    if (!this.#byeOwed || !this.chosen) return;
    this.#byeOwed = false;
    this.#bye(this.chosen.caller, now);
    this.#keeper.release(this, this.#tags);
  }

  #bye(leg: Leg, now: Instant, reason?: string): void {
    const bye = byeFor(this.#board, leg, reason);
    this.#board.transactions.request(bye, nextHop(leg), now, undefined);
  }

  /** Cancels the callee and refuses the caller, when an answer's media can't be relayed. */
  #abandon(why: End, now: Instant): void {
    this.#dial.cancel(now);
    this.#refuse(why, now);
  }

  #refuse(why: End, now: Instant, by?: Side): void {
    const { request, invite } = this.#asked!;
    const status = why.status >= 300 ? why.status : 480;
    this.#board.transactions.respond(
      invite,
      refusal(this.#board, request, { ...why, status }),
      now,
    );
    this.#end(why, by, now);
    if (!this.#dial.pending) this.#gone();
  }

  #end(why: End, by: Side | undefined, now: Instant): void {
    this.state = "ending";
    this.#asked = undefined;
    this.#board.cancelAlarm(this.#ring);
    this.timer.stop();
    this.#command(this.media.close(now));
    this.#fact({ kind: "call-ended", record: this.#record(why, by, now) });
    this.#keeper.ended(this);
  }

  #record(why: End, by: Side | undefined, now: Instant): CallRecord {
    const { caller, callee, trunk } = this.#facts;
    return {
      callId: this.id,
      from: this.from,
      caller,
      callee,
      ...(trunk === undefined ? {} : { trunk }),
      startedMs: this.#startedMs,
      ...(this.#ringingMs === undefined ? {} : { ringingMs: this.#ringingMs }),
      ...(this.#answeredMs === undefined ? {} : { answeredMs: this.#answeredMs }),
      endedMs: now,
      end: why.name,
      status: why.status,
      ...(by === undefined ? {} : { endedBy: by }),
    };
  }

  /** Nothing is owed any more; the tags are forgotten unless a BYE still waits for its ACK. */
  #gone(): void {
    if (this.state === "ended") return;
    this.state = "ended";
    this.#keeper.release(this, this.#byeOwed ? [] : this.#tags);
  }

  #command(commands: readonly MediaCommand[]): void {
    for (const command of commands) this.#board.emit({ kind: "media", command });
  }

  #fact(fact: Fact): void {
    this.#board.emit({ kind: "fact", fact });
  }

  #claim(tag: string): void {
    this.#tags.push(tag);
    this.#keeper.claim(tag, this);
  }
}
