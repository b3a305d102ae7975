import type { Request, Response } from "#sip-message";
import type { Flow } from "../flow.ts";

/** What every branch starts with that names one transaction alone (RFC 3261 §8.1.1.7). */
export const COOKIE = "z9hG4bK";

/**
 * What matches a request to its server transaction (RFC 3261 §17.2.3): branch, sent-by and method,
 * ACK's being that of its INVITE. The side stands in it, so that nobody on one side can speak of
 * the other's.
 */
export function serverKey(request: Request, flow: Flow, method: string): string {
  const { branch, host, port } = request.via;
  const side = flow.side === "public" ? "+" : "-";
  const sentBy = `${host}:${port ?? ""}`;
  const kind = method === "INVITE" || method === "ACK" ? "" : ` ${method}`;
  if (branch.length > COOKIE.length && branch.startsWith(COOKIE)) {
    return `${side}${branch} ${sentBy}${kind}`;
  }
  return `${side}${oldKey(request)} ${branch} ${sentBy}${kind}`;
}

/** The INVITE that a CANCEL takes back (RFC 3261 §9.2). */
export const cancelledKey = (cancel: Request, flow: Flow): string =>
  serverKey(cancel, flow, "INVITE");

/** What named a transaction before RFC 3261: §17.2.3, of the tags only From's, which all have. */
function oldKey(request: Request): string {
  const { uri, callId, cseq, from } = request;
  return `${uri} ${callId} ${cseq.number} ${from.tag ?? ""}`;
}

/**
 * What two copies of one request have in common that a proxy sent by two ways (RFC 3261 §8.2.2.2);
 * undefined in a dialog, where the CSeq tells.
 */
export function mergeKey(request: Request, flow: Flow): string | undefined {
  const { to, from, callId, cseq } = request;
  if (to.tag !== undefined) return undefined;
  return `${flow.side} ${callId} ${from.tag ?? ""} ${cseq.number} ${cseq.method}`;
}

/** A CANCEL shares its INVITE's branch (RFC 3261 §9.1), so its key says what it is. */
export const clientKey = (branch: string, method: string): string =>
  method === "CANCEL" ? `${branch} CANCEL` : branch;

/** Our Via is the first header of each request that we send. */
const OUR_REQUEST = /^([A-Z]{1,20}) [^\r\n]* SIP\/2\.0\r\nVia: [^\r\n]*;branch=(z9hG4bK\w+)/;

/** The `branch` of the `Send` that a text of ours was, of which there may be but the beginning. */
export function requestKeyIn(text: string): string | undefined {
  const [, method = "", branch] = OUR_REQUEST.exec(text) ?? [];
  return branch === undefined ? undefined : clientKey(branch, method);
}

/** RFC 3261 §17.1.3. */
export const clientKeyOf = (response: Response): string =>
  clientKey(response.via.branch, response.cseq.method);
