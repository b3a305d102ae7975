import { type Hash, type Instant, instant, type Random, unreachable } from "#base";
import { attempt, type Call, Calls, refusal, type Surroundings } from "#calls";
import { type End, end } from "#ends";
import { PortPool, type SrtpPolicy } from "#media";
import type { Effect, Input, Order } from "#port";
import { type DeniedLine, type DeniedSource, type DenyList, Malice, Security } from "#security";
import { type Settings, sentBy } from "#settings";
import type { Flow, Side } from "#sip";
import { MESSAGE_LIMITS, type MessageLimits, parseMessageText } from "#sip-message";
import { type NewRequest, type TransactionEvent, Transactions } from "#sip-transactions";
import { Board } from "./board.ts";
import { callSetupOf } from "./call-setup.ts";
import { ErrorAnswers } from "./error-answers.ts";
import { MediaEvents, type PlaneIdentity } from "./media-events.ts";
import { NameWatch, peerSources } from "./name-watch.ts";
import { PeerWatch } from "./peer-watch.ts";
import { OperatorPolicy } from "./policy.ts";
import { type RequestVerdict, type SourceExplanation, verdictOn } from "./request-verdict.ts";
import { Standalone } from "./standalone.ts";
import { Strangers } from "./strangers.ts";
import { TrunkRealms } from "./trunk-realms.ts";
import { TrunkRegistrar } from "./trunk-registrar.ts";

/** Seeds of tables that a peer must not foresee. */
const SEED_BELOW = 2 ** 31;

export interface GatewayParts {
  readonly settings: Settings;
  readonly random: Random;
  readonly hash: Hash;
  /** Of the media plane's certificate; absent: no DTLS. */
  readonly fingerprint?: string;
  /** The same by SHA-384. */
  readonly fingerprint384?: string;
  /** What tells this gateway from others through all its starts; absent: through this one alone. */
  readonly instance?: string;
}

/** The whole gateway: one machine, one input at a time, effects drained after each. */
export class Gateway {
  readonly #board: Board;
  readonly #calls: Calls;
  readonly #policy: OperatorPolicy;
  readonly #standalone: Standalone;
  readonly #watch: PeerWatch;
  readonly #registrar: TrunkRegistrar;
  readonly #names: NameWatch;
  readonly #around: Surroundings;
  readonly #security: Security;
  readonly #malice: Malice;
  readonly #strangers: Strangers;
  readonly #errorAnswers = new ErrorAnswers();
  readonly #media: MediaEvents;
  readonly #fingerprint: SrtpPolicy["fingerprint"];
  #settings: Settings;
  #messageLimits: MessageLimits;
  /** Of the last input. */
  #now = instant(0);

  constructor(parts: GatewayParts, now: Instant) {
    const { settings, random, hash, fingerprint = "", fingerprint384 = "", instance } = parts;
    const identity: PlaneIdentity = { fingerprint, fingerprint384 };
    this.#fingerprint = (asked) =>
      asked === "sha-384" ? identity.fingerprint384 : identity.fingerprint;
    this.#settings = settings;
    this.#messageLimits = { ...MESSAGE_LIMITS, ...settings.sip.limits };
    const transactions = new Transactions({
      random,
      timings: settings.sip.timings,
      transactionsMax: settings.sip.limits.transactionsMax,
      datagramBytesMax: settings.sip.udpRequestBytesMax,
      viaFor: (to) => sentBy(this.#settings, to.side, to.transport),
    });
    const { portMin, portMax } = settings.rtp;
    const ports = new PortPool({
      portMin,
      portMax,
      quarantineMs: settings.media.portQuarantineS * 1000,
      random,
    });
    this.#board = new Board({
      setup: callSetupOf(settings, random, this.#fingerprint),
      random,
      hash,
      transactions,
      ports,
    });
    this.#watch = new PeerWatch(this.#board, settings, now);
    const [peers, realms] = [this.#watch, new TrunkRealms()];
    const registering = { board: this.#board, peers, realms, instance };
    this.#registrar = new TrunkRegistrar(registering, settings, now);
    const flows = this.#registrar;
    const emit = (effect: Effect): void => this.#board.emit(effect);
    const isOurTag = (tag: string): boolean => this.#calls.withTag(tag) !== undefined;
    const malice = new Malice({ settings, surface: this.#board, isOurTag });
    this.#malice = malice;
    this.#policy = new OperatorPolicy(settings, random, { peers, realms, flows, emit, malice });
    this.#calls = new Calls(this.#board, this.#policy);
    this.#security = new Security({
      settings,
      surface: this.#board,
      seed: random.integer(SEED_BELOW),
      serves: (flow) => this.#policy.origin(flow) !== undefined,
      now: () => this.#now,
    });
    const sources = peerSources(this.#policy, this.#security, () => this.#now);
    this.#names = new NameWatch(this.#board, sources, now);
    this.#standalone = new Standalone(this.#board, this.#policy, this.#calls);
    this.#strangers = new Strangers({
      board: this.#board,
      policy: this.#policy,
      calls: this.#calls,
      standalone: this.#standalone,
      security: this.#security,
      malice: this.#malice,
    });
    this.#around = { board: this.#board, calls: this.#calls, policy: this.#policy };
    this.#media = new MediaEvents(this.#board, this.#calls, identity);
    this.#media.instructPlane(settings);
  }

  handle(input: Input, now: Instant): void {
    this.#now = now;
    this.#take(input, now);
    this.#runDue(now);
  }

  /** What this input threw at is our bug: the call that it is of ends, and its media with it. */
  recover(input: Input, now: Instant): void {
    this.#callOf(input)?.hangUp(end("internal"), undefined, now);
    // One that can't be taken up never can.
    if (input.kind === "resume") this.#board.emit({ kind: "forget", callId: input.call.id });
  }

  #callOf(input: Input): Call | undefined {
    if (input.kind === "media") return this.#media.callOf(input.event);
    if (input.kind === "resume") return this.#calls.find(input.call.id);
    if (input.kind !== "received") return undefined;
    const message = parseMessageText(input.text, this.#messageLimits);
    if (message.kind === "parse-failure") return undefined;
    const { tag } = message.kind === "request" ? message.to : message.from;
    return tag === undefined ? undefined : this.#calls.withTag(tag);
  }

  /** Effects since the last drain: media before the messages that depend on it. */
  drain(): Effect[] {
    const effects = this.#board.drain();
    for (const { to, text, branch } of this.#board.transactions.drain()) {
      this.#strangers.writtenTo(to, this.#now);
      effects.push({ kind: "send", to, text, branch });
    }
    return effects;
  }

  get nextWake(): Instant | undefined {
    const { nextAlarm, transactions } = this.#board;
    const { next } = transactions;
    if (nextAlarm === undefined || next === undefined) return nextAlarm ?? next;
    return nextAlarm < next ? nextAlarm : next;
  }

  get callCount(): number {
    return this.#calls.count;
  }

  /** How many of each thing there are that comes and goes: all are bounded. */
  get sizes() {
    const { count: calls, tags, kept } = this.#calls;
    const subscriptions = this.#standalone.subscriptionCount;
    const { size: refusals, numbers } = this.#malice;
    const watched = this.#strangers.watched + numbers.watched;
    const own = {
      refusals,
      inCalls: numbers.pending,
      watched,
      calls,
      tags,
      kept,
      subscriptions,
      ports: this.portsHeld,
    };
    return { ...this.#board.sizes, ...this.#security.sizes, ...own };
  }

  /** Who is never denied. */
  get trusted(): readonly DeniedSource[] {
    return this.#security.trusted;
  }

  /** Whether what comes from there is read at all: asked before anything of it is looked at. */
  admits(side: Side, address: string, port: number): boolean {
    return this.#security.admits(side, address, port);
  }

  /** The lines of a deny list, the oldest first. */
  denied(list: DenyList): Iterable<DeniedLine> {
    return this.#security.denied(list);
  }

  /** Why an address is blocked, or its calls are refused, or neither. */
  explain(address: string, now: Instant): SourceExplanation {
    return { ...this.#security.explain(address, now), refused: this.#malice.of(address) };
  }

  /** What would become of a message from there: of any, or of the request of this text. */
  wouldPass(side: Side, address: string, port: number, text?: string): RequestVerdict {
    const verdict = this.#security.wouldPass(side, address, port);
    if (text === undefined) return verdict;
    const asked = { policy: this.#policy, malice: this.#malice, limits: this.#messageLimits };
    return verdictOn(verdict, text, { ...asked, from: { side, address, port } }, this.#now);
  }

  /** Whether it is the address of the PBX or of a trunk on that side. */
  serves(side: Side, address: string): boolean {
    return this.#policy.serves(side, address);
  }

  get portsHeld(): number {
    return this.#board.ports.held;
  }

  #take(input: Input, now: Instant): void {
    switch (input.kind) {
      case "received":
        return this.#receive(input.text, input.flow, now);
      case "sent":
        return this.#board.transactions.sentBy(input.branch, input.flow);
      case "flow-closed":
        return this.#lost(input.flow, input.why, now);
      case "pong":
        return this.#registrar.ponged(input.flow, now);
      case "stun":
        this.#strangers.unasked(input.flow, input.text, now);
        return this.#registrar.stunAnswered(input.flow, input.text, now);
      case "send-failed":
        return this.#transacted(this.#board.transactions.sendFailed(input.branch, now), now);
      case "resolved":
        return this.#board.resolved(input.query, input.targets, now);
      case "media":
        return this.#media.take(input.event, now);
      case "order":
        return this.#order(input.order, now);
      case "resume":
        return this.#calls.resume(input.call, input.streams, now);
      case "resumed":
        return this.#resumed(input.streams);
      case "denied":
        return this.#security.restore(input.entries, now);
      case "remembered":
        return this.#policy.restore(input.records, now);
      case "wake":
        return;
      default:
        return unreachable(input);
    }
  }

  #runDue(now: Instant): void {
    for (;;) {
      const event = this.#board.transactions.due(now);
      if (event) this.#transacted(event, now);
      else if (!this.#board.wakeOne(now)) return;
    }
  }

  /** Its answers would have come by it: whoever waits for one tries elsewhere, or says 503. */
  #lost({ id }: Flow, why: string, now: Instant): void {
    const { transactions } = this.#board;
    // First: what fails now isn't to be tried by the same flow.
    this.#registrar.flowLost(id, why, now);
    for (const branch of transactions.lostWith(id)) {
      this.#transacted(transactions.lost(branch, now), now);
    }
  }

  #receive(text: string, flow: Flow, now: Instant): void {
    const message = parseMessageText(text, this.#messageLimits);
    if (this.#strangers.ignores(message, text, flow, now)) return;
    if (message.kind !== "parse-failure") {
      return this.#transacted(this.#board.transactions.receive(message, flow, now), now);
    }
    const { side, transport, remoteAddress: source } = flow;
    this.#fact({ kind: "malformed", side, transport, source, what: message.what });
    this.#malice.malformed(text, flow, now);
    this.#errorAnswers.answer(this.#board, message, flow, now);
  }

  #transacted(event: TransactionEvent | undefined, now: Instant): void {
    if (!event) return;
    switch (event.kind) {
      case "request":
        this.#requested(event, now);
        if (event.transaction.state === "trying")
          this.#board.transactions.unanswered(event.transaction, event.request, now);
        return;
      case "ack":
        return this.#calls.acknowledge(event.request, event.flow, now);
      case "cancel":
        return event.transaction.owner?.cancelled(event.request, now);
      case "response":
        return event.transaction.owner?.response(
          event.transaction,
          event.response,
          event.flow,
          now,
        );
      case "failed":
        return event.transaction.owner?.failed(event.transaction, event.why, now);
      case "unacknowledged":
        return event.transaction.owner?.unacknowledged(now);
      default:
        return unreachable(event);
    }
  }

  #requested(event: NewRequest, now: Instant): void {
    const { transaction, request, flow } = event;
    if (event.isMerged) return this.#decline(event, end("loop"), now);
    const inDialog = request.to.tag !== undefined;
    if (inDialog && this.#calls.receive(transaction, request, flow, now)) return;
    if (inDialog || request.method !== "INVITE") {
      return this.#standalone.receive(transaction, request, flow, now);
    }
    this.#invited(event, now);
  }

  #invited(event: NewRequest, now: Instant): void {
    const { transaction, request, flow } = event;
    const id = this.#board.random.token(12);
    const why = attempt({ id, transaction, request, flow, side: flow.side, now }, this.#around);
    if (!why) return;
    this.#policy.release(id, now);
    this.#decline(event, why, now);
  }

  #decline({ transaction, request, flow }: NewRequest, why: End, now: Instant): void {
    const { side, remoteAddress: source } = flow;
    if (why.name === "sdp-target") this.#policy.smuggled(request, flow, why, now);
    this.#fact({ kind: "refused", method: request.method, side, source, end: why.name });
    this.#board.transactions.respond(transaction, refusal(this.#board, request, why), now);
  }

  #order(order: Order, now: Instant): void {
    switch (order.kind) {
      case "apply":
        return this.#apply(order.settings, now);
      case "hang-up":
        return this.#calls.find(order.callId)?.hangUp(end("hung-up-by-operator"), undefined, now);
      case "drain":
        return this.#drainCalls(order.calls, now);
      case "forgive":
        return this.#security.forgive(order.list, order.which, now);
      default:
        return unreachable(order);
    }
  }

  /** New calls use the new settings; running calls keep theirs. */
  #apply(settings: Settings, now: Instant): void {
    this.#settings = settings;
    this.#messageLimits = { ...MESSAGE_LIMITS, ...settings.sip.limits };
    this.#board.setup = callSetupOf(settings, this.#board.random, this.#fingerprint);
    const { portMin, portMax } = settings.rtp;
    this.#board.ports.resize(portMin, portMax);
    this.#policy.apply(settings);
    this.#security.apply(settings, this.#policy.names, now);
    this.#watch.apply(settings, now);
    this.#registrar.apply(settings, now);
    this.#names.look(now);
    this.#media.instructPlane(settings);
  }

  /** What is left of calls that nobody wrote down, or whose end the other process didn't see. */
  #resumed(streams: ReadonlySet<string>): void {
    const used = new Set(
      [...this.#calls].flatMap(({ media }) => media.streams.map(({ id }) => id)),
    );
    for (const id of streams) {
      if (!used.has(id)) this.#board.emit({ kind: "media", command: { kind: "close", id } });
    }
    this.#fact({ kind: "calls-resumed", calls: this.#calls.count });
  }

  #drainCalls(calls: "wait" | "end", now: Instant): void {
    this.#policy.draining = true;
    this.#registrar.removeAll(now);
    this.#fact({ kind: "drain-started", calls: this.#calls.count });
    if (calls === "wait") return;
    for (const call of [...this.#calls]) call.hangUp(end("hung-up-by-operator"), undefined, now);
  }

  #fact(fact: Extract<Effect, { kind: "fact" }>["fact"]): void {
    this.#board.emit({ kind: "fact", fact });
  }
}
