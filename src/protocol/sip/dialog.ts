import { Headers, parseNameAddr, parseUri, Request, type Response } from "#sip-message";

/** A dialog as one of its ends keeps it (RFC 3261 §12). Plain data. */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To as we send them, without tags. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  localSeq: number;
  /** The highest CSeq that the peer sent; -1 before its first request. */
  remoteSeq: number;
  /** The peer's Contact URI; empty where it gave none. */
  remoteTarget: string;
  /** Route values in the order of sending. */
  readonly routeSet: readonly string[];
}

/** CSeq numbers stay below 2^31 (RFC 3261 §8.1.1.5). */
const CSEQ_MAX = 0x7fff_ffff;

/** The dialog that a response to our request makes (RFC 3261 §12.1.2). */
export function dialogAsUac(request: Request, response: Response): Dialog {
  return {
    callId: request.callId,
    localTag: request.from.tag ?? "",
    remoteTag: response.to.tag ?? "",
    localAddress: withoutTag(request.headers.get("from") ?? ""),
    remoteAddress: withoutTag(request.headers.get("to") ?? ""),
    localSeq: request.cseq.number,
    remoteSeq: -1,
    remoteTarget: targetOf(response) ?? request.uri,
    routeSet: response.headers.list("record-route").reverse(),
  };
}

/** The dialog that our answer to a request makes (RFC 3261 §12.1.1). */
export function dialogAsUas(request: Request, localTag: string): Dialog {
  return {
    callId: request.callId,
    localTag,
    remoteTag: request.from.tag ?? "",
    localAddress: withoutTag(request.headers.get("to") ?? ""),
    remoteAddress: withoutTag(request.headers.get("from") ?? ""),
    localSeq: 0,
    remoteSeq: request.cseq.number,
    remoteTarget: targetOf(request) ?? request.from.uri,
    routeSet: request.headers.list("record-route"),
  };
}

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
  const { number } = request.cseq;
  if (dialog.remoteSeq >= 0 && number < dialog.remoteSeq) return false;
  dialog.remoteSeq = number;
  return true;
}

/** Takes the Contact of a target refresh, request or 2xx (RFC 3261 §12.2.1.2, §12.2.2). */
export function refreshTarget(dialog: Dialog, message: Request | Response): void {
  const target = targetOf(message);
  if (target !== undefined) dialog.remoteTarget = target;
}

function nextSeq(dialog: Dialog): number {
  dialog.localSeq = dialog.localSeq >= CSEQ_MAX ? 1 : dialog.localSeq + 1;
  return dialog.localSeq;
}

/** Writes the Route headers; the Request-URI is the target, or a strict router (§12.2.1.1). */
function routed(dialog: Dialog, headers: Headers): string {
  const { routeSet, remoteTarget } = dialog;
  const first = routeSet[0];
  if (first === undefined) return remoteTarget;
  const uri = parseNameAddr(first)?.uri ?? first;
  if (parseUri(uri)?.params.has("lr") === true) {
    for (const route of routeSet) headers.add("route", route);
    return remoteTarget;
  }
  for (const route of routeSet.slice(1)) headers.add("route", route);
  headers.add("route", `<${remoteTarget}>`);
  return uri;
}

const targetOf = (message: Request | Response): string | undefined =>
  message.headers.has("contact") ? message.contact?.uri : undefined;

const tagged = (address: string, tag: string): string =>
  tag === "" ? address : `${address};tag=${tag}`;

/** The tag may stand anywhere among the parameters; what else stands there is kept. */
function withoutTag(value: string): string {
  const address = parseNameAddr(value);
  if (address?.tag === undefined) return value;
  const close = value.indexOf("<") >= 0 ? value.lastIndexOf(">") + 1 : value.indexOf(";");
  return value.slice(0, close) + value.slice(close).replace(/\s*;\s*tag\s*=\s*[^;\s]*/i, "");
}
