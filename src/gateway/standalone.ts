import type { Instant } from "#base";
import {
  type DialogIds,
  OWN_METHODS,
  optionsAnswer,
  type Policy,
  refusal,
  Subscriptions,
  type Switchboard,
  screenContent,
  screenRequest,
} from "#calls";
import { type End, end, isEnd } from "#ends";
import type { Flow } from "#sip";
import type { Request } from "#sip-message";
import type { ServerTransaction } from "#sip-transactions";
import { type Carriage, CarriedOutside } from "./carried-outside.ts";
import { Errand } from "./errand.ts";

/** Methods that cross outside a dialog. */
const CROSSING: ReadonlySet<string> = new Set([
  "MESSAGE",
  "SUBSCRIBE",
  "NOTIFY",
  "PUBLISH",
  "REFER",
]);

/** Requests that belong to no call: answered here, or carried across. */
export class Standalone {
  readonly #board: Switchboard;
  readonly #policy: Policy;
  readonly #carriage: Carriage;
  readonly #subscriptions: Subscriptions;

  constructor(board: Switchboard, policy: Policy, ids: DialogIds) {
    this.#board = board;
    this.#policy = policy;
    this.#subscriptions = new Subscriptions(board);
    this.#carriage = {
      board,
      ids,
      subscriptions: this.#subscriptions,
      refuse: ({ transaction, request, flow }, why, now) =>
        this.#refuse(transaction, request, flow, why, now),
    };
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
    // An OPTIONS ends here, however far it may go (RFC 3261 §11).
    const screen = request.method === "OPTIONS" ? screenContent : screenRequest;
    return screen(request, flow, this.#board.setup);
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
    if (route.candidates.length === 0) return end("no-route");
    const malicious = this.#policy.malicious(request, flow, route, now);
    if (malicious) return malicious;
    const { trunk, withheld } = origin;
    const arrival = { transaction, request, flow, trunk, withheld };
    const carried = new CarriedOutside(arrival, this.#carriage);
    new Errand(this.#board, carried, route.candidates).start(now);
    return undefined;
  }

  /** A gateway that is stopping says so, and a balancer stops choosing it. */
  #answerOptions(transaction: ServerTransaction, request: Request, now: Instant): End | undefined {
    if (this.#policy.draining) return end("draining", { retryAfterS: 5 });
    this.#board.transactions.respond(transaction, optionsAnswer(this.#board, request), now);
    return undefined;
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
    if (why.name === "method-not-allowed") response.headers.add("allow", OWN_METHODS);
    this.#board.transactions.respond(transaction, response, now);
  }
}
