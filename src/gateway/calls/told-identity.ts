import { ownText } from "#base";
import { Headers, type Request, type Response } from "#sip-message";
import { privValues } from "./history-privacy.ts";
import type { Leg } from "./legs.ts";

/** Who somebody is, and whom that may be told (RFC 3325, RFC 3323). */
const IDENTITY = ["p-asserted-identity", "privacy"] as const;

/** Keeps what a leg's peer says of itself, for whom a transfer joins it to; of late words the last. */
export function keepIdentity(leg: Leg, said: Request | Response): void {
  if (!IDENTITY.some((name) => said.headers.has(name))) return;
  const identity = new Headers();
  for (const name of IDENTITY)
    for (const value of said.headers.all(name)) identity.add(name, ownText(value));
  leg.identity = identity;
}

/** Of both legs, as one asks and the other answers. */
export function keepIdentities(
  { caller, callee }: { readonly caller: Leg; readonly callee: Leg },
  asked: Request,
  answered: Response,
): void {
  keepIdentity(caller, asked);
  keepIdentity(callee, answered);
}

/** Whether a request asks that nobody be told who sends it (RFC 3323 §4.2, RFC 3325 §9.3). */
export function asksForPrivacy({ headers }: Request): boolean {
  const asked = privValues(headers.all("privacy"));
  return asked.some((value) => value === "id" || value === "user" || value === "header");
}
