import type { DigestCredentials, Side } from "#sip";
import { Headers, type Request } from "#sip-message";
import type { Candidate, Withheld } from "./setup.ts";

/**
 * An INVITE that a callee got. A place that was given up for its silence may answer after all, so
 * that each INVITE of a call is remembered with whom it was for.
 */
export interface Invited {
  readonly cseq: number;
  /** Until it is answered. */
  readonly request: Request | undefined;
  /** The credentials in it, which its ACK repeats (RFC 3261 §13.2.2.4). */
  readonly proof?: Headers;
  readonly side: Side;
  /** The address that it was sent to. */
  readonly home: string;
  /** The user of the Contact that it bears, where the trunk has one. */
  readonly contactUser: string | undefined;
  /** It went by our registered flow (RFC 5626 §4.3). */
  readonly ob: boolean | undefined;
  readonly credentials: DigestCredentials | undefined;
  readonly withheld: Withheld | undefined;
  /** What the place before this one got: at most as many as a dial tries. */
  readonly earlier: Invited | undefined;
}

export function invitedTo(
  { side, contactUser, flow, credentials, withheld }: Candidate,
  request: Request,
  home: string,
  earlier: Invited | undefined,
): Invited {
  const cseq = request.cseq.number;
  const ob = flow ? true : undefined;
  return { cseq, request, side, home, contactUser, ob, credentials, withheld, earlier };
}

/** The one of this CSeq, as an answer repeats it. */
export function invitedFor(latest: Invited, cseq: number): Invited {
  for (let one: Invited | undefined = latest; one; one = one.earlier) {
    if (one.cseq === cseq) return one;
  }
  return latest;
}

const CREDENTIALS = ["authorization", "proxy-authorization"] as const;

/** What is kept once one has been answered: little, since calls are many and long. */
export function answeredInvite({ request, earlier, ...rest }: Invited): Invited {
  const kept = { ...rest, request: undefined, earlier: earlier && answeredInvite(earlier) };
  if (!request || !CREDENTIALS.some((name) => request.headers.has(name))) return kept;
  const proof = new Headers();
  for (const name of CREDENTIALS) proof.addAllFrom(request.headers, name);
  return { ...kept, proof };
}
