import { type End, end } from "#ends";
import type { Destination, Side } from "#sip";
import {
  escapeUriHeader,
  type NameAddr,
  parseNameAddr,
  parseReplaces,
  parseUri,
  printNameAddr,
  printReplaces,
  type Request,
  unescapeUri,
} from "#sip-message";
import { faceHost, type Leg, nextHop, portOf } from "./legs.ts";
import { maskUri } from "./mask-uri.ts";
import type { Candidate, DialogIds, Switchboard } from "./setup.ts";

/** RAck (RFC 3262 §7.2) names the CSeq of an INVITE, and each leg counts its own. */
export function rackAcross(prack: Request, to: Leg): string | undefined {
  const match = /^(\d{1,10})\s+\d{1,10}\s+(\S+)$/.exec(prack.headers.get("rack") ?? "");
  return match ? `${match[1]} ${to.inviteSeq} ${match[2]}` : undefined;
}

/** A dialog that is to be replaced: its id for the peer of the other leg, and that peer. */
export interface Replaced {
  readonly replaces: string;
  readonly peer: Leg;
  /** That peer's. */
  readonly trunk: string | undefined;
  /** The leg whose dialog it is. */
  readonly named: Leg;
  /** The call only rings. */
  readonly isEarly: boolean;
}

/** Who names a dialog: of operators each knows its own alone. */
export interface Namer {
  readonly side: Side;
  readonly trunk: string | undefined;
}

/** Whether a dialog of a call that uses `trunk` is the namer's. */
export const isNamers = (by: Namer, side: Side, trunk: string | undefined): boolean =>
  by.side === side && (side === "private" || by.trunk === trunk);

/**
 * The dialog that an INVITE replaces (RFC 3891 §3), one of its sender's. One that only rings is given
 * up by who began it alone, which at our end are we: so a call that rings is picked up, not dropped.
 */
export function replacedBy(ids: DialogIds, value: string, by: Namer): Replaced | End {
  const found = translated(ids, value, by);
  if (found?.isOver) return end("ended-already");
  if (!found || (found.isEarly && !found.isOurs)) return end("no-dialog");
  if (found.isEarlyOnly && !found.isEarly) return end("answered-already");
  const { replaces, isEarly, from: named, to: peer, peersTrunk: trunk } = found;
  return { replaces, peer, trunk, named, isEarly };
}

/** Its owner as the place that takes what replaces it: where the dialog's own requests go. */
export function candidateFor(
  { peer, trunk }: Replaced,
  users: Pick<Candidate, "fromUser">,
): Candidate {
  const { side, dialog, contactUser, ob, credentials, withheld } = peer;
  const uri = parseUri(dialog.remoteTarget);
  const fromHost = parseUri(parseNameAddr(dialog.localAddress)?.uri ?? "")?.host;
  const to = nextHop(peer);
  return {
    name: to.address,
    side,
    query: { side, host: to.address, port: to.port, transport: to.transport, secure: false },
    uriHost: uri?.host ?? to.address,
    peer: { uri: withoutHeaders(dialog.remoteTarget), routes: dialog.routeSet, to },
    ...(uri?.user === undefined ? {} : { user: uri.user }),
    ...users,
    ...(fromHost === undefined ? {} : { fromHost }),
    ...(contactUser === undefined ? {} : { contactUser }),
    ...(ob && { flow: to }),
    ...(trunk === undefined ? {} : { trunk }),
    ...(withheld && { withheld }),
    ...(credentials && { credentials }),
    failoverStatuses: [],
    redirects: "pass",
  };
}

/** The dialog of its sender's that a Replaces value names, as its other leg's peer knows it. */
function translated(ids: DialogIds, value: string, by: Namer) {
  const named = parseReplaces(value);
  const across = named && ids.across(named.callId, named.toTag, named.fromTag);
  if (!across || !isNamers(by, across.from.side, across.trunk)) return undefined;
  const { callId, remoteTag: toTag, localTag: fromTag } = across.to.dialog;
  const replaces = printReplaces({ ...named, callId, toTag, fromTag });
  return { ...across, replaces, isEarlyOnly: named.isEarlyOnly };
}

/** REFERs of one leg whose NOTIFYs may still come; of more, the oldest is forgotten. */
const REFERS_MAX = 16;

/** Remembers what a REFER is called by who sent it. */
export function rememberRefer(sent: Request, asked: Request, to: Leg): void {
  to.refers ??= new Map();
  to.refers.set(sent.cseq.number, asked.cseq.number);
  if (to.refers.size > REFERS_MAX) to.refers.delete(to.refers.keys().next().value!);
}

/**
 * The Event of a NOTIFY tells by its id which REFER it is about, and that of a SUBSCRIBE which one
 * goes on or ends (RFC 3515 §2.4.6): in either leg by the CSeq that it has there.
 */
export function eventAcross(event: string, method: string, from: Leg, to: Leg): string {
  return event.replace(/^(refer\s*;\s*id=)(\d+)$/i, (_, begin, text) => {
    const id = Number(text);
    const across = method === "SUBSCRIBE" ? sentFor(to, id) : from.refers?.get(id);
    return `${begin}${across ?? id}`;
  });
}

function sentFor({ refers }: Leg, asked: number): number | undefined {
  for (const [sent, name] of refers ?? []) if (name === asked) return sent;
  return undefined;
}

/** The side that a request goes to, and by what. */
type Toward = Pick<Destination, "side" | "transport">;

/**
 * Refer-To (RFC 3515 §2.1) for the other side: with the mask on the host is the gateway's, and a
 * Replaces inside it names the dialog as that side knows it (RFC 5589 §7.1). A dialog that is on
 * that very side is reached where its peer is: the gateway is no end of it.
 */
export function referToAcross(
  board: Switchboard,
  ids: DialogIds,
  refer: Request,
  { by, to }: { readonly by: Namer; readonly to: Toward },
): string | undefined {
  const values = refer.headers.all("refer-to");
  const address = values.length === 1 ? parseNameAddr(values[0]!) : undefined;
  const uri = address && parseUri(address.uri);
  if (!address || !uri) return undefined;
  const parts = uri.headers === undefined ? [] : uri.headers.split("&");
  const kept = board.setup.masked ? [] : parts.filter((part) => !isReplaces(part));
  const named = parts.find(isReplaces);
  const value = named?.slice(named.indexOf("=") + 1);
  const found = value === undefined ? undefined : translated(ids, unescapeUri(value), by);
  const replaced = found?.isOver ? undefined : found;
  if (replaced) kept.push(`Replaces=${escapeUriHeader(replaced.replaces)}`);
  const base =
    replaced?.to.side === to.side
      ? withoutHeaders(replaced.to.dialog.remoteTarget)
      : across(board, address, to);
  const printed = kept.length === 0 ? base : `${base}?${kept.join("&")}`;
  return printNameAddr({ display: address.display, uri: printed, params: address.params });
}

const isReplaces = (part: string): boolean => /^replaces=/i.test(part);

function across(board: Switchboard, address: NameAddr, { side, transport }: Toward): string {
  const { masked, faces } = board.setup;
  if (!masked) return withoutHeaders(address.uri);
  const uri = maskUri(address.uri, faceHost(faces[side]), portOf(faces[side], transport));
  return transport === "udp" || !/^sips?:/i.test(uri) ? uri : `${uri};transport=${transport}`;
}

function withoutHeaders(uri: string): string {
  const question = uri.indexOf("?");
  return question < 0 ? uri : uri.slice(0, question);
}
