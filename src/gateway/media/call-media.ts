import type { Instant } from "#base";
import { fitAnswer, isSdpFailure, type MediaSection, type Sdp } from "#sdp";
import { midsTold, offeredMidId } from "./bundle.ts";
import {
  type BundleSeats,
  bundleAsked,
  bundledAsAnswered,
  bundledAsOffered,
  judgedInBundle,
  seatsInBundle,
  spelledOut,
} from "./bundling.ts";
import type { CallMediaState, Exchange, OfferedLine } from "./call-media-state.ts";
import { type MediaCommand, otherRole, type Role, type Stream, type StreamEnd } from "./command.ts";
import { answeredLine, movedLines, offeredLine, settledLines, tell, undone } from "./exchange.ts";
import { goToFork, streamsElsewhere, streamsIn } from "./fork-media.ts";
import { type JudgedLine, judgeLine, judgeOffer, readSdp } from "./judge.ts";
import { isUnkeyed, type LegVoice, legVoice, voiceInUse } from "./leg-voice.ts";
import { hearProfiles } from "./line-security.ts";
import {
  type AnswerStage,
  type MediaEnd,
  type MediaLegs,
  type MediaOutcome,
  relayed,
} from "./media-end.ts";
import { type MediaFacts, type MediaRefusal, NO_PORTS, NO_TLS, refusal } from "./media-facts.ts";
import { keepTold, lengthened, newOrigin } from "./our-origin.ts";
import { answerParts, offerParts, type Part, printParts } from "./parts.ts";
import type { PortPool } from "./port-pool.ts";
import { type Seat, seatLines } from "./seating.ts";
import { portsOf } from "./stream.ts";

/**
 * The media of one call: offers and answers of its two legs in, descriptions for the other leg
 * and commands for the media plane out. One exchange at a time (RFC 3264 §4), begun by either
 * leg; one that is refused or fails leaves the call as it was.
 */
export class CallMedia {
  readonly #state: CallMediaState;
  readonly #facts: MediaFacts;
  readonly #pool: PortPool;
  readonly #isOurPort = (port: number): boolean => this.#pool.covers(port);

  /** `state`: of a call in progress; a new one's is made by `begin`. */
  constructor(state: CallMediaState, facts: MediaFacts, pool: PortPool) {
    this.#state = state;
    this.#facts = facts;
    this.#pool = pool;
  }

  static begin(callId: string, legs: MediaLegs, facts: MediaFacts, pool: PortPool): CallMedia {
    const { sides, tls, exchange, caller, callee } = legs;
    const voice = (role: Role): LegVoice =>
      legVoice(facts.srtp, sides[role], tls[role], exchange?.[role]);
    const state: CallMediaState = {
      callId,
      sides,
      voice: { caller: caller?.voice ?? voice("caller"), callee: callee ?? voice("callee") },
      origins: {
        caller: caller?.origin ?? newOrigin(callId, "caller"),
        callee: newOrigin(callId, "callee"),
      },
      agreed: [],
      made: { streams: 0 },
    };
    return new CallMedia(state, facts, pool);
  }

  /** A call that outlived a restart takes its own ports again; undefined when one is in use. */
  static revive(
    state: CallMediaState,
    facts: MediaFacts,
    pool: PortPool,
    now: Instant,
  ): CallMedia | undefined {
    const media = new CallMedia(state, facts, pool);
    const claimed: number[] = [];
    for (const port of new Set(media.streams.flatMap(portsOf))) {
      if (!pool.claim(port)) {
        for (const one of claimed) pool.release(one, now);
        return undefined;
      }
      claimed.push(port);
    }
    return media;
  }

  /**
   * The media of the same call with another peer in one leg's place: on ports of its own, beside
   * what is agreed until then. To each peer our descriptions go on from what they said last.
   */
  successor(role: Role, peer: MediaEnd): CallMedia {
    const { callId, sides, origins, made } = this.#state;
    const voice = this.#voice();
    const state: CallMediaState = {
      callId,
      sides: { ...sides, [role]: peer.side },
      voice: { ...voice, [role]: peer.voice },
      origins: { ...origins, [role]: peer.origin },
      agreed: [],
      made,
    };
    return new CallMedia(state, this.#facts, this.#pool);
  }

  /** A leg as another call may take it over. */
  end(role: Role): MediaEnd {
    const { sides, origins } = this.#state;
    return { side: sides[role], voice: this.#voice()[role], origin: origins[role] };
  }

  /** Plain data, whole: what `revive` takes. */
  get state(): Readonly<CallMediaState> {
    return this.#state;
  }

  /** Every stream that holds ports now (two pairs each), as the plane knows it. */
  get streams(): Stream[] {
    const state = this.#state;
    return state.forks ? [...streamsIn(state), ...streamsElsewhere(state)] : streamsIn(state);
  }

  /** Whether the INVITE's own offer has had its answer, and another has followed or was refused. */
  get isRenegotiated(): boolean {
    const { exchange } = this.#state;
    return !exchange || exchange.isLater;
  }

  /** Whether early dialogs negotiate each for itself. */
  get isForked(): boolean {
    return this.#state.forks !== undefined;
  }

  /** What follows is of this early dialog, and changes nothing of the others'. */
  goToFork(key: string): MediaCommand[] {
    return goToFork(this.#state, key);
  }

  /** The call is the early dialog's at hand: what the others have is given back. */
  dropOtherForks(now: Instant): MediaCommand[] {
    const lost = streamsElsewhere(this.#state);
    const before = this.streams;
    this.#state.forks = undefined;
    return this.#closed(lost, before, now);
  }

  /** Whether a description of ours with keys in it is on its way to this leg (attack case E7). */
  givesKeys(role: Role): boolean {
    const { exchange } = this.#state;
    if (!exchange) return false;
    return exchange.lines.some(({ security }) =>
      exchange.from === role ? security?.offerer.srtp : security?.proposals.length,
    );
  }

  /** Whether an offer was passed on and has no answer at all yet. */
  get offerPending(): boolean {
    return this.#state.exchange?.stage === "open";
  }

  /** The offer that was passed on, as it came. */
  get openOffer(): string | undefined {
    return this.#state.exchange?.repeat?.text;
  }

  /** Takes ports for the streams offered, and turns the offer into ours for the other side. */
  relayOffer(text: string, from: Role, now: Instant): MediaOutcome {
    const former = this.#state.exchange;
    if (former?.stage === "open") {
      if (former.from !== from) return refusal("offer-pending", "glare");
      const { repeat } = former;
      // Anew where its taker has been told something else since, by the media of another call.
      const isLast = repeat?.sdp === this.#state.origins[otherRole(from)].body;
      if (repeat?.text === text && isLast) return relayed(repeat.sdp, []);
    }
    const read = this.#read(text);
    if ("kind" in read) return read;
    const sdp = lengthened(read, this.#state.origins[otherRole(from)]);
    const { sides } = this.#state;
    const voice = this.#voice();
    const alone = judgeOffer(sdp, from, { sides, voice }, this.#facts, this.#isOurPort);
    if ("kind" in alone) return alone;
    const agreed = this.#former(former);
    const bundle = this.#facts.bundles ? seatsInBundle(sdp, alone, agreed, from) : [];
    const judged = judgedInBundle(sdp, alone, bundle);
    if (isUnkeyed(voice[otherRole(from)])) return NO_TLS;
    const seats = this.#seat(judged, agreed, bundle, from, now);
    if ("kind" in seats) return seats;
    // An early answer that another offer follows has become the agreement (RFC 6337 §3.1).
    const commands = former?.stage === "early" ? this.settle(now) : this.abandonOffer(now);
    hearProfiles(read, this.#state.origins[from]);
    const lines = this.#offered(sdp, judged, seats, bundle, from, voice);
    for (const { told, fresh } of lines) {
      if (told && fresh) commands.push({ kind: "stream", stream: told });
    }
    const to = otherRole(from);
    const before = this.#state.origins[to];
    const parts = offerParts(sdp, judged, lines, voice[to], before, this.#facts);
    const printed = this.#print(sdp, parts, to);
    const asked = read.media.length;
    const isLater = former !== undefined || this.#state.agreed.length > 0;
    const repeat = { text, sdp: printed };
    this.#state.exchange = { from, stage: "open", lines, asked, isLater, repeat };
    return relayed(printed, commands);
  }

  /**
   * Takes an answer to the latest offer; the latest answer counts. An early one keeps all ports,
   * for another fork may accept what this one refused; a final one settles the exchange.
   */
  relayAnswer(text: string, from: Role, now: Instant, stage: AnswerStage = "final"): MediaOutcome {
    const { exchange } = this.#state;
    if (!exchange || exchange.from === from) return refusal("bad-sdp", "answer-without-offer");
    const read = this.#read(text);
    if ("kind" in read) return read;
    const sdp = fitAnswer(
      exchange.lines.map(({ line }) => line),
      read,
    );
    if (isSdpFailure(sdp)) return refusal("bad-sdp", sdp.what);
    const alone: OfferedLine[] = [];
    for (const [i, section] of sdp.media.entries()) {
      const line = answeredLine(
        exchange.lines[i]!,
        section,
        sdp,
        from,
        this.#state,
        this.#facts,
        this.#isOurPort,
      );
      if ("kind" in line) return line;
      alone.push(line);
    }
    const lines = bundledAsAnswered(alone, sdp, from);
    hearProfiles(sdp, this.#state.origins[from]);
    const { asked, isLater } = exchange;
    const before = this.#state.origins[exchange.from];
    const parts = answerParts(sdp, exchange, lines, before, this.#facts);
    const settled = exchange.stage === "settled";
    const answered: Exchange = { from: exchange.from, stage: "early", lines, asked, isLater };
    this.#state.exchange = answered;
    const commands = stage === "final" || settled ? this.#agree(now) : this.#tell(answered);
    const printed = this.#print(sdp, parts, exchange.from);
    if (this.#state.exchange?.stage === "settled") keepTold(this.#state.origins);
    return relayed(printed, commands);
  }

  /** The latest early answer is the agreement: for a 2xx without SDP after a reliable 18x. */
  settle(now: Instant): MediaCommand[] {
    if (this.#state.exchange?.stage !== "early") return [];
    keepTold(this.#state.origins);
    return this.#agree(now);
  }

  /** The description that a peer holds, to be told again as it was. */
  lastTold(role: Role): string | undefined {
    return this.#state.origins[role].agreed;
  }

  /** The answer to `lastTold`: nothing has changed but, maybe, where the peer wants its media. */
  retold(text: string, role: Role): MediaCommand[] {
    const { exchange, sides } = this.#state;
    const sdp = this.#read(text);
    if ("kind" in sdp || exchange?.stage !== "settled") return [];
    const judge = (section: MediaSection, { ice }: { readonly ice: boolean }) =>
      judgeLine(sdp, section, { from: sides[role], ice }, this.#facts, this.#isOurPort);
    const { lines, commands } = tell(movedLines(exchange.lines, sdp, role, judge));
    this.#state.agreed = lines.map(({ stream }) => (stream ? { stream } : {}));
    this.#state.exchange = { ...exchange, lines };
    return commands;
  }

  /** The offer came to nothing (RFC 3261 §14.1): back to the former streams and their ports. */
  abandonOffer(now: Instant): MediaCommand[] {
    const { exchange, agreed } = this.#state;
    if (!exchange || exchange.stage === "settled") return [];
    const commands = undone(exchange, agreed);
    const before = this.streams;
    this.#state.exchange = undefined;
    const fresh = exchange.lines.flatMap((line) => (line.told && line.fresh ? line.told : []));
    return [...commands, ...this.#closed(this.#unused(fresh), before, now)];
  }

  /** Whether a stream has keys of ours. */
  get isProtected(): boolean {
    const isKeyed = ({ srtp, dtls }: StreamEnd): boolean => (srtp ?? dtls) !== undefined;
    return this.streams.some(({ ends }) => isKeyed(ends.caller) || isKeyed(ends.callee));
  }

  /** Opens all streams again, for a plane that was restarted. */
  reopen(): MediaCommand[] {
    return this.streams.map((stream) => ({ kind: "stream", stream }));
  }

  /** Ends all streams and gives their ports back. */
  close(now: Instant): MediaCommand[] {
    const { streams } = this;
    this.#state.exchange = undefined;
    this.#state.agreed = [];
    this.#state.forks = undefined;
    return this.#closed(streams, streams, now);
  }

  /** What each leg must be, and how it is offered that: by what is in use. */
  #voice(): CallMediaState["voice"] {
    const { voice, agreed, exchange } = this.#state;
    const lines =
      exchange?.stage === "early" ? exchange.lines.filter((one) => one.accepted) : agreed;
    const streams = lines.flatMap(({ stream }) => stream ?? []);
    const of = (role: Role): LegVoice => voiceInUse(voice[role], role, streams);
    return { caller: of("caller"), callee: of("callee") };
  }

  #read(text: string): Sdp | MediaRefusal {
    const read = readSdp(text);
    return "kind" in read || !this.#facts.bundles ? read : spelledOut(read);
  }

  #former(former: Exchange | undefined): CallMediaState["agreed"] {
    const early = former?.stage === "early";
    return early ? settledLines(former.lines, this.#facts) : this.#state.agreed;
  }

  #seat(
    judged: readonly JudgedLine[],
    agreed: CallMediaState["agreed"],
    seats: BundleSeats,
    role: Role,
    now: Instant,
  ): readonly Seat[] | MediaRefusal {
    const take = (pairs: number) => this.#pool.take(pairs, now);
    const { portChange } = this.#facts;
    return seatLines(judged, agreed, portChange, take, { role, seats }) ?? NO_PORTS;
  }

  #offered(
    sdp: Sdp,
    judged: readonly JudgedLine[],
    seats: readonly Seat[],
    bundle: BundleSeats,
    from: Role,
    voice: CallMediaState["voice"],
  ): OfferedLine[] {
    const { callId, made, sides, origins } = this.#state;
    const state = { sides, voice };
    const facts = this.#facts;
    const lines = sdp.media.map((section, i) => {
      const seat = seats[i]!;
      const id = seat.ports ? `${callId}.${i}.${++made.streams}` : "";
      const name = { id, callId };
      return offeredLine(sdp, section, judged[i]!, seat, name, from, state, facts, bundle[i]);
    });
    const to = otherRole(from);
    const bundled = bundledAsOffered(lines, from);
    if (!facts.bundles || voice[to].exchange !== "webrtc") return bundled;
    return bundleAsked(bundled, to, midsTold(origins[to]), offeredMidId(sdp, origins[to]));
  }

  #agree(now: Instant): MediaCommand[] {
    const { from, lines, asked, isLater } = this.#state.exchange!;
    const held = this.streams;
    const before = streamsIn(this.#state);
    const settled = tell(settledLines(lines, this.#facts));
    this.#state.agreed = settled.lines.map(({ stream }) => (stream ? { stream } : {}));
    this.#state.exchange = { from, stage: "settled", lines: settled.lines, asked, isLater };
    const live = new Set(settled.lines.map(({ stream }) => stream?.id));
    const gone = before.filter(({ id }) => !live.has(id));
    return [...settled.commands, ...this.#closed(this.#unused(gone), held, now)];
  }

  #tell(exchange: Exchange): MediaCommand[] {
    const { lines, commands } = tell(exchange.lines);
    this.#state.exchange = { ...exchange, lines };
    return commands;
  }

  /** Another early dialog may still use the ports that this one has done with. */
  #unused(streams: readonly Stream[]): Stream[] {
    const used = new Set(streamsElsewhere(this.#state).map(({ id }) => id));
    return streams.filter(({ id }) => !used.has(id));
  }

  /** Closes streams, and gives back what ports those of before had that nobody has any more. */
  #closed(gone: readonly Stream[], before: readonly Stream[], now: Instant): MediaCommand[] {
    const held = new Set(this.streams.flatMap(portsOf));
    for (const port of new Set(before.flatMap(portsOf))) {
      if (!held.has(port)) this.#pool.release(port, now);
    }
    return gone.map(({ id }) => ({ kind: "close", id }));
  }

  #print(sdp: Sdp, parts: readonly Part[], to: Role): string {
    const { sides, origins } = this.#state;
    return printParts(sdp, parts, { role: to, side: sides[to], origin: origins[to] }, this.#facts);
  }
}
