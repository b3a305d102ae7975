import type { Instant } from "#base";
import {
  ACCEPTED,
  type Candidate,
  CrossingRequest,
  type DialogIds,
  type Origin,
  type Policy,
  referToAcross,
  refusal,
  requestAcross,
  Subscriptions,
  type Switchboard,
  screenRequest,
  toDestination,
} from "#calls";
import { type End, end, isEnd } from "#ends";
import type { Target } from "#port";
import type { Flow } from "#sip";
import { type Request, responseTo } from "#sip-message";
import type { ServerTransaction } from "#sip-transactions";

/** What this gateway understands, for Allow (RFC 3261 §20.5). */
export const METHODS =
  "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, SUBSCRIBE, MESSAGE, PUBLISH";

/** Methods that cross outside a dialog. */
const CROSSING: ReadonlySet<string> = new Set([
  "MESSAGE",
  "SUBSCRIBE",
  "NOTIFY",
  "PUBLISH",
  "REFER",
]);

/** Methods whose 2xx makes a dialog (RFC 6665 §4.4.1, RFC 3515 §2.4.4). */
const SUBSCRIBING: ReadonlySet<string> = new Set(["SUBSCRIBE", "REFER"]);

/** Requests that belong to no call: answered here, or carried across. */
export class Standalone {
  readonly #board: Switchboard;
  readonly #policy: Policy;
  readonly #ids: DialogIds;
  readonly #subscriptions: Subscriptions;

  constructor(board: Switchboard, policy: Policy, ids: DialogIds) {
    this.#board = board;
    this.#policy = policy;
    this.#ids = ids;
    this.#subscriptions = new Subscriptions(board);
  }

  get subscriptionCount(): number {
    return this.#subscriptions.count;
  }

  /** Whether a request stands in the dialog of a subscription. */
  knows(request: Request, flow: Flow): boolean {
    return this.#subscriptions.knows(request, flow);
  }

  receive(transaction: ServerTransaction, request: Request, flow: Flow, now: Instant): void {
    if (request.to.tag !== undefined) {
      if (this.#subscriptions.receive(transaction, request, flow, now)) return;
      return this.#refuse(transaction, request, flow, end("no-dialog"), now);
    }
    const why = this.#screen(request, flow) ?? this.#take(transaction, request, flow, now);
    if (why) this.#refuse(transaction, request, flow, why, now);
  }

  #screen(request: Request, flow: Flow): End | undefined {
    if (!this.#policy.origin(flow)) return end("unknown-source");
    return screenRequest(request, this.#board.setup);
  }

  #take(
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: Instant,
  ): End | undefined {
    if (request.method === "OPTIONS") return this.#answerOptions(transaction, request, now);
    if (!CROSSING.has(request.method)) return end("method-not-allowed");
    const origin = this.#policy.origin(flow)!;
    const route = this.#policy.route(request, origin, now);
    if (isEnd(route)) return route;
    const candidate = route.candidates[0];
    if (!candidate) return end("no-route");
    const send = (targets: readonly Target[], at: Instant) => {
      const target = targets[0];
      if (target) this.#cross(transaction, request, flow, origin, candidate, target, at);
      else this.#refuse(transaction, request, flow, end("no-target"), at);
    };
    this.#board.resolve(candidate.query, send, now);
    return undefined;
  }

  /** A gateway that is stopping says so, and a balancer stops choosing it. */
  #answerOptions(transaction: ServerTransaction, request: Request, now: Instant): End | undefined {
    if (this.#policy.draining) return end("draining", { retryAfterS: 5 });
    const response = responseTo(request, 200, "OK", this.#board.random.token(16));
    response.headers.add("allow", METHODS);
    response.headers.add("accept", ACCEPTED);
    response.headers.add("supported", "100rel, timer, replaces, norefersub");
    response.headers.add("server", this.#board.setup.product);
    this.#board.transactions.respond(transaction, response, now);
    return undefined;
  }

  #cross(
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    { withheld }: Origin,
    candidate: Candidate,
    target: Target,
    now: Instant,
  ): void {
    const { random, setup } = this.#board;
    const to = toDestination(candidate.side, target);
    const callId = setup.masked ? random.token(26) : request.callId;
    const dialog = { callId, tag: random.token(16), cseq: 1 };
    const across = requestAcross(
      this.#board,
      request,
      candidate,
      to,
      setup.faces[candidate.side],
      dialog,
    );
    if (request.method === "REFER") {
      const referTo = referToAcross(this.#board, this.#ids, request, to);
      if (referTo === undefined)
        return this.#refuse(transaction, request, flow, end("bad-request"), now);
      across.headers.set("refer-to", referTo);
    }
    const carried = {
      transaction,
      request,
      from: flow.side,
      across,
      to,
      credentials: candidate.credentials,
      withheld,
    };
    if (!SUBSCRIBING.has(request.method)) {
      new CrossingRequest(this.#board, carried, now);
      return;
    }
    const leg = this.#subscriptions.begin(
      { request, flow, withheld, sent: across, candidate, to },
      now,
    );
    new CrossingRequest(
      this.#board,
      {
        ...carried,
        leg,
        accepted: (response, from, at) => {
          this.#subscriptions.accepted(leg, response, from, at);
          return leg;
        },
        refused: () => this.#subscriptions.refused(leg),
      },
      now,
    );
  }

  #refuse(
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    why: End,
    now: Instant,
  ): void {
    const { side, remoteAddress: source } = flow;
    const fact = { kind: "refused", method: request.method, side, source, end: why.name } as const;
    this.#board.emit({ kind: "fact", fact });
    const response = refusal(this.#board, request, why);
    if (why.name === "method-not-allowed") response.headers.add("allow", METHODS);
    this.#board.transactions.respond(transaction, response, now);
  }
}
