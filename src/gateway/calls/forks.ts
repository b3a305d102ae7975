import { ownTexts } from "#base";
import type { Role } from "#media";
import { type DigestCredentials, dialogAsUac, type Flow, type Side } from "#sip";
import { Headers, Request, type Response } from "#sip-message";
import type { Leg } from "./legs.ts";
import type { Withheld } from "./setup.ts";

/** One answerer among those that a downstream proxy forked to: a pair of dialogs (RFC 3261 §12.1). */
export interface Fork {
  /** Of the call's fork, another peer may take a leg's place (RFC 3891). */
  caller: Leg;
  callee: Leg;
}

/** Where a request in a dialog comes from, and where it goes. */
export interface Crossing {
  readonly fork: Fork;
  /** Of `from`. */
  readonly role: Role;
  readonly from: Leg;
  readonly to: Leg;
}

/** The INVITE that the callee got. */
export interface Invited {
  readonly request: Request;
  readonly side: Side;
  /** The address that it was sent to. */
  readonly home: string;
  /** The user of the Contact that it bears, where the trunk has one. */
  readonly contactUser: string | undefined;
  readonly credentials: DigestCredentials | undefined;
  readonly withheld: Withheld | undefined;
}

/** What dialogs and ACKs take from an INVITE that has been answered; all else of it can go. */
const LASTING = ["from", "to", "call-id", "cseq"] as const;
const CREDENTIALS = ["authorization", "proxy-authorization"] as const;

/** The same INVITE with no more than is needed once it is answered. */
export function pared({ request, ...rest }: Invited): Invited {
  const values = LASTING.map((name) => request.headers.get(name) ?? "");
  const [uri, ...kept] = ownTexts([request.uri, ...values]);
  const headers = new Headers();
  for (let i = 0; i < LASTING.length; i++) headers.add(LASTING[i]!, kept[i]!);
  for (const name of CREDENTIALS) headers.addAllFrom(request.headers, name);
  // A copy's lists are as long as they need be; those that grew have room for more.
  return { ...rest, request: new Request(request.method, uri!, headers.copy()) };
}

/** Early dialogs that one INVITE may have: more forks than this are not shown to the caller. */
const FORKS_MAX = 12;

/** The answerers of one INVITE, told apart by their To tag. */
export class Forks {
  #list: Fork[] = [];

  get isFull(): boolean {
    return this.#list.length >= FORKS_MAX;
  }

  answeredBy(response: Response): Fork | undefined {
    const tag = response.to.tag ?? "";
    return this.#list.find(({ callee }) => callee.dialog.remoteTag === tag);
  }

  /** A new early dialog towards each side; `caller` is ours. */
  open(caller: Leg, invited: Invited, response: Response, flow: Flow): Fork {
    const fork = { caller, callee: calleeLeg(invited, response, flow) };
    this.#list.push(fork);
    return fork;
  }

  /** From now on this fork is the call; the others are forgotten. */
  choose(fork: Fork): void {
    this.#list = [fork];
  }

  /** The fork that a request belongs to, by our own tag and, towards the callee, its tag too. */
  crossing(localTag: string, remoteTag: string | undefined): Crossing | undefined {
    for (const fork of this.#list) {
      const { caller, callee } = fork;
      if (caller.dialog.localTag === localTag) {
        return { fork, role: "caller", from: caller, to: callee };
      }
      if (callee.dialog.localTag === localTag && callee.dialog.remoteTag === remoteTag) {
        return { fork, role: "callee", from: callee, to: caller };
      }
    }
    return undefined;
  }
}

/** The leg towards whoever answered the INVITE. */
export function calleeLeg(invited: Invited, response: Response, flow: Flow): Leg {
  const { request, side, home, contactUser, credentials, withheld } = invited;
  const inviteSeq = response.cseq.number;
  const dialog = dialogAsUac(request, response);
  const leg = { side, dialog, flow, inviteSeq, credentials, home, contactUser, withheld };
  return { ...leg, ownsCallId: true };
}
