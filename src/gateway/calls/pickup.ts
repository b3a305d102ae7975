import type { Instant } from "#base";
import { type End, end, isEnd } from "#ends";
import { type CallMedia, heldAnswer } from "#media";
import { Headers, type Request, Response } from "#sip-message";
import type { Responder } from "#sip-transactions";
import { AskingPeer } from "./asker.ts";
import type { Call } from "./call.ts";
import type { Picking, Transferring } from "./call-parts.ts";
import type { Fork } from "./forks.ts";
import type { Leg } from "./legs.ts";
import { mediaAlone, type Newcomer, untilAcknowledged } from "./newcomer.ts";
import { type Invitee, type Offering, OwnInvite } from "./own-invite.ts";
import { command, performAll, sdpOf } from "./session-body.ts";
import type { Switchboard } from "./setup.ts";
import { keepIdentities } from "./told-identity.ts";

/** Phones that stop ringing for it need not tell of a call missed (RFC 3326 §2). */
const ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';

/** Its media: on hold while it is alone with us, and then in the call. */
interface PickerMedia {
  readonly held: CallMedia;
  readonly joined: CallMedia;
  /** What its INVITE is answered with; absent where that is the caller's offer. */
  readonly answer: string | undefined;
  readonly offer: string | undefined;
  /** Of the caller, as the picker is to get it; absent where it has made none. */
  readonly offering: Offering | undefined;
}

/**
 * A call that rings is taken by another phone, whose INVITE names the ringing dialog (RFC 3891 §3).
 * Who rang is cancelled, and who picks up has its 200 at once. Both it and the caller may have made
 * an offer: then it gets the caller's by a re-INVITE, or is asked for another one where the caller
 * has none. The caller is answered by a new dialog, as if it had been forked: what the early ones
 * had agreed on is theirs alone (RFC 3261 §12.1).
 */
export class Pickup implements Invitee, Picking, Responder {
  /** Nobody else may offer anything meanwhile. */
  readonly exchange = untilAcknowledged(
    () => this.#leg,
    (ack, now) => this.#acknowledged(ack, now),
  );
  readonly #board: Switchboard;
  readonly #call: Call;
  readonly #asker: AskingPeer;
  readonly #request: Request;
  readonly #media: PickerMedia;
  readonly #fork: Fork;
  /** The transfer that makes the call, where one does. */
  readonly #former: Transferring | undefined;
  #invite: OwnInvite | undefined;
  #state: "greeted" | "asked" = "greeted";

  private constructor(
    board: Switchboard,
    call: Call,
    by: Newcomer,
    media: PickerMedia,
    now: Instant,
  ) {
    this.#board = board;
    this.#call = call;
    this.#media = media;
    this.#asker = new AskingPeer(board, by.asker);
    this.#request = by.asker.request;
    this.#asker.begun(call);
    by.asker.invite.owner = this;
    const { request } = call.asker!;
    this.#fork = {
      caller: call.asker!.legFor(board.random.token(16)),
      callee: this.#asker.legFor(board.random.token(16)),
      isAlone: true,
    };
    this.#former = call.transfer;
    call.transfer = this;
    call.renegotiation = this.exchange;
    call.pickUp(this, this.#fork, ELSEWHERE, now);
    keepIdentities(this.#fork, request, asAnswer(this.#request));
    const told = media.answer ?? media.offer;
    this.#asker.answered(asAnswer(request), this.#leg, told, now);
  }

  /** Returns the end that the INVITE is refused with, if it is: the call rings on then. */
  static begin(board: Switchboard, call: Call, by: Newcomer, now: Instant): End | undefined {
    const media = prepare(board, call, by, now);
    if (isEnd(media)) return media;
    new Pickup(board, call, by, media, now);
    return undefined;
  }

  get #leg(): Leg {
    return this.#fork.callee;
  }

  // ── The picker's ACK, and what it is asked then ──────────────────────────────────────────

  #acknowledged(ack: Request, now: Instant): void {
    this.#asker.acknowledged();
    if (this.#call.isOver) return this.#call.payBye(now);
    if (this.#state !== "greeted") return;
    this.#state = "asked";
    const { answer, offering } = this.#media;
    // Who has offered nothing has got the caller's offer already, and this is its answer.
    if (answer === undefined) return this.#answered(sdpOf(ack), now);
    const at = { call: this.#call, leg: this.#leg, other: this.#fork.caller };
    this.#invite = new OwnInvite(this.#board, at, offering, this, this.exchange);
    this.#invite.start(now);
  }

  unacknowledged(now: Instant): void {
    if (this.#call.isOver) return this.#call.payBye(now);
    this.#state = "asked";
    this.#call.hangUp(end("unacknowledged"), undefined, now);
  }

  /** It has its answer already. */
  cancelled(): void {}

  // ── The re-INVITE ────────────────────────────────────────────────────────────────────────

  accepted(response: Response, now: Instant): void {
    if (this.#call.isOver) return this.#invite!.confirm();
    const sdp = sdpOf(response);
    if (!this.#media.offering) return this.#offered(sdp, now);
    this.#invite!.confirm();
    this.#answered(sdp, now);
  }

  refused(status: number, now: Instant): void {
    if (!this.#call.isOver) this.#call.hangUp(end("rejected", { status }), undefined, now);
  }

  /** The picker's answer to the caller's offer. */
  #answered(sdp: string | undefined, now: Instant): void {
    const { joined } = this.#media;
    this.#join(sdp && performAll(this.#board, joined.relayAnswer(sdp, "callee", now)), now);
  }

  /** The picker's offer to a caller that has made none, whose ACK will bear the answer. */
  #offered(sdp: string | undefined, now: Instant): void {
    const { joined } = this.#media;
    const relayed = sdp && performAll(this.#board, joined.relayOffer(sdp, "callee", now));
    if (!relayed || isEnd(relayed)) this.#invite!.confirm();
    this.#join(relayed, now);
  }

  confirm(sdp: string | undefined): void {
    if (this.#invite?.isAnswered) this.#invite.confirm(sdp);
  }

  #join(relayed: { readonly sdp: string } | End | "" | undefined, now: Instant): void {
    if (!relayed || isEnd(relayed)) {
      return this.#call.hangUp(relayed || end("bad-sdp"), undefined, now);
    }
    const { held, joined } = this.#media;
    command(this.#board, held.close(now));
    this.#fork.isAlone = false;
    this.#call.transfer = this.#former;
    this.#call.renegotiation = undefined;
    this.#call.picked(joined, asAnswer(this.#request), relayed.sdp, now);
  }

  // ── Ends ─────────────────────────────────────────────────────────────────────────────────

  /** Whoever leaves before the two are joined ends the call. */
  left(): boolean {
    return false;
  }

  subscribed(): boolean {
    return false;
  }

  /** The call is over before the two were joined. */
  ended(call: Call, now: Instant): void {
    this.#invite?.abandon(now);
    for (const media of [this.#media.held, this.#media.joined]) {
      command(this.#board, media.close(now));
    }
    this.#leg.timer?.stop();
    // Unless it has hung up by itself.
    if (!this.#fork.isOver) call.endLeg(this.#leg, now, {}, this.#state === "greeted");
    this.#former?.ended(call, now);
  }
}

/** Both parts of the picker's media, or why it can't have them. */
function prepare(board: Switchboard, call: Call, by: Newcomer, now: Instant): PickerMedia | End {
  const theirs = sdpOf(by.asker.request);
  const callers = sdpOf(call.asker!.request);
  if (theirs === undefined && callers === undefined) return end("no-offer");
  const held = mediaAlone(board, by);
  const answer = theirs === undefined ? undefined : hold(board, held, theirs, now);
  const joined = call.media.successor("callee", held.end("caller"));
  const offering: Offering | undefined =
    callers === undefined
      ? undefined
      : (then) => performAll(board, joined.relayOffer(callers, "caller", then));
  const offer = offering?.(now);
  const refused = [answer, offer].find((one) => one && isEnd(one));
  if (!refused) return { held, joined, answer: sdpIn(answer), offering, offer: sdpIn(offer) };
  for (const media of [held, joined]) command(board, media.close(now));
  return refused as End;
}

/** Takes an offer for nobody: agreed on, and no media flows. */
function hold(board: Switchboard, held: CallMedia, offer: string, now: Instant) {
  const asked = performAll(board, held.relayOffer(offer, "caller", now));
  if (isEnd(asked)) return asked;
  return performAll(board, held.relayAnswer(heldAnswer(asked.sdp), "callee", now));
}

const sdpIn = (relayed: { readonly sdp: string } | End | undefined): string | undefined =>
  relayed && !isEnd(relayed) ? relayed.sdp : undefined;

/** What an answer of its sender would say of it. */
const TOLD = ["allow", "supported", "contact", "p-asserted-identity", "privacy"] as const;

function asAnswer({ headers }: Request): Response {
  const said = new Headers();
  for (const name of TOLD) said.addAllFrom(headers, name);
  return new Response(200, "OK", said);
}
