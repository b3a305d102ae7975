import { type Instant, Sampler } from "#base";
import type { Calls } from "#calls";
import { excerptOf, type Malice, Probing, type Security, strangerEvidence } from "#security";
import type { Destination, Flow } from "#sip";
import type { Message, ParseFailure, Request } from "#sip-message";
import type { Board } from "./board.ts";
import type { OperatorPolicy } from "./policy.ts";
import type { Standalone } from "./standalone.ts";

/** Messages of strangers that are told of a minute; the others are counted. */
const STRANGERS_TOLD = 10;
const STRANGERS_SPAN_MS = 60_000;

/** What is asked whether it knows a message. */
interface Known {
  readonly board: Board;
  readonly policy: OperatorPolicy;
  readonly calls: Calls;
  readonly standalone: Standalone;
  readonly security: Security;
  readonly malice: Malice;
}

/** Tells strangers from those that the gateway serves, and is silent to them. */
export class Strangers {
  readonly #known: Known;
  readonly #probing = new Probing();
  readonly #told = new Sampler(STRANGERS_TOLD, STRANGERS_SPAN_MS);

  constructor(known: Known) {
    this.#known = known;
  }

  /** How many sources are watched for whom they name: bounded. */
  get watched(): number {
    return this.#probing.size;
  }

  /** Whether the message is of nobody that we serve: then it was ignored, and that is all. */
  ignores(message: Message | ParseFailure, text: string, flow: Flow, now: Instant): boolean {
    const { policy, security } = this.#known;
    const { side, remoteAddress } = flow;
    if (message.kind === "response") {
      // Its branch says whether it is awaited; one that isn't costs no more than the look.
      this.unasked(flow, text, now);
      return false;
    }
    if (policy.origin(flow)) return false;
    if (this.#isKnown(message, flow)) {
      security.prove(side, remoteAddress, flow.remotePort, now);
      return false;
    }
    this.#ignore(message, text, flow, now);
    return true;
  }

  /** An answer, to SIP or STUN: only who was written to has anything to answer. */
  unasked(flow: Flow, text: string, now: Instant): void {
    const { policy, security } = this.#known;
    const { side, remoteAddress } = flow;
    if (policy.serves(side, remoteAddress) || security.isProven(side, remoteAddress, now)) return;
    security.strange(flow, () => excerptOf(text), now);
  }

  /** Who is written to in a dialog will be heard, flood or not: a peer's second host, say. */
  writtenTo({ side, address, port }: Destination, now: Instant): void {
    const { policy, security } = this.#known;
    if (!policy.serves(side, address)) security.prove(side, address, port, now);
  }

  /**
   * What proves by our own tags or branches that it belongs to a dialog or a transaction may come
   * from elsewhere: a peer's second host, or where a redirection led.
   */
  #isKnown(message: Request | ParseFailure, flow: Flow): boolean {
    if (message.kind === "parse-failure") return false;
    const { calls, standalone, board } = this.#known;
    const isInDialog = calls.knows(message, flow) || standalone.knows(message, flow);
    return isInDialog || board.transactions.knows(message, flow);
  }

  /**
   * A stranger gets no answer and no state: a scanner learns nothing, a forged source gets nothing
   * sent (attack case D7), and no flood takes the transactions that peers need.
   */
  #ignore(message: Request | ParseFailure, text: string, flow: Flow, now: Instant): void {
    const { board, security, malice } = this.#known;
    const { id, side, transport, remoteAddress: source } = flow;
    security.strange(flow, () => excerptOf(text), now);
    const evidence =
      strangerEvidence(message, text, flow, malice.places) ??
      this.#probed(message, text, flow, now);
    if (evidence) security.record(flow, evidence, now);
    if (transport !== "udp") board.emit({ kind: "close-flow", flow: id, why: "a stranger's" });
    const untold = this.#told.take(now);
    if (untold === undefined) return;
    const what = message.kind === "request" ? message.method : message.what;
    board.emit({ kind: "fact", fact: { kind: "stranger", side, transport, source, what, untold } });
  }

  #probed(message: Request | ParseFailure, text: string, flow: Flow, now: Instant) {
    if (message.kind !== "request") return undefined;
    const { numbers } = this.#known.malice;
    const watch = message.method === "INVITE" ? numbers : this.#probing;
    return watch.take(message, text, flow, now);
  }
}
