import { addressKind, canonicalAddress, hostPort, hostText, parseAddress } from "#base";
import type { Destination, Dialog, DigestCredentials, Flow, Side, Transport } from "#sip";
import { type Headers, parseUri } from "#sip-message";
import type { SessionTimer } from "./session-timer.ts";
import type { CallSetup, Face, Withheld } from "./setup.ts";

/** One end of a call: a dialog with a peer, and the flow that its messages came by. */
export interface Leg {
  readonly side: Side;
  readonly dialog: Dialog;
  /** Follows the peer's latest request or answer (far-end NAT, reconnected TCP). */
  flow: Flow;
  /** CSeq of the latest INVITE that we sent to this peer; 0 before the first. */
  inviteSeq: number;
  /** Answers this peer's challenges; by way of `credentialsAt`. */
  readonly credentials: DigestCredentials | undefined;
  /** The address that the INVITE came from or was sent to: what the settings vouch for. */
  readonly home: string;
  /** The user of our Contact, where that isn't the one of our address in the dialog. */
  readonly contactUser?: string | undefined;
  /** Its requests come by our registered flow: our Contact says so (RFC 5626 §4.3). */
  readonly ob?: boolean | undefined;
  /** What this peer is not told. */
  readonly withheld: Withheld | undefined;
  /** Refreshes the session, or watches that the peer does (RFC 4028); most legs have none. */
  timer?: SessionTimer | undefined;
  /** We made its Call-ID: after glare we wait longer (RFC 3261 §14.1). */
  readonly ownsCallId?: boolean;
  /** Has had a REFER performed: the NOTIFYs of further ones need an id (RFC 3515 §2.4.6). */
  hasReferred?: boolean;
  /** Its peer joins calls by itself (RFC 3891 §6.2), as it has said. */
  knowsReplaces?: boolean | undefined;
  /** What its peer has said of itself, where a transfer may join it to somebody else. */
  identity?: Headers;
  /** By the CSeq of a REFER that this peer got: the CSeq that its asker gave it. */
  refers?: Map<number, number>;
}

/**
 * What answers challenges of requests that go there. A Contact may lead to anybody, who could have
 * the operator's password answered for: credentials go to the leg's home alone (attack case C1).
 */
export function credentialsAt(leg: Leg, to: Destination): DigestCredentials | undefined {
  const { credentials, home } = leg;
  return credentials && sameAddress(to.address, home) ? credentials : undefined;
}

/** Whether a place is one of our own: what goes there comes back to us. */
export function isOurselves(
  { faces, media }: CallSetup,
  { address, port }: Pick<Destination, "address" | "port">,
): boolean {
  return ([faces.public, faces.private] as const).some((face) => {
    const { advertised, ports } = face;
    const own = [advertised, media.sides[face.side].localAddress];
    return Object.values(ports).includes(port) && own.some((one) => sameAddress(one, address));
  });
}

const sameAddress = (one: string, other: string): boolean =>
  one === other || canonicalAddress(one) === canonicalAddress(other);

/**
 * Our Contact towards one peer: the face's address, and the transport that the leg uses; where sips
 * was asked for, a sips one (RFC 3261 §8.1.1.8, §12.1.1). With `ob` it asks that the dialog's
 * requests come by our registered flow (RFC 5626 §4.3).
 */
export function contactOf(
  face: Face,
  transport: Transport,
  user: string | undefined,
  secure = false,
  ob = false,
): string {
  const at = user === undefined || user === "" ? "" : `${user}@`;
  const byFlow = ob ? ";ob" : "";
  if (secure) return `<sips:${at}${hostPort(face.advertised, portOf(face, "tls"))}${byFlow}>`;
  const param = transport === "udp" ? "" : `;transport=${transport}`;
  return `<sip:${at}${hostPort(face.advertised, portOf(face, transport))}${param}${byFlow}>`;
}

/** The port that peers reach us at by a transport. */
export const portOf = ({ ports }: Face, transport: Transport): number =>
  ports[transport] ?? Object.values(ports)[0] ?? 5060;

export const faceHost = (face: Face): string => hostText(face.advertised);

/**
 * Where a request in this leg's dialog goes: the first Route, else the remote target
 * (RFC 3261 §12.2.1.1), by the flow when that is a connection, when the name is no address, or
 * when the peer sits behind a NAT that its Contact doesn't know.
 */
export function nextHop(leg: Leg): Destination {
  const { flow, dialog, side } = leg;
  const back: Destination = {
    side,
    transport: flow.transport,
    address: flow.remoteAddress,
    port: flow.remotePort,
    flow: flow.id,
  };
  const uri = parseUri(routeUri(dialog.routeSet[0]) ?? dialog.remoteTarget);
  if (!uri || !isWithin(uri.host, flow.remoteAddress)) return back;
  const transport = transportOf(uri.params.get("transport"), uri.scheme) ?? flow.transport;
  // A dialog leaves TLS for no Contact's word: keys of media may be in it (attack case E7), and a
  // sips one mustn't (RFC 3261 §12.1.1).
  if ((dialog.secure || flow.transport === "tls") && transport !== "tls") return back;
  const address = uri.host.startsWith("[") ? uri.host.slice(1, -1) : uri.host;
  const port = uri.port ?? (transport === "tls" ? 5061 : 5060);
  const there: Destination = { side, transport, address, port };
  // A peer that says we should talk to ourselves means itself at most.
  if (port === flow.localPort && sameAddress(address, flow.localAddress)) return back;
  // A connection is used while it lives; who opened it can't be reached at its port afterwards.
  return transport !== "udp" && transport === flow.transport ? { ...there, flow: flow.id } : there;
}

/** Whether a Contact's host is an address of the kind of network that the peer speaks from. */
function isWithin(host: string, remoteAddress: string): boolean {
  if (host === remoteAddress) return true;
  const bytes = parseAddress(host);
  const remote = parseAddress(remoteAddress);
  if (!bytes || !remote) return bytes !== undefined;
  return bytes.length === remote.length && addressKind(bytes) === addressKind(remote);
}

function transportOf(param: string | undefined, scheme: string): Transport | undefined {
  if (scheme === "sips") return "tls";
  const name = param?.toLowerCase();
  return name === "udp" || name === "tcp" || name === "tls" ? name : undefined;
}

function routeUri(route: string | undefined): string | undefined {
  if (route === undefined) return undefined;
  const open = route.indexOf("<");
  return open < 0 ? route : route.slice(open + 1, route.indexOf(">", open));
}
