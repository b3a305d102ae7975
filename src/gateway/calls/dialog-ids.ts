import type { Side } from "#sip";
import {
  escapeUriHeader,
  parseNameAddr,
  parseReplaces,
  parseUri,
  printNameAddr,
  printReplaces,
  printUri,
  type Request,
  unescapeUri,
} from "#sip-message";
import { faceHost, type Leg } from "./legs.ts";
import { maskUri } from "./mask.ts";
import type { DialogIds, Switchboard } from "./setup.ts";

/** RAck (RFC 3262 §7.2) names the CSeq of an INVITE, and each leg counts its own. */
export function rackAcross(prack: Request, to: Leg): string | undefined {
  const match = /^(\d{1,10})\s+\d{1,10}\s+(\S+)$/.exec(prack.headers.get("rack") ?? "");
  return match ? `${match[1]} ${to.inviteSeq} ${match[2]}` : undefined;
}

/** A Replaces value (RFC 3891 §6.1) as the other side knows that dialog; undefined when none is. */
export function replacesAcross(ids: DialogIds, value: string): string | undefined {
  const named = parseReplaces(value);
  if (!named) return undefined;
  const across = ids.across(named.callId, named.toTag, named.fromTag);
  return across && printReplaces({ ...named, ...across });
}

/**
 * Refer-To (RFC 3515 §2.1) for the other side: with the mask on the host is the gateway's, and a
 * Replaces inside it names the dialog as that side knows it (RFC 5589 §7.1).
 */
export function referToAcross(
  board: Switchboard,
  ids: DialogIds,
  refer: Request,
  to: Side,
): string | undefined {
  const values = refer.headers.all("refer-to");
  const address = values.length === 1 ? parseNameAddr(values[0]!) : undefined;
  if (!address) return undefined;
  const uri = parseUri(address.uri);
  if (!uri) return undefined;
  const face = faceHost(board.setup.faces[to]);
  const base = board.setup.masked
    ? maskUri(address.uri, face)
    : printUri({ ...uri, headers: undefined });
  const headers = uri.headers === undefined ? "" : headersAcross(board, ids, uri.headers);
  return printNameAddr({ ...address, uri: headers === "" ? base : `${base}?${headers}` });
}

/** The header part of a URI: Replaces is translated, others cross with the mask off alone. */
function headersAcross(board: Switchboard, ids: DialogIds, text: string): string {
  const parts: string[] = [];
  for (const part of text.split("&")) {
    const equals = part.indexOf("=");
    const name = part.slice(0, equals).toLowerCase();
    if (name !== "replaces") {
      if (!board.setup.masked) parts.push(part);
      continue;
    }
    const across = replacesAcross(ids, unescapeUri(part.slice(equals + 1)));
    if (across !== undefined) parts.push(`Replaces=${escapeUriHeader(across)}`);
  }
  return parts.join("&");
}
