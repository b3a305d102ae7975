import { hostPort } from "#base";
import type { Role } from "#media";
import { dialogAsUac, type Flow } from "#sip";
import { Headers, Request, type Response } from "#sip-message";
import { type Invited, invitedFor } from "./invited.ts";
import type { Leg } from "./legs.ts";

/** One answerer among those that a downstream proxy forked to: a pair of dialogs (RFC 3261 §12.1). */
export interface Fork {
  /** Of the call's fork, another peer may take a leg's place (RFC 3891). */
  caller: Leg;
  callee: Leg;
  /** Ended while others still ring: an answer of its comes too late. */
  isOver?: boolean;
  /** Its callee is there, and not joined with the caller yet. */
  isAlone?: boolean;
}

/** The leg that one is joined to. */
export const partnerOf = ({ caller, callee }: Fork, leg: Leg): Leg =>
  leg === caller ? callee : caller;

/** A call that is over is watched no more; a leg that has left it may be another one's. */
export function stopTimers(fork: Fork | undefined, absent: Role | undefined): void {
  if (absent !== "caller") fork?.caller.timer?.stop();
  if (absent !== "callee") fork?.callee.timer?.stop();
}

/** Where a request in a dialog comes from, and where it goes. */
export interface Crossing {
  readonly fork: Fork;
  /** Of `from`. */
  readonly role: Role;
  readonly from: Leg;
  readonly to: Leg;
}

/** The INVITE as far as an answer repeats it: all that dialogs take from it (RFC 3261 §12.1.2). */
function echoed(response: Response, flow: Flow): Request {
  const headers = new Headers();
  for (const name of ["from", "to", "call-id", "cseq"] as const)
    headers.addAllFrom(response.headers, name);
  return new Request("INVITE", `sip:${hostPort(flow.remoteAddress, flow.remotePort)}`, headers);
}

/** Early dialogs that one INVITE may have: more forks than this are not shown to the caller. */
const FORKS_MAX = 12;

/**
 * The answerers of one INVITE, told apart by their To tag; and by the CSeq of what they answer, for
 * the place that is tried next may have a tag for it that the one before had.
 */
export class Forks {
  #list: Fork[] = [];

  get isFull(): boolean {
    return this.#list.length >= FORKS_MAX;
  }

  answeredBy(response: Response): Fork | undefined {
    const tag = response.to.tag ?? "";
    const { number } = response.cseq;
    return this.#list.find(
      ({ callee }) => callee.dialog.remoteTag === tag && callee.inviteSeq === number,
    );
  }

  /** A new early dialog towards each side; `caller` is ours. */
  open(caller: Leg, invited: Invited, response: Response, flow: Flow): Fork {
    const fork = { caller, callee: calleeLeg(invited, response, flow) };
    this.#list.push(fork);
    return fork;
  }

  add(fork: Fork): void {
    this.#list.push(fork);
  }

  /** Ends the early dialog that has this leg. */
  end(leg: Leg): Fork | undefined {
    const fork = this.#list.find(
      ({ caller, callee, isOver }) => !isOver && (caller === leg || callee === leg),
    );
    if (fork) fork.isOver = true;
    return fork;
  }

  /** Whether any early dialog goes on that the caller knows. */
  get areLeft(): boolean {
    return this.#list.some(({ isOver, isAlone }) => !isOver && !isAlone);
  }

  /** From now on this fork is the call; the others are forgotten. */
  choose(fork: Fork): void {
    this.#list = [fork];
  }

  /** The callee's ends of all that aren't this one. */
  calleesBut(chosen: Fork | undefined): readonly Leg[] {
    return this.#list.flatMap((fork) => (fork === chosen ? [] : fork.callee));
  }

  /** The fork that a request belongs to, by our own tag and, towards the callee, its tag too. */
  crossing(localTag: string, remoteTag: string | undefined): Crossing | undefined {
    for (const fork of this.#list) {
      const { caller, callee } = fork;
      if (fork.isOver) continue;
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
export function calleeLeg(latest: Invited, response: Response, flow: Flow): Leg {
  const invited = invitedFor(latest, response.cseq.number);
  const { side, home, contactUser, ob, credentials, withheld } = invited;
  const inviteSeq = response.cseq.number;
  const dialog = dialogAsUac(invited.request ?? echoed(response, flow), response);
  const leg = { side, dialog, flow, inviteSeq, credentials, home, contactUser, ob, withheld };
  return { ...leg, ownsCallId: true };
}
