import { BoundedMap, type Instant } from "#base";
import { end } from "#ends";
import {
  acceptsCSeq,
  type Destination,
  dialogAsUac,
  dialogAsUas,
  type Flow,
  otherSide,
  refreshTarget,
} from "#sip";
import type { Request, Response } from "#sip-message";
import type { ServerTransaction } from "#sip-transactions";
import { bodyRefusal } from "./body-rules.ts";
import { inDialogAcross, refusal } from "./crossing.ts";
import { CrossingRequest } from "./crossing-request.ts";
import { Deadline } from "./deadline.ts";
import { credentialsAt, type Leg, nextHop } from "./legs.ts";
import type { Candidate, Switchboard, Withheld } from "./setup.ts";

/** Subscriptions carried at once; the oldest is forgotten first. */
const SUBSCRIPTIONS_MAX = 50_000;

/** A subscription outlives its expiry by this, for the last NOTIFY (RFC 6665 §4.1.2.4). */
const GRACE_MS = 32_000;

const EXPIRES_DEFAULT_S = 3600;
const EXPIRES_MAX_S = 86_400;

/** The pair of dialogs that one SUBSCRIBE or REFER made (RFC 6665 §4.4.1). */
interface Subscription {
  readonly subscriber: Leg;
  /** Known with the 2xx or with the first NOTIFY, whichever comes first. */
  notifier: Leg | undefined;
  /** As it was sent last, to whom, and where. */
  sent: Request;
  candidate: Candidate;
  to: Destination;
  readonly deadline: Deadline;
  /** Both of our tags. */
  readonly tags: readonly string[];
}

/** A request that may make a dialog: as it came, and as it goes to `to`. */
export interface Subscribing {
  readonly request: Request;
  readonly flow: Flow;
  readonly withheld: Withheld | undefined;
  readonly sent: Request;
  readonly candidate: Candidate;
  readonly to: Destination;
}

/** Dialogs that are no calls: SUBSCRIBE and out-of-dialog REFER with their NOTIFYs. */
export class Subscriptions {
  readonly #board: Switchboard;
  readonly #byTag = new BoundedMap<string, Subscription>(SUBSCRIPTIONS_MAX * 2);

  constructor(board: Switchboard) {
    this.#board = board;
  }

  get count(): number {
    return this.#byTag.size / 2;
  }

  /** Remembers a request that may make a dialog, before it is sent. */
  begin({ request, flow, withheld, sent, candidate, to }: Subscribing, now: Instant): Leg {
    const localTag = this.#board.random.token(16);
    const subscriber: Leg = {
      side: flow.side,
      dialog: dialogAsUas(request, localTag),
      flow,
      inviteSeq: 0,
      credentials: undefined,
      home: flow.remoteAddress,
      withheld,
    };
    const subscription: Subscription = {
      subscriber,
      notifier: undefined,
      sent,
      candidate,
      to,
      deadline: new Deadline(this.#board, () => this.#forget(subscription)),
      tags: [localTag, sent.from.tag!],
    };
    for (const tag of subscription.tags) {
      const evicted = this.#byTag.set(tag, subscription);
      if (evicted) this.#forget(evicted[1]);
    }
    this.#expire(subscription, EXPIRES_DEFAULT_S, now);
    return subscriber;
  }

  /** It went to another place, or again with credentials; its From tag stays. */
  sentAgain(
    subscriber: Leg,
    { sent, candidate, to }: Pick<Subscribing, "sent" | "candidate" | "to">,
  ): void {
    const subscription = this.#byTag.get(subscriber.dialog.localTag);
    if (subscription) Object.assign(subscription, { sent, candidate, to });
  }

  /** The SUBSCRIBE was accepted. */
  accepted(subscriber: Leg, response: Response, flow: Flow, now: Instant): void {
    const subscription = this.#byTag.get(subscriber.dialog.localTag);
    if (!subscription) return;
    subscription.notifier ??= this.#notifier(
      subscription,
      dialogAsUac(subscription.sent, response),
      flow,
    );
    countFrom(subscription.notifier, response.cseq.number);
    this.#expire(subscription, expiresS(response.headers.get("expires")), now);
  }

  refused(subscriber: Leg): void {
    const subscription = this.#byTag.get(subscriber.dialog.localTag);
    if (subscription) this.#forget(subscription);
  }

  /** Whether a request stands in a subscription's dialog. */
  knows(request: Request, flow: Flow): boolean {
    return this.#find(request, flow) !== undefined;
  }

  /** A request in a subscription's dialog; false when there is none. */
  receive(transaction: ServerTransaction, request: Request, flow: Flow, now: Instant): boolean {
    const subscription = this.#find(request, flow);
    if (!subscription) return false;
    const { subscriber } = subscription;
    const fromSubscriber = isFromSubscriber(subscription, request);
    if (!fromSubscriber) {
      subscription.notifier ??= this.#notifier(
        subscription,
        dialogAsUas(request, request.to.tag!),
        flow,
      );
    }
    const { notifier } = subscription;
    const [from, to] = fromSubscriber ? [subscriber, notifier] : [notifier!, subscriber];
    if (!to) return false;
    this.#relay(subscription, from, to, transaction, request, flow, now);
    return true;
  }

  /** The dialog by our tag, its Call-ID and its side. */
  #find(request: Request, flow: Flow): Subscription | undefined {
    const subscription = this.#byTag.get(request.to.tag ?? "");
    if (!subscription) return undefined;
    const { subscriber, sent } = subscription;
    const asks = isFromSubscriber(subscription, request);
    const side = asks ? subscriber.side : otherSide(subscriber.side);
    const callId = asks ? subscriber.dialog.callId : sent.callId;
    return side === flow.side && callId === request.callId ? subscription : undefined;
  }

  #relay(
    subscription: Subscription,
    from: Leg,
    to: Leg,
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: Instant,
  ): void {
    from.flow = flow;
    const isLate = !acceptsCSeq(from.dialog, request);
    const why = isLate ? end("bad-sequence") : bodyRefusal(this.#board.setup, request);
    if (why) {
      this.#board.transactions.respond(transaction, refusal(this.#board, request, why), now);
      return;
    }
    refreshTarget(from.dialog, request);
    const state = request.headers.get("subscription-state")?.toLowerCase() ?? "";
    if (state.startsWith("terminated")) this.#expire(subscription, 0, now);
    const across = inDialogAcross(this.#board, request, to);
    const there = nextHop(to);
    const carried = {
      transaction,
      request,
      from: from.side,
      across,
      to: there,
      credentials: credentialsAt(to, there),
      withheld: from.withheld,
      leg: from,
      resent: (again: Request) => countFrom(to, again.cseq.number),
      accepted: (response: Response, at: Instant) => {
        refreshTarget(to.dialog, response);
        const expires = response.headers.get("expires") ?? request.headers.get("expires");
        if (request.method === "SUBSCRIBE") this.#expire(subscription, expiresS(expires), at);
      },
    };
    new CrossingRequest(this.#board, carried, now);
  }

  #notifier(subscription: Subscription, dialog: Leg["dialog"], flow: Flow): Leg {
    dialog.localSeq = Math.max(dialog.localSeq, subscription.sent.cseq.number);
    return {
      side: flow.side,
      dialog,
      flow,
      inviteSeq: 0,
      credentials: subscription.candidate.credentials,
      home: subscription.to.address,
      withheld: subscription.candidate.withheld,
    };
  }

  #expire(subscription: Subscription, seconds: number, now: Instant): void {
    subscription.deadline.set(now + seconds * 1000 + GRACE_MS, now);
  }

  #forget({ tags, deadline }: Subscription): void {
    deadline.lift();
    for (const tag of tags) this.#byTag.delete(tag);
  }
}

/** An answered challenge took a CSeq that the dialog didn't give: the next request's is higher. */
function countFrom({ dialog }: Leg, cseq: number): void {
  dialog.localSeq = Math.max(dialog.localSeq, cseq);
}

const isFromSubscriber = ({ subscriber }: Subscription, request: Request): boolean =>
  request.to.tag === subscriber.dialog.localTag;

function expiresS(text: string | undefined): number {
  const value =
    text === undefined || !/^\d{1,10}$/.test(text.trim()) ? EXPIRES_DEFAULT_S : Number(text);
  return Math.min(value, EXPIRES_MAX_S);
}
