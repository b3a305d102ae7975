import type { Instant, Timer } from "#base";
import { type End, end, isEnd } from "#ends";
import { CallMedia, otherRole, type Role } from "#media";
import { type Request, type Response, responseTo } from "#sip-message";
import type { Call } from "./call.ts";
import type { Dialling, Transferring } from "./call-parts.ts";
import { CallRenewal } from "./call-renewal.ts";
import { ConsultedTarget } from "./consulted-target.ts";
import { DialledTarget } from "./dialled-target.ts";
import type { Namer } from "./dialog-ids.ts";
import { contactOf, type Leg } from "./legs.ts";
import { type Invitee, type Offering, OwnInvite } from "./own-invite.ts";
import type { Policy } from "./pipeline.ts";
import { ReferNotices, refusesSubscription } from "./refer-notices.ts";
import { type Referral, readReferral, replacesOf } from "./referred-invite.ts";
import type { InDialog } from "./relay.ts";
import { command, performAll, sdpOf } from "./session-body.ts";
import { calleesExchange, reachedByTls, type Switchboard, type Wakeable } from "./setup.ts";
import type { TargetNews, TransferTarget } from "./transfer-target.ts";

/** How long a referrer that knows of its success may take to hang up by itself (RFC 5589 §6.1). */
const FAREWELL_MS = 4000;

/** What a transfer needs of all the calls and of the operator's policy. */
export interface TransferDesk {
  readonly policy: Policy;
  open(dialling: Dialling, now: Instant): void;
  /** The call in which whoever names it has such a dialog; `role` is that peer's. */
  inDialog(
    callId: string,
    ourTag: string,
    theirTag: string,
    by: Namer,
  ): { readonly call: Call; readonly role: Role } | undefined;
}

/**
 * One transfer that the gateway performs (RFC 5589): it reaches the target, has it offer media, gives
 * the offer to the transferee, and once that is taken the two are one call, without the referrer.
 * Until then nothing of the referrer's call is given up.
 */
export class Transfer implements Invitee, TargetNews, Transferring, Wakeable {
  readonly #board: Switchboard;
  readonly #desk: TransferDesk;
  readonly #call: Call;
  readonly #referrer: Role;
  readonly #request: Request;
  readonly #notices: ReferNotices;
  #target: TransferTarget | undefined;
  #proposal: OwnInvite | undefined;
  #alarm: Timer<unknown> | undefined;
  #stage: "reaching" | "joined" | "over" = "reaching";

  private constructor(board: Switchboard, desk: TransferDesk, by: InDialog, now: Instant) {
    this.#board = board;
    this.#desk = desk;
    this.#call = by.call;
    this.#referrer = by.role;
    this.#request = by.request;
    this.#notices = new ReferNotices(board, by, now);
  }

  /** Takes on a REFER in an answered call; returns the end that it is refused with, if it is. */
  static begin(
    board: Switchboard,
    desk: TransferDesk,
    by: InDialog,
    now: Instant,
  ): End | undefined {
    const { call, transaction } = by;
    if (desk.policy.draining) return end("draining", { retryAfterS: 5 });
    if (!call.isSettled) return end("transferring");
    const referral = readReferral(board, by);
    if (isEnd(referral)) return referral;
    board.transactions.respond(transaction, accepted(board, by), now);
    new Transfer(board, desk, by, now).#start(referral, now);
    return undefined;
  }

  #start(referral: Referral, now: Instant): void {
    this.#call.transfer = this;
    this.#notices.tell(100, now);
    const refused = this.#reach(referral, now);
    if (refused) this.#fail(refused, now);
  }

  // ── The target ───────────────────────────────────────────────────────────────────────────

  #reach(referral: Referral, now: Instant): End | undefined {
    const { replaces } = referral;
    const { trunk } = this.#call.termsOf(this.#referrer);
    const by = { side: this.#legOf(this.#referrer).side, trunk };
    const named =
      replaces && this.#desk.inDialog(replaces.callId, replaces.toTag, replaces.fromTag, by);
    return named ? this.#consult(named, now) : this.#dial(referral, now);
  }

  #consult(named: { readonly call: Call; readonly role: Role }, now: Instant): End | undefined {
    const { call } = named;
    // RFC 3891 §3: there is no such dialog, or not yet, or not any more.
    if (call === this.#call || !call.isSettled) return end("no-dialog");
    const transferee = {
      leg: this.#transferee,
      end: this.#call.media.end(otherRole(this.#referrer)),
    };
    const target = new ConsultedTarget(this.#board, named, transferee, this);
    this.#target = target;
    call.transfer = this;
    target.start(now);
    return undefined;
  }

  #dial(referral: Referral, now: Instant): End | undefined {
    const { policy } = this.#desk;
    const { side: from } = this.#transferee;
    const { side: by } = this.#legOf(this.#referrer);
    const terms = this.#call.termsOf(this.#referrer);
    const route = policy.referred(referral.invite, by, terms.trunk);
    if (isEnd(route)) return route;
    // A dialog of the referrer's own side is known there alone, and is nobody else's business.
    if (referral.replaces && route.toward !== by) return end("no-dialog");
    const id = this.#board.random.token(12);
    // Within the PBX no line is taken: the transferee's goes on.
    const refused = route.toward === "public" ? policy.admit(id, route, now) : undefined;
    if (refused) return refused;
    const { setup, ports } = this.#board;
    const sides = { caller: from, callee: route.toward };
    const transferee = this.#call.media.end(otherRole(this.#referrer));
    const tls = { caller: false, callee: reachedByTls(route.candidates) };
    const legs = { sides, tls, exchange: calleesExchange(route), caller: transferee };
    const media = CallMedia.begin(id, legs, setup.media, ports);
    const asker = new DialledTarget(referral.invite, media, this.#transferee, this);
    this.#target = asker;
    const replaces = replacesOf(referral);
    const { candidates, caller, callee, trunk, referRules } = route;
    const facts = { caller, callee, trunk, referRules };
    this.#desk.open(
      { id, from, asker, media, offer: undefined, candidates, replaces, ...facts },
      now,
    );
    return undefined;
  }

  rang(now: Instant): void {
    if (this.#stage === "reaching") this.#notices.tell(180, now);
  }

  /** The transferee gets the target's offer; it keeps what it has until it answers. */
  offered(sdp: string, now: Instant): void {
    if (this.#stage !== "reaching") return;
    const { call: into, place, media } = this.#target!;
    const other = into?.chosen?.[otherRole(place)];
    const at = { call: this.#call, leg: this.#transferee, other };
    const relay: Offering = (then) =>
      performAll(this.#board, media.relayOffer(sdp, otherRole(place), then));
    this.#proposal = new OwnInvite(this.#board, at, relay, this);
    this.#proposal.start(now);
  }

  lost(status: number, now: Instant): void {
    this.#fail(end("rejected", { status }), now);
  }

  // ── The transferee ───────────────────────────────────────────────────────────────────────

  accepted(response: Response, now: Instant): void {
    const sdp = sdpOf(response);
    this.#proposal!.confirm();
    if (this.#stage === "reaching" && sdp !== undefined) return this.#join(sdp, now);
    this.#fail(end("bad-sdp"), now);
    // It has agreed to media that nobody sends any more: back to what the referrer has.
    const call = this.#call;
    if (!call.isOver) new CallRenewal(this.#board, call, otherRole(this.#referrer)).start(now);
  }

  refused(status: number, now: Instant): void {
    this.#fail(end("rejected", { status }), now);
    // RFC 3261 §12.2.1.2: the transferee is gone.
    const isGone = status === 481 || status === 408;
    if (isGone) this.#call.hangUp(end("no-dialog"), undefined, now);
  }

  #join(sdp: string, now: Instant): void {
    this.#stage = "joined";
    const target = this.#target!;
    const into = target.call!;
    const transferee = this.#transferee;
    into.transfer = undefined;
    const terms = this.#call.termsOf(otherRole(this.#referrer));
    into.take(target.place, { leg: transferee, terms, media: target.media }, now);
    const callId = this.#call.id;
    if (transferee.side === "public") handLinesOn(this.#call, into);
    this.#board.emit({ kind: "fact", fact: { kind: "transferred", callId, into: into.id } });
    target.answer(sdp, now);
    this.#notices.end(200, now);
    this.#leave(now);
  }

  /** The referrer alone is left in its call: it hangs up, or is hung up. */
  #leave(now: Instant): void {
    const call = this.#call;
    const hasLeft = call.absent !== undefined;
    call.absent = otherRole(this.#referrer);
    command(this.#board, call.media.close(now));
    if (hasLeft) return call.hangUp(end("transferred"), this.#referrer, now);
    const waits = refusesSubscription(this.#request) ? 0 : FAREWELL_MS;
    this.#alarm = this.#board.alarm(now + waits, this, "farewell");
  }

  wake(_why: string, now: Instant): void {
    this.#call.hangUp(end("transferred"), undefined, now);
  }

  // ── Ends ─────────────────────────────────────────────────────────────────────────────────

  /**
   * A BYE from somebody whose leaving doesn't end the call: the referrer, in either of its calls,
   * need not wait for what becomes of the transfer.
   */
  left(call: Call, role: Role, now: Instant): boolean {
    if (call === this.#call && role !== this.#referrer) return false;
    if (call !== this.#call && role !== this.#target?.place) return false;
    if (this.#stage === "joined") call.hangUp(end("transferred"), role, now);
    else call.lose(role);
    return true;
  }

  /** One of the calls is over. */
  ended(call: Call, now: Instant): void {
    this.#board.cancelAlarm(this.#alarm);
    if (call === this.#call && this.#stage === "joined") this.#stage = "over";
    else this.#fail(end(call === this.#call ? "cancelled" : "rejected"), now);
  }

  /** The referrer refreshes the subscription that its REFER made, or has heard enough. */
  subscribed(way: InDialog, now: Instant): boolean {
    const { call, role, transaction, request } = way;
    const isReferrer = call === this.#call && role === this.#referrer;
    if (!isReferrer || !this.#notices.areMeant(request)) return false;
    const isOver = request.headers.get("expires")?.trim() === "0";
    const response = answerTo(this.#board, way, 200);
    response.headers.add("expires", String(isOver ? 0 : this.#notices.leftS(now)));
    this.#board.transactions.respond(transaction, response, now);
    this.#notices.subscribed(isOver, now);
    return true;
  }

  /** The referrer's call stays as it was (RFC 5589 §6.3), if the referrer has stayed. */
  #fail(why: End, now: Instant): void {
    if (this.#stage !== "reaching") return;
    this.#stage = "over";
    const call = this.#call;
    call.transfer = undefined;
    this.#notices.end(why.status, now);
    const target = this.#target;
    if (target?.call?.transfer === this) target.call.transfer = undefined;
    target?.drop(why, now);
    this.#proposal?.abandon(now);
    if (call.absent) call.hangUp(why, undefined, now);
    const callId = call.id;
    const { status } = why;
    this.#board.emit({ kind: "fact", fact: { kind: "transfer-failed", callId, status } });
  }

  get #transferee(): Leg {
    return this.#legOf(otherRole(this.#referrer));
  }

  #legOf(role: Role): Leg {
    return this.#call.chosen![role];
  }
}

/** The operator's line to the transferee is not free before the call that it is in now has ended. */
function handLinesOn(from: Call, into: Call): void {
  const own = from.hasNoLine ? [] : [from.id];
  into.lines = [...(into.lines ?? []), ...(from.lines ?? []), ...own];
  from.lines = undefined;
  from.hasNoLine = true;
}

/** The 202 of RFC 3515 §2.4.2. */
function accepted(board: Switchboard, way: InDialog): Response {
  const response = answerTo(board, way, 202);
  if (refusesSubscription(way.request)) response.headers.add("refer-sub", "false");
  return response;
}

function answerTo(board: Switchboard, { request, from, to }: InDialog, status: number): Response {
  const { side, flow, dialog } = from;
  const response = responseTo(request, status);
  const user = request.target?.user;
  const contact = contactOf(board.setup.faces[side], flow.transport, user, dialog.secure);
  response.headers.add("contact", contact + to.dialog.remoteFeatures);
  response.headers.add("server", board.setup.product);
  return response;
}
