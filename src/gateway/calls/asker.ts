import { type Instant, ownText } from "#base";
import { type End, isEnd } from "#ends";
import { type DigestCredentials, dialogAsUas, type Flow } from "#sip";
import { hasOptionTag, type Request, type Response } from "#sip-message";
import type { ServerTransaction } from "#sip-transactions";
import type { Call } from "./call.ts";
import { refusal, responseAcross } from "./crossing.ts";
import type { Leg } from "./legs.ts";
import { withSdp } from "./session-body.ts";
import { grantLeg } from "./session-timer.ts";
import type { Switchboard, Withheld } from "./setup.ts";

/** Who asks for a call, and is told what becomes of it: a peer by its INVITE, or a transfer. */
export interface Asker {
  /** What is asked, in the asking side's words. */
  readonly request: Request;
  /** The call is there, and begins to dial. */
  begun(call: Call): void;
  /** Our end towards the asker, of the dialog that an answer makes; `tag` is for a new one. */
  legFor(tag: string): Leg;
  /** A provisional answer, in this leg's dialog; `sdp` is for the asker. */
  rang(response: Response, leg: Leg, sdp: string | undefined, now: Instant): void;
  answered(response: Response, leg: Leg, sdp: string | undefined, now: Instant): void;
  refused(why: Response | End, now: Instant): void;
  /** The asker has acknowledged the answer: it need not be repeated. */
  acknowledged(): void;
}

/** What an INVITE that came tells of its sender. */
export interface AskedBy {
  readonly invite: ServerTransaction;
  readonly request: Request;
  readonly flow: Flow;
  /** Answers its challenges of requests in the dialog. */
  readonly credentials: DigestCredentials | undefined;
  readonly withheld: Withheld | undefined;
}

/** A peer that asks by an INVITE: each answer crosses to it by the mask's table. */
export class AskingPeer implements Asker {
  readonly #board: Switchboard;
  readonly #by: AskedBy;
  #call: Call | undefined;

  constructor(board: Switchboard, by: AskedBy) {
    this.#board = board;
    this.#by = by;
  }

  get request(): Request {
    return this.#by.request;
  }

  begun(call: Call): void {
    this.#call = call;
    this.#by.invite.owner = call;
  }

  legFor(tag: string): Leg {
    const { request, flow, credentials, withheld } = this.#by;
    return {
      side: flow.side,
      dialog: dialogAsUas(request, tag),
      flow,
      inviteSeq: 0,
      credentials,
      home: flow.remoteAddress,
      contactUser: contactUserOf(request),
      withheld,
      knowsReplaces: hasOptionTag(request.headers, "supported", "replaces"),
    };
  }

  rang(response: Response, leg: Leg, sdp: string | undefined, now: Instant): void {
    this.#respond(this.#across(response, leg, sdp), now);
  }

  answered(response: Response, leg: Leg, sdp: string | undefined, now: Instant): void {
    const across = this.#across(response, leg, sdp);
    grantLeg(this.#board, this.#call!, leg, this.#by.request, across, now);
    this.#respond(across, now);
  }

  refused(why: Response | End, now: Instant): void {
    const { request, flow, withheld } = this.#by;
    const response = isEnd(why)
      ? refusal(this.#board, request, why)
      : responseAcross(this.#board, why, request, flow.side, undefined, withheld);
    this.#respond(response, now);
  }

  acknowledged(): void {
    this.#board.transactions.acknowledged(this.#by.invite);
  }

  #across(response: Response, leg: Leg, sdp: string | undefined): Response {
    const { request, flow } = this.#by;
    const across = responseAcross(this.#board, response, request, flow.side, leg);
    withSdp(across, sdp);
    return across;
  }

  #respond(response: Response, now: Instant): void {
    this.#board.transactions.respond(this.#by.invite, response, now);
  }
}

/** The user of our Contact in answers, where To names another: what the trunk is registered as. */
function contactUserOf({ target, to }: Request): string | undefined {
  const user = target?.user;
  return user === undefined || to.uri.includes(`:${user}@`) ? undefined : ownText(user);
}
