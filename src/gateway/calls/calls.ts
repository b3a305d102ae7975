import { ChurnMap, type Instant } from "#base";
import { type End, end } from "#ends";
import { otherRole } from "#media";
import type { SavedCall } from "#port";
import { acceptsCSeq, type Flow } from "#sip";
import { parseReferTo, type Request } from "#sip-message";
import type { ServerTransaction } from "#sip-transactions";
import { Call } from "./call.ts";
import type { CallKeeper, Dialling } from "./call-parts.ts";
import { CallTerms } from "./call-terms.ts";
import { refusal } from "./crossing.ts";
import { isNamers, type Namer } from "./dialog-ids.ts";
import type { Crossing } from "./forks.ts";
import { KeptCalls } from "./kept-calls.ts";
import { answerAlone } from "./own-answers.ts";
import type { Policy } from "./pipeline.ts";
import { type InDialog, Relay } from "./relay.ts";
import { resumeCall } from "./resume.ts";
import { sdpOf } from "./session-body.ts";
import type { DialogIds, OtherDialog, Switchboard } from "./setup.ts";
import { Story } from "./story.ts";
import { TalkLimits } from "./talk-limits.ts";
import { Transfer, type TransferDesk } from "./transfer.ts";

/** All calls: finds a request's call by our own tag, and hands it to the right leg. */
export class Calls implements CallKeeper, DialogIds, TransferDesk {
  readonly #board: Switchboard;
  readonly #byTag = new ChurnMap<string, Call>();
  readonly #byId = new ChurnMap<string, Call>();

  readonly policy: Policy;
  readonly #kept: KeptCalls;
  readonly #limits: TalkLimits;

  constructor(board: Switchboard, policy: Policy) {
    this.#board = board;
    this.policy = policy;
    this.#kept = new KeptCalls(board);
    this.#limits = new TalkLimits(board, policy, (line, why, now) =>
      this.#holderOf(line)?.hangUp(why, undefined, now),
    );
  }

  /** Calls that are dialling or answered. */
  get count(): number {
    return this.#byId.size;
  }

  /** The tags of ours that are known, of calls and of what calls still wait for. */
  get tags(): number {
    return this.#byTag.size;
  }

  /** The call of one of our own tags. */
  withTag(tag: string): Call | undefined {
    return this.#byTag.get(tag);
  }

  find(id: string): Call | undefined {
    return this.#byId.get(id);
  }

  [Symbol.iterator](): IterableIterator<Call> {
    return this.#byId.values();
  }

  open(dialling: Dialling, now: Instant): void {
    const { id, from, caller, callee, trunk, referRules, media, candidates } = dialling;
    const story = new Story(this.#board, { callId: id, from, trunk, caller, callee }, now);
    const terms = new CallTerms({ trunk, referRules, joined: {} });
    const { asker, offer, replaces } = dialling;
    const callersCallId = asker.request.callId;
    const parts = { id, terms, story, media, candidates, callersCallId };
    const call = new Call(this.#board, this, parts);
    this.#byId.set(id, call);
    call.start({ asker, offer, replaces }, now);
  }

  /** How many calls are written down, or are to be. */
  get kept(): number {
    return this.#kept.size;
  }

  /**
   * Goes on with a call that another process had, where the media plane still has all its streams;
   * else both of its peers get a BYE.
   */
  resume(saved: SavedCall, streams: ReadonlySet<string>, now: Instant): void {
    const { call, hasMedia } = resumeCall(this.#board, this, this.policy, saved, now);
    const { trunk } = saved.terms;
    this.#byId.set(call.id, call);
    this.#kept.resumed(call);
    const { parties, answeredMs = now } = saved.story;
    const known = { trunk, toward: saved.legs.callee.side, callee: parties.callee };
    const lines = call.lines ?? [];
    for (const line of call.hasNoLine ? lines : [call.id, ...lines]) {
      this.policy.readmit(line, known, now);
      this.#limits.answered(line, answeredMs, now);
    }
    const isWhole = hasMedia && call.media.streams.every(({ id }) => streams.has(id));
    if (!isWhole) call.hangUp(end("media-failed"), undefined, now);
  }

  claim(tag: string, call: Call): void {
    this.#byTag.set(tag, call);
  }

  answered({ id }: Call, now: Instant): void {
    this.#limits.answered(id, now, now);
  }

  /** Once for each call, when its record is written. */
  ended(call: Call, now: Instant): void {
    this.#kept.ended(call);
    this.policy.ended(call.id, call.story.outcome, now);
    if (!call.hasNoLine) this.#limits.released(call.id, now);
    for (const line of call.lines ?? []) this.#limits.released(line, now);
  }

  release(call: Call, tags: readonly string[]): void {
    this.#byId.delete(call.id);
    // A leg that another call has taken over is that one's.
    for (const tag of tags) if (this.#byTag.get(tag) === call) this.#byTag.delete(tag);
  }

  /** Whether a request stands in a dialog of ours: our own tag is the proof, nobody guesses it. */
  knows(request: Request, flow: Flow): boolean {
    return this.#owner(request, flow) !== undefined;
  }

  /** A request with a To tag. False when it belongs to no call of ours. */
  receive(transaction: ServerTransaction, request: Request, flow: Flow, now: Instant): boolean {
    const found = this.#owner(request, flow);
    if (!found && this.#crossesOurBye(transaction, request, flow, now)) return true;
    // Of a call that is over no more than its end can be said.
    if (!found || (found.call.isOver && request.method !== "BYE")) return false;
    const { call, from } = found;
    from.flow = flow;
    this.#kept.changed(call, now);
    if (request.method === "BYE") {
      this.#bye(found, transaction, request, now);
      return true;
    }
    const refused = this.#take({ ...found, transaction, request }, now);
    if (refused?.name === "sdp-target") this.policy.smuggled(request, flow, refused, now);
    if (refused)
      this.#board.transactions.respond(transaction, refusal(this.#board, request, refused), now);
    return true;
  }

  /** Carries a request across, or does what it asks; returns the end that it is refused with. */
  #take(way: InDialog, now: Instant): End | undefined {
    const { call, from, request } = way;
    if (!acceptsCSeq(from.dialog, request)) return end("bad-sequence");
    if (request.method === "REFER") {
      const rule = call.termsOf(way.role).referRule;
      if (rule === "refuse") return end("transfer-not-allowed");
      if (rule === "perform") return Transfer.begin(this.#board, this, way, now);
      const refused = this.#mayRefer(way, now);
      if (refused) return refused;
    }
    if (request.method === "SUBSCRIBE" && call.transfer?.subscribed(way, now)) return undefined;
    // A leg that is alone has nobody whom anything could cross to.
    if (call.absent || way.fork.isAlone) return answerAlone(this.#board, way, now);
    return new Relay(this.#board, this, way).start(now);
  }

  /** Why the operator may not be asked to call for us: it may be at our cost. */
  #mayRefer({ call, role, request, to }: InDialog, now: Instant): End | undefined {
    if (to.side !== "public") return undefined;
    const target = parseReferTo(request.headers.get("refer-to") ?? "");
    const { trunk } = call.termsOf(otherRole(role));
    const named = target?.replaces;
    // Whom it talks to already was called under the same rules.
    const isKnown = named && this.across(named.callId, named.toTag, named.fromTag);
    return target && !isKnown ? this.policy.mayRefer(trunk, target.uri, now) : undefined;
  }

  /** The call that a line goes on in: the one that it was admitted for, until it is handed on. */
  #holderOf(line: string): Call | undefined {
    const own = this.#byId.get(line);
    if (own && !own.hasNoLine) return own;
    return [...this].find(({ lines }) => lines?.includes(line));
  }

  /** The ACK of a 2xx: of the first INVITE or of a re-INVITE. */
  acknowledge(ack: Request, flow: Flow, now: Instant): void {
    const found = this.#owner(ack, flow);
    if (!found) return;
    const { call, from } = found;
    from.flow = flow;
    this.#kept.changed(call, now);
    if (call.renegotiation?.awaits(ack, from)) call.renegotiation.acknowledge(ack, now);
    else if (from === call.chosen?.caller) call.acknowledge(sdpOf(ack), now);
  }

  across(callId: string, toTag: string, fromTag: string): OtherDialog | undefined {
    const call = this.#byTag.get(toTag);
    const found = call?.crossing(toTag, fromTag);
    if (!call || found?.from.dialog.callId !== callId) return undefined;
    const trunk = call.termsOf(found.role).trunk;
    const { trunk: peersTrunk } = call.termsOf(otherRole(found.role));
    const isEarly = call.state === "dialling";
    const isOurs = found.role === "callee";
    const { isOver } = call;
    return { from: found.from, to: found.to, trunk, peersTrunk, isEarly, isOurs, isOver };
  }

  inDialog(callId: string, ourTag: string, theirTag: string, by: Namer) {
    const call = this.#byTag.get(ourTag);
    const found = call?.crossing(ourTag, theirTag);
    if (!call || !found) return undefined;
    const { role, from } = found;
    const isTheirs = isNamers(by, from.side, call.termsOf(role).trunk);
    return from.dialog.callId === callId && isTheirs ? { call, role } : undefined;
  }

  /**
   * Whose request it is, even where the call is over and only waits for an ACK. A leg belongs to
   * its side: who knows its ids on the other one may not speak in it. Nor may one who has left
   * TLS, where keys of media would be told (attack case E7).
   */
  #owner(request: Request, flow: Flow): (Crossing & { call: Call }) | undefined {
    const tag = request.to.tag;
    const call = tag === undefined ? undefined : this.#byTag.get(tag);
    const found = call?.crossing(tag!, request.from.tag);
    if (!call || !found) return undefined;
    const { dialog, side, flow: usual } = found.from;
    const hasLeftTls = usual.transport === "tls" && flow.transport !== "tls";
    if (dialog.callId !== request.callId || side !== flow.side || hasLeftTls) return undefined;
    return { call, ...found };
  }

  /** A BYE of who has left the call by ours, in a dialog that no request crosses any more. */
  #crossesOurBye(
    transaction: ServerTransaction,
    request: Request,
    { side }: Flow,
    now: Instant,
  ): boolean {
    const { tag } = request.to;
    const call = tag === undefined ? undefined : this.#byTag.get(tag);
    if (request.method !== "BYE" || !call?.byes.end(request, side)) return false;
    this.#grant(transaction, request, now);
    return true;
  }

  #grant(transaction: ServerTransaction, bye: Request, now: Instant): void {
    const done = refusal(this.#board, bye, end("completed"));
    done.headers.delete("warning");
    this.#board.transactions.respond(transaction, done, now);
  }

  #bye(
    { call, role: by, fork }: Crossing & { call: Call },
    transaction: ServerTransaction,
    bye: Request,
    now: Instant,
  ): void {
    this.#grant(transaction, bye, now);
    if (fork.isAlone) fork.isOver = true;
    else if (call.transfer?.left(call, by, now)) return;
    // RFC 3261 §15: before the answer it means what CANCEL does, to the one who says it.
    if (call.state === "dialling" && by === "caller") return call.leftFork(fork, bye, now);
    call.hangUp(end("completed"), by, now, { bye });
  }
}
