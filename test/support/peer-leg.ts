import type { Instant } from "#base";
import { acceptsCSeq, type Dialog, refreshTarget, requestInDialog } from "#sip";
import { type Request, type Response, responseTo } from "#sip-message";
import type { ServerTransaction } from "#sip-transactions";
import { answerSdp, type Direction, offerSdp } from "./peer-sdp.ts";
import type { SipPeer } from "./sip-peer.ts";

const SDP = "application/sdp";

/** RFC 3261 §14.1: who made the Call-ID waits longer after a 491. */
const GLARE_WAIT_MS = { own: 2500, other: 1000 };
const GLARE_TRIES_MAX = 5;

/** A BYE that follows an ACK is here by then, whatever the weather. */
const BYE_FOLLOWS_MS = 32_000;

/** One dialog of a simulated peer. */
export class PeerLeg {
  readonly peer: SipPeer;
  readonly dialog: Dialog;
  /** Whether this peer made the Call-ID. */
  readonly isCaller: boolean;
  state: "early" | "confirmed" | "ended" = "early";
  /** What happened, in order: "BYE 200", "got INFO"… */
  readonly log: string[] = [];
  /** What to do with a leg once it is confirmed. */
  onConfirmed: (() => void) | undefined;
  /** The description that the other side sent last. */
  remoteSdp: string | undefined;
  /** Our INVITE that is out, and the 2xx of theirs that waits for its ACK. */
  #inviting: boolean = false;
  #answered: { transaction: ServerTransaction; offered: boolean; seq: number } | undefined;
  #acks = new Map<number, Request>();
  #version = 1;
  #glares = 0;

  constructor(peer: SipPeer, dialog: Dialog, isCaller: boolean) {
    this.peer = peer;
    this.dialog = dialog;
    this.isCaller = isCaller;
  }

  offer(direction: Direction = "sendrecv", kinds: readonly string[] = ["audio"]): string {
    return offerSdp({ ...this.peer.media, version: this.#version++, direction }, kinds);
  }

  answer(offer: string): string {
    this.remoteSdp = offer;
    return answerSdp(offer, {
      ...this.peer.media,
      version: this.#version++,
      direction: "sendrecv",
    });
  }

  confirm(): void {
    if (this.state !== "early") return;
    this.state = "confirmed";
    this.onConfirmed?.();
  }

  /** ACKs a 2xx; a repeated one gets the same ACK again (RFC 3261 §13.2.2.4). */
  acknowledge(response: Response, offered: boolean): void {
    const known = this.#acks.get(response.cseq.number);
    if (known) return this.peer.sendAck(known, this);
    refreshTarget(this.dialog, response);
    const ack = requestInDialog(this.dialog, "ACK", response.cseq.number);
    ack.headers.add("max-forwards", "70");
    if (offered) this.remoteSdp = response.body;
    else if (response.body === "")
      this.peer.complain("a 2xx to an INVITE without offer bears none");
    else this.#describe(ack, this.answer(response.body));
    this.#acks.set(response.cseq.number, ack);
    this.peer.sendAck(ack, this);
  }

  bye(): void {
    if (this.state === "ended") return;
    this.state = "ended";
    this.#send("BYE", undefined, (status) => this.log.push(`BYE ${status}`));
  }

  /** A re-INVITE; without a direction one without an offer. */
  reinvite(direction?: Direction, kinds?: readonly string[]): void {
    if (this.state !== "confirmed" || this.#inviting || this.#answered) return;
    this.#inviting = true;
    const sdp = direction === undefined ? undefined : this.offer(direction, kinds);
    this.#send("INVITE", sdp, (status, response) => {
      this.#inviting = false;
      this.log.push(`INVITE ${status}`);
      if (response && status < 300) this.acknowledge(response, sdp !== undefined);
      else if (status === 491) this.#glared(direction);
      else if (status === 481 || status === 408) this.bye();
    });
  }

  update(direction: Direction): void {
    if (this.state === "ended" || this.#inviting || this.#answered) return;
    this.#send("UPDATE", this.offer(direction), (status, response) => {
      this.log.push(`UPDATE ${status}`);
      if (response && status < 300) this.remoteSdp = response.body;
    });
  }

  info(): void {
    this.#send("INFO", undefined, (status) => this.log.push(`INFO ${status}`));
  }

  /**
   * Asks the other side to call somebody else (RFC 3515), in the place of another of our calls
   * where one is given (RFC 3891); hangs up once that has worked.
   */
  refer(target: string, consulted?: PeerLeg): void {
    if (this.state !== "confirmed") return;
    const request = this.peer.requestIn(this, "REFER");
    const named = consulted ? `?Replaces=${encodeURIComponent(consulted.replaces)}` : "";
    request.headers.add("refer-to", `<${target}${named}>`);
    request.headers.add("referred-by", `<sip:${this.peer.name}@${this.peer.addresses[0]}>`);
    this.peer.send(request, this, (status) => this.log.push(`REFER ${status}`));
  }

  /** This dialog as its other end knows it. */
  get replaces(): string {
    const { callId, localTag, remoteTag } = this.dialog;
    return `${callId};to-tag=${remoteTag};from-tag=${localTag}`;
  }

  notify(state: string, sipfrag: string): void {
    const request = this.peer.requestIn(this, "NOTIFY");
    request.headers.add("event", "refer");
    request.headers.add("subscription-state", state);
    request.headers.add("content-type", "message/sipfrag;version=2.0");
    request.body = sipfrag;
    this.peer.send(request, this, (status) => this.log.push(`NOTIFY ${status}`));
  }

  /** A request in the dialog. */
  receive(transaction: ServerTransaction, request: Request, now: Instant): void {
    if (!acceptsCSeq(this.dialog, request)) return this.#respond(transaction, request, 500, now);
    this.log.push(`got ${request.method}`);
    switch (request.method) {
      case "BYE":
        this.state = "ended";
        return this.#respond(transaction, request, 200, now);
      case "INVITE":
        return this.#reinvited(transaction, request, now);
      case "UPDATE":
        return this.#updated(transaction, request, now);
      case "REFER":
        this.#respond(transaction, request, 202, now);
        return this.peer.referred(this, request);
      case "NOTIFY":
        this.#respond(transaction, request, 200, now);
        // The transfer has worked: the leg that asked for it is no longer needed.
        if (/^SIP\/2\.0 2/.test(request.body)) this.bye();
        return;
      default:
        return this.#respond(transaction, request, 200, now);
    }
  }

  /** The 2xx that we sent waits for its ACK. */
  awaitAck(transaction: ServerTransaction, offered: boolean, seq: number): void {
    this.#answered = { transaction, offered, seq };
    transaction.owner = {
      cancelled: () => {},
      unacknowledged: () => {
        this.log.push("unacknowledged");
        this.bye();
      },
    };
  }

  acknowledged(ack: Request): void {
    const answered = this.#answered;
    // The ACK of an earlier 2xx comes again when that 2xx did.
    if (answered?.seq !== ack.cseq.number) return;
    this.#answered = undefined;
    this.peer.transactions.acknowledged(answered.transaction);
    if (!answered.offered) {
      if (ack.body === "") this.#missesAnswer();
      this.remoteSdp = ack.body;
    }
    this.confirm();
  }

  #reinvited(transaction: ServerTransaction, request: Request, now: Instant): void {
    if (this.#inviting) return this.#respond(transaction, request, 491, now);
    if (this.#answered) return this.#respond(transaction, request, 500, now);
    refreshTarget(this.dialog, request);
    const offered = request.body !== "";
    this.awaitAck(transaction, offered, request.cseq.number);
    this.#respond(
      transaction,
      request,
      200,
      now,
      offered ? this.answer(request.body) : this.offer(),
    );
  }

  #updated(transaction: ServerTransaction, request: Request, now: Instant): void {
    if (this.#inviting && request.body !== "") return this.#respond(transaction, request, 491, now);
    refreshTarget(this.dialog, request);
    const sdp = request.body === "" ? undefined : this.answer(request.body);
    this.#respond(transaction, request, 200, now, sdp);
  }

  /** Only a call that ends at once may be acknowledged without the answer that its offer asked for. */
  #missesAnswer(): void {
    this.peer.in(BYE_FOLLOWS_MS, () => {
      if (this.state !== "ended") this.peer.complain("the ACK of an offer bears no answer");
    });
  }

  #glared(direction: Direction | undefined): void {
    if (++this.#glares > GLARE_TRIES_MAX) return;
    const wait = this.isCaller ? GLARE_WAIT_MS.own : GLARE_WAIT_MS.other;
    this.peer.in(wait, () => this.reinvite(direction));
  }

  #send(
    method: string,
    sdp: string | undefined,
    done: (status: number, response: Response | undefined) => void,
  ): void {
    const request = this.peer.requestIn(this, method);
    if (sdp !== undefined) this.#describe(request, sdp);
    this.peer.send(request, this, done);
  }

  #respond(
    transaction: ServerTransaction,
    request: Request,
    status: number,
    now: Instant,
    sdp?: string,
  ): void {
    const response = responseTo(request, status);
    response.headers.add("contact", this.peer.contact);
    if (sdp !== undefined) this.#describe(response, sdp);
    this.peer.transactions.respond(transaction, response, now);
  }

  #describe(message: Request | Response, sdp: string): void {
    message.headers.set("content-type", SDP);
    message.body = sdp;
  }
}
