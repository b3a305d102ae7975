import { ownText, ownTexts } from "#base";
import {
  Headers,
  parseNameAddr,
  parseUri,
  printNameAddr,
  printParams,
  printUri,
  Request,
  type Response,
} from "#sip-message";
import { featuresOf } from "./features.ts";

/** A dialog as one of its ends keeps it (RFC 3261 §12). Plain data, which JSON carries. */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** Empty for a peer that knows of no tags (RFC 2543). */
  readonly remoteTag: string;
  /** From and To as we send them, without tags. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  state: "early" | "confirmed";
  /** The peer was called by a sips URI. */
  readonly secure: boolean;
  /** The CSeq of our latest request. */
  localSeq: number;
  /** The highest CSeq that the peer sent; -1 before its first request. */
  remoteSeq: number;
  /** Where our requests are aimed: the URI of the peer's Contact. */
  remoteTarget: string;
  /** What else the peer's Contact says of it (RFC 3840), which few do. */
  remoteFeatures: string;
  /** Route values in the order of sending. */
  routeSet: readonly string[];
}

/** CSeq numbers stay below 2^31 (RFC 3261 §8.1.1.5). */
const CSEQ_MAX = 0x7fff_ffff;

/** The dialog that a response to our request makes (RFC 3261 §12.1.2). */
export function dialogAsUac(request: Request, response: Response): Dialog {
  const [callId, localAddress, remoteAddress, remoteTag, remoteTarget, ...routeSet] = ownTexts([
    request.callId,
    withoutTag(request.headers.get("from") ?? ""),
    withoutTag(request.headers.get("to") ?? ""),
    response.to.tag ?? "",
    response.contact?.uri ?? request.uri,
    ...routesBack(response),
  ]);
  return {
    callId: callId!,
    localTag: request.from.tag ?? "",
    remoteTag: remoteTag!,
    localAddress: localAddress!,
    remoteAddress: remoteAddress!,
    state: response.status < 200 ? "early" : "confirmed",
    secure: isSecure(request.uri),
    localSeq: request.cseq.number,
    remoteSeq: -1,
    remoteTarget: remoteTarget!,
    remoteFeatures: featuresOf(response),
    routeSet,
  };
}

/** The dialog that our answer to a request makes (RFC 3261 §12.1.1). */
export function dialogAsUas(
  request: Request,
  localTag: string,
  state: Dialog["state"] = "early",
): Dialog {
  const [callId, localAddress, remoteAddress, remoteTag, remoteTarget, ...routeSet] = ownTexts([
    request.callId,
    withoutTag(request.headers.get("to") ?? ""),
    withoutTag(request.headers.get("from") ?? ""),
    request.from.tag ?? "",
    request.contact?.uri ?? request.from.uri,
    ...request.headers.list("record-route"),
  ]);
  return {
    callId: callId!,
    localTag,
    remoteTag: remoteTag!,
    localAddress: localAddress!,
    remoteAddress: remoteAddress!,
    state,
    secure: isSecure(request.uri),
    localSeq: 0,
    remoteSeq: request.cseq.number,
    remoteTarget: remoteTarget!,
    remoteFeatures: featuresOf(request),
    routeSet,
  };
}

/**
 * The 2xx that confirms an early dialog: its Contact counts, and its Record-Routes, whatever those
 * of the provisional responses were (RFC 3261 §13.2.2.4).
 */
export function confirmDialog(dialog: Dialog, response: Response): void {
  dialog.state = "confirmed";
  dialog.routeSet = ownTexts(routesBack(response));
  refreshTarget(dialog, response);
}

/** The text that names a dialog at our end (RFC 3261 §12). */
export const dialogId = ({ callId, localTag, remoteTag }: Dialog): string =>
  `${localTag} ${remoteTag} ${callId}`;

/** The id of the dialog that a received request belongs to. */
export const dialogIdOf = ({ callId, to, from }: Request): string =>
  `${to.tag ?? ""} ${from.tag ?? ""} ${callId}`;

/**
 * A request in the dialog (RFC 3261 §12.2.1.1), without Via, Max-Forwards and Contact. It takes the
 * next CSeq, unless `cseq` is given: an ACK has its INVITE's.
 */
export function requestInDialog(dialog: Dialog, method: string, cseq?: number): Request {
  const headers = new Headers();
  const number = cseq ?? nextSeq(dialog);
  const uri = routed(dialog, headers);
  headers.add("from", tagged(dialog.localAddress, dialog.localTag));
  headers.add("to", tagged(dialog.remoteAddress, dialog.remoteTag));
  headers.add("call-id", dialog.callId);
  headers.add("cseq", `${number} ${method}`);
  return new Request(method, uri, headers);
}

/** False for a request older than the latest (RFC 3261 §12.2.2: answer 500); else it counts. */
export function acceptsCSeq(dialog: Dialog, request: Request): boolean {
  // These two bear the number of their INVITE, however much has come since.
  if (request.method === "ACK" || request.method === "CANCEL") return true;
  const { number } = request.cseq;
  if (number < dialog.remoteSeq) return false;
  dialog.remoteSeq = number;
  return true;
}

/** RFC 3261 §12.2, RFC 3311 §5.1, RFC 6665 §4.4.1. */
const REFRESHING: ReadonlySet<string> = new Set([
  "INVITE",
  "UPDATE",
  "SUBSCRIBE",
  "NOTIFY",
  "REFER",
]);

/** Takes the Contact of a request that refreshes the target, or of the 2xx to one of ours. */
export function refreshTarget(dialog: Dialog, message: Request | Response): void {
  if (!REFRESHING.has(message.cseq.method)) return;
  if (message.kind === "response" && (message.status < 200 || message.status > 299)) return;
  const target = message.contact?.uri;
  if (target === undefined) return;
  if (target !== dialog.remoteTarget) dialog.remoteTarget = ownText(target);
  dialog.remoteFeatures = featuresOf(message);
}

function nextSeq(dialog: Dialog): number {
  dialog.localSeq = dialog.localSeq >= CSEQ_MAX ? 1 : dialog.localSeq + 1;
  return dialog.localSeq;
}

/** Writes the Route headers; returns the Request-URI: the target, or a strict router (§12.2.1.1). */
function routed(dialog: Dialog, headers: Headers): string {
  const { routeSet, remoteTarget } = dialog;
  const first = routeSet[0];
  if (first === undefined) return remoteTarget;
  const router = parseUri(parseNameAddr(first)?.uri ?? first);
  if (router === undefined || router.params.has("lr")) {
    for (const route of routeSet) headers.add("route", route);
    return remoteTarget;
  }
  for (const route of routeSet.slice(1)) headers.add("route", route);
  headers.add("route", `<${remoteTarget}>`);
  const params = new Map(router.params);
  params.delete("method");
  return printUri({ ...router, params, headers: undefined });
}

const routesBack = (response: Response): string[] =>
  response.headers.has("record-route") ? response.headers.list("record-route").reverse() : [];

const isSecure = (uri: string): boolean => /^sips:/i.test(uri);

const tagged = (address: string, tag: string): string =>
  tag === "" ? address : `${address};tag=${tag}`;

/** From or To without its tag; what else it says is kept, for peers that compare texts. */
function withoutTag(value: string): string {
  const closing = value.lastIndexOf(">") + 1;
  if (closing > 0 && isTagAlone(value, closing)) return value.slice(0, closing);
  const address = parseNameAddr(value);
  if (address === undefined) return value;
  if (address.tag === undefined) return value.includes("<") ? value : printNameAddr(address);
  const params = new Map(address.params);
  params.delete("tag");
  const closed = `<${address.uri}>`;
  const at = value.indexOf(closed);
  // A URI without <> gets them, or what follows it would become the URI's.
  if (at < 0) return printNameAddr({ uri: address.uri, params });
  return value.slice(0, at + closed.length) + printParams(params);
}

/** Whether nothing but a tag stands from there on: so most addresses are. */
const isTagAlone = (value: string, at: number): boolean =>
  at === value.length ||
  (value.startsWith(";tag=", at) && !value.includes(";", at + 1) && !value.includes('"', at));
