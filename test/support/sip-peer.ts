import type { Instant, Random } from "#base";
import type { Destination, Transport } from "#sip";
import {
  Headers,
  parseMessageText,
  parseReferTo,
  parseReplaces,
  parseUri,
  printReplaces,
  Request,
  type Response,
  responseTo,
} from "#sip-message";
import {
  type ClientTransaction,
  type Requester,
  type ServerTransaction,
  type TransactionEvent,
  Transactions,
} from "#sip-transactions";
import { type Endpoint, flowOf, type Host, type Network, type Packet } from "./network.ts";
import { type AnswerPlan, type CallPlan, dressed, PlacedCall, TakenCall } from "./peer-call.ts";
import type { PeerLeg } from "./peer-leg.ts";
import { offerSdp } from "./peer-sdp.ts";

export interface PeerOptions {
  /** Also the user of its URIs. */
  readonly name: string;
  readonly address: string;
  readonly port?: number;
  readonly transport?: Transport;
  /** Where it sends everything: the gateway's address on its side. */
  readonly gateway: Endpoint;
  readonly random: Random;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

type Done = (status: number, response: Response | undefined) => void;

/** A scripted SIP endpoint in virtual time: calls, answers, and keeps the rules of RFC 3261. */
export class SipPeer implements Host {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly contact: string;
  /** Its User-Agent: a secret of its side when the mask is on. */
  readonly product: string;
  readonly media: { readonly address: string; readonly port: number };
  readonly transactions: Transactions;
  readonly placed: PlacedCall[] = [];
  /** How it answers the next call. */
  answer: (invite: Request) => AnswerPlan = () => ({ rings: [] });
  /** How it answers a request that is no call. */
  reply: (request: Request) => Reply = () => ({ status: 200 });
  /** What the gateway did to it that no rule allows. */
  readonly complaints: string[] = [];
  readonly #options: PeerOptions;
  readonly #network: Network;
  readonly #endpoint: Endpoint;
  #legs = new Map<string, PeerLeg>();
  #taken = new Map<string, TakenCall>();

  constructor(network: Network, options: PeerOptions) {
    const { name, address, port = 5060 } = options;
    this.#network = network;
    this.#options = options;
    this.name = name;
    this.addresses = [address];
    this.#endpoint = { address, port };
    this.contact = `<sip:${name}@${address}:${port}>`;
    this.product = `${name}-product/1.0`;
    this.media = { address, port: 30_000 };
    this.transactions = new Transactions({
      random: options.random,
      viaFor: () => ({ host: address, port }),
    });
    network.attach(this);
  }

  get now(): Instant {
    return this.#network.now;
  }

  get nextWake(): Instant | undefined {
    return this.transactions.next;
  }

  get gatewayAddress(): string {
    return this.#options.gateway.address;
  }

  get legs(): Iterable<PeerLeg> {
    return this.#legs.values();
  }

  /** Places a call through the gateway. */
  call(plan: CallPlan): PlacedCall {
    const { gateway, random } = this.#options;
    const uri = plan.uri.includes("@") ? plan.uri : `sip:${plan.uri}@${gateway.address}`;
    const headers = new Headers();
    headers.add("max-forwards", "70");
    headers.add("from", `<sip:${this.name}@${this.#endpoint.address}>;tag=${this.tag()}`);
    headers.add("to", `<${uri}>`);
    headers.add("call-id", `${random.token(20)}@${this.#endpoint.address}`);
    headers.add("cseq", `${1 + random.integer(1000)} INVITE`);
    headers.add("contact", this.contact);
    headers.add("user-agent", this.product);
    const known = [...(plan.reliable ? ["100rel"] : []), ...(plan.isOld ? [] : ["replaces"])];
    headers.add("supported", ["timer", ...known].join(", "));
    if (plan.replaces !== undefined) headers.add("replaces", plan.replaces);
    const request = new Request("INVITE", uri, headers);
    if (plan.offer) {
      headers.add("content-type", "application/sdp");
      request.body = this.#offer(plan.kinds);
    }
    const call = new PlacedCall(this, plan, request);
    this.placed.push(call);
    return call;
  }

  /** Loses its memory, as a restarted program does: later requests in its dialogs get 481. */
  restart(): void {
    this.#legs = new Map();
    this.#taken = new Map();
  }

  complain(what: string): void {
    this.complaints.push(`${this.name}: ${what}`);
  }

  receive(packet: Packet, now: Instant): void {
    const message = parseMessageText(packet.text);
    if (message.kind === "parse-failure") return this.complain(`cannot parse: ${message.what}`);
    this.#heard(this.transactions.receive(message, flowOf(packet, "public"), now), now);
  }

  wake(now: Instant): void {
    for (let event = this.transactions.due(now); event; event = this.transactions.due(now)) {
      this.#heard(event, now);
    }
  }

  drain(): readonly Packet[] {
    return this.transactions.drain().map(({ to, text }) => ({
      from: this.#endpoint,
      to: { address: to.address, port: to.port },
      transport: to.transport,
      text,
    }));
  }

  // What its calls and legs use.

  in(ms: number, action: () => void): void {
    this.#network.in(ms, action);
  }

  tag(): string {
    return `${this.name}-${this.#options.random.token(10)}`;
  }

  keep(leg: PeerLeg): void {
    const { callId, localTag, remoteTag } = leg.dialog;
    this.#legs.set(keyOf(callId, localTag, remoteTag), leg);
  }

  open(request: Request, owner: Requester): ClientTransaction {
    return this.transactions.request(request, this.#toGateway(), this.now, owner);
  }

  cancel(transaction: ClientTransaction): void {
    this.transactions.cancel(transaction, this.now);
  }

  requestIn(leg: PeerLeg, method: string): Request {
    return dressed(this, leg, method);
  }

  send(request: Request, leg: PeerLeg, done: Done): void {
    this.transactions.request(request, this.#toTarget(leg), this.now, {
      response: (_, response) => {
        if (response.status >= 200) done(response.status, response);
      },
      failed: () => done(0, undefined),
    });
  }

  sendAck(ack: Request, leg: PeerLeg): void {
    this.transactions.sendAck(ack, this.#toTarget(leg));
  }

  /** Does what a REFER asks, and tells how it went (RFC 3515 §2.4.4). */
  referred(leg: PeerLeg, request: Request): void {
    const target = parseReferTo(request.headers.get("refer-to") ?? "");
    const user = target?.uri.user;
    if (user === undefined) return this.complain("Refer-To names no user");
    leg.notify("active;expires=60", "SIP/2.0 100 Trying");
    this.call({
      uri: user,
      offer: true,
      ...(target?.replaces ? { replaces: printReplaces(target.replaces) } : {}),
      up: (placed) => this.in(3000, () => placed.bye()),
      done: (status) => leg.notify("terminated;reason=noresource", `SIP/2.0 ${status} Done`),
    });
  }

  #offer(kinds: readonly string[] = ["audio"]): string {
    const self = { ...this.media, version: 1, direction: "sendrecv" } as const;
    return offerSdp(self, kinds);
  }

  #heard(event: TransactionEvent | undefined, now: Instant): void {
    switch (event?.kind) {
      case "request":
        return this.#requested(event.transaction, event.request, now);
      case "ack":
        return this.#legOf(event.request)?.acknowledged(event.request);
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
        return;
    }
  }

  #requested(transaction: ServerTransaction, request: Request, now: Instant): void {
    if (request.to.tag === undefined) return this.#begun(transaction, request, now);
    const taken = this.#taken.get(request.callId);
    if (request.method === "PRACK" && taken) {
      const status = taken.pracked(request.headers.get("rack") ?? "") ? 200 : 481;
      return this.transactions.respond(transaction, responseTo(request, status), now);
    }
    const leg = this.#legOf(request);
    if (leg && leg.state !== "ended") return leg.receive(transaction, request, now);
    this.transactions.respond(transaction, responseTo(request, 481), now);
  }

  #begun(transaction: ServerTransaction, request: Request, now: Instant): void {
    if (request.method !== "INVITE") return this.#replied(transaction, request, now);
    const replaces = parseReplaces(request.headers.get("replaces") ?? "");
    const replaced =
      replaces && this.#legs.get(keyOf(replaces.callId, replaces.toTag, replaces.fromTag));
    const plan = this.answer(request);
    this.#taken.set(request.callId, new TakenCall(this, plan, transaction, request));
    if (replaced) this.in((plan.final?.afterMs ?? 0) + 100, () => replaced.bye());
  }

  #replied(transaction: ServerTransaction, request: Request, now: Instant): void {
    const { status, headers = {} } = this.reply(request);
    const response = responseTo(request, status, undefined, this.tag());
    for (const [name, value] of Object.entries(headers)) response.headers.add(name, value);
    this.transactions.respond(transaction, response, now);
  }

  #legOf(request: Request): PeerLeg | undefined {
    return this.#legs.get(keyOf(request.callId, request.to.tag ?? "", request.from.tag ?? ""));
  }

  #toGateway(): Destination {
    const { gateway, transport = "udp" } = this.#options;
    return { side: "public", transport, ...gateway };
  }

  /** RFC 3261 §12.2.1.1: where the Contact says. It has to be the gateway. */
  #toTarget(leg: PeerLeg): Destination {
    const uri = parseUri(leg.dialog.remoteTarget);
    const { gateway } = this.#options;
    if (uri?.host !== gateway.address) {
      this.complain(`the Contact ${leg.dialog.remoteTarget} is not the gateway's`);
    }
    return this.#toGateway();
  }
}

const keyOf = (callId: string, localTag: string, remoteTag: string): string =>
  `${callId}|${localTag}|${remoteTag}`;
