import { type End, end, isEnd } from "#ends";
import {
  Headers,
  parseReferTo,
  printReplaces,
  printUri,
  type ReferTo,
  type Replaces,
  Request,
} from "#sip-message";
import { OWN_METHODS } from "./own-answers.ts";
import type { InDialog } from "./relay.ts";
import type { Switchboard } from "./setup.ts";
import { asksForPrivacy } from "./told-identity.ts";

/** What a REFER asks for: an INVITE to whom, in the place of which dialog. */
export interface Referral {
  readonly invite: Request;
  readonly replaces: Replaces | undefined;
}

/** Reads a REFER as the call that it asks for; the caller is whom the referrer talks to. */
export function readReferral(
  board: Switchboard,
  { request: refer, from: referrer, to: transferee }: InDialog,
): Referral | End {
  const target = targetOf(refer);
  if (isEnd(target)) return target;
  const headers = new Headers();
  headers.add("from", `${referrer.dialog.localAddress};tag=${board.random.token(8)}`);
  headers.add("to", `<${printUri(target.uri)}>`);
  const { remoteTarget, remoteFeatures } = transferee.dialog;
  headers.add("contact", `<${remoteTarget}>${remoteFeatures}`);
  headers.add("call-id", board.random.token(26));
  headers.add("cseq", "1 INVITE");
  // A transfer that leads back here asks for the next one: the hops run out (RFC 3261 §8.1.1.6).
  const hops = refer.headers.get("max-forwards");
  if (hops !== undefined) headers.add("max-forwards", hops);
  headers.add("allow", OWN_METHODS);
  headers.add("supported", "replaces, norefersub");
  // Who calls is the transferee, as in any call of its own (RFC 3515 §2.4.1, RFC 3325 §5).
  for (const [name, value] of transferee.identity?.entries() ?? []) headers.add(name, value);
  // RFC 3892 §2.2: who is asked on another's behalf is told so, as that one says, if it may be.
  if (!asksForPrivacy(refer)) headers.addAllFrom(refer.headers, "referred-by");
  const invite = new Request("INVITE", printUri(target.uri), headers);
  return { invite, replaces: target.replaces };
}

function targetOf(refer: Request): ReferTo | End {
  const values = refer.headers.all("refer-to");
  const target = values.length === 1 ? parseReferTo(values[0]!) : undefined;
  if (!target) return end("bad-request");
  const { scheme } = target.uri;
  if (scheme !== "sip" && scheme !== "sips" && scheme !== "tel") return end("unsupported-scheme");
  return target.method === "INVITE" ? target : end("transfer-not-allowed");
}

/** The header of an INVITE that takes a dialog's place (RFC 3891 §6.1). */
export const replacesOf = ({ replaces }: Referral): string | undefined =>
  replaces && printReplaces(replaces);
