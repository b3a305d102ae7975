import { hostPort } from "#base";
import { ENDS, type End } from "#ends";
import { type Destination, featuresOf, requestInDialog, type Side, type Transport } from "#sip";
import {
  Headers,
  type NameAddr,
  NO_PARAMS,
  type Params,
  parseNameAddr,
  parseUri,
  printNameAddr,
  printParams,
  printUri,
  Request,
  type Response,
  reasonOf,
  responseTo,
  type SipUri,
} from "#sip-message";
import { copyBody } from "./body-rules.ts";
import { contactOf, credentialsAt, faceHost, type Leg, nextHop } from "./legs.ts";
import { copyHeaders, type MaskView, tellName } from "./mask.ts";
import { maskHost, maskUser } from "./mask-uri.ts";
import { askForTimer, isTimed } from "./session-expires.ts";
import type { Candidate, Face, Switchboard, Withheld } from "./setup.ts";

/** Extensions that a gateway between two ends can vouch for; others leave Supported. */
export const EXTENSIONS: ReadonlySet<string> = new Set([
  "100rel",
  "timer",
  "replaces",
  "norefersub",
  "histinfo",
  "privacy",
  "answermode",
  "eventlist",
  "uui",
]);

const view = (
  board: Switchboard,
  to: Side,
  withheld: Withheld | undefined,
  called?: MaskView["called"],
): MaskView => ({
  masked: board.setup.masked,
  host: faceHost(board.setup.faces[to]),
  hidden: board.setup.hidden[to],
  withheld,
  called,
});

/** The caller's INVITE as the callee gets it: a dialog of our own, the rest by the mask's table. */
export function inviteAcross(
  board: Switchboard,
  original: Request,
  candidate: Candidate,
  to: Destination,
  face: Face,
  dialog: { callId: string; tag: string; cseq: number },
): Request {
  const invite = requestAcross(board, original, candidate, to, face, dialog);
  askForTimer(board.setup.timers[candidate.side], invite, undefined);
  return invite;
}

/** A request outside a dialog, rebuilt for the other side. */
export function requestAcross(
  board: Switchboard,
  original: Request,
  candidate: Candidate,
  to: Destination,
  face: Face,
  dialog: { callId: string; tag: string; cseq: number },
): Request {
  const headers = new Headers();
  const dialled = original.target?.user;
  const user = candidate.user ?? dialled;
  const uri = candidate.peer?.uri ?? targetUri(original, user, candidate, to);
  const from = original.from;
  for (const route of candidate.peer?.routes ?? []) headers.add("route", route);
  const called = dialled === user || !dialled || !user ? undefined : ([dialled, user] as const);
  const told = view(board, candidate.side, candidate.withheld, called);
  const fromHost = candidate.fromHost ?? faceHost(face);
  headers.add("max-forwards", String(hopsLeft(board, original)));
  headers.add("from", addressAcross(told, from, candidate.fromUser, fromHost, dialog.tag));
  headers.add("to", addressAcross(told, original.to, user, candidate.uriHost));
  headers.add("call-id", dialog.callId);
  headers.add("cseq", `${dialog.cseq} ${original.method}`);
  headers.add(
    "contact",
    contactOf(
      face,
      to.transport,
      candidate.contactUser ?? callerOf(from),
      isSips(uri),
      candidate.flow !== undefined,
    ) + featuresOf(original),
  );
  copyHeaders(original.headers, headers, told);
  vouch(board, original.method, headers, candidate.side);
  if (board.setup.masked) headers.set("user-agent", board.setup.product);
  const request = new Request(original.method, uri, headers);
  copyBody(board, original, request, candidate.side);
  return request;
}

/** A response from one side as the other side's request gets it. */
export function responseAcross(
  board: Switchboard,
  response: Response,
  request: Request,
  to: Side,
  leg?: Leg,
  withheld: Withheld | undefined = leg?.withheld,
): Response {
  const { status, reason } = response;
  // The challenge itself stays behind (its realm is not the asker's), and is nothing without it.
  const isChallenge = status === 401 || status === 407;
  // What a 422 asks for was between that peer and us (RFC 4028 §6).
  const isTimers = status === 422;
  const told = view(board, to, withheld);
  const across = responseTo(
    request,
    isChallenge ? 403 : isTimers ? 500 : status,
    isChallenge || isTimers ? undefined : tellName(reason, told),
    leg?.dialog.localTag ?? board.random.token(16),
  );
  copyHeaders(response.headers, across.headers, told);
  vouch(board, request.method, across.headers, to);
  if (board.setup.masked) across.headers.set("server", board.setup.product);
  if (leg) {
    const face = board.setup.faces[to];
    for (const route of request.headers.all("record-route"))
      across.headers.add("record-route", route);
    const { flow, dialog } = leg;
    const contact = contactOf(face, flow.transport, request.target?.user, dialog.secure);
    across.headers.set("contact", contact + featuresOf(response));
  } else if (status >= 300 && status < 400) copyRedirection(board, response, across, to);
  copyBody(board, response, across, to);
  return across;
}

/** A 3xx that is passed on keeps whom it names; with the mask on they are reached through us. */
function copyRedirection(board: Switchboard, response: Response, across: Response, to: Side): void {
  const transport = across.via.transport.toLowerCase() as Transport;
  for (const { uri, params } of response.contacts) {
    const { faces, masked } = board.setup;
    const user = parseUri(uri)?.user;
    const at = masked ? contactOf(faces[to], transport, user, isSips(uri)) : `<${uri}>`;
    const q = params.get("q");
    across.headers.add("contact", q === undefined ? at : `${at};q=${q}`);
  }
}

/** What bodies cross, for Accept (RFC 3261 §21.4.13). */
export const ACCEPTED = "application/sdp, multipart/mixed, message/sipfrag, text/*";

/** Our own refusal of a request. */
export function refusal(board: Switchboard, request: Request, why: End): Response {
  const reason = why.reason ?? reasonOf(why.status);
  const response = responseTo(request, why.status, reason, board.random.token(16));
  response.headers.add("server", board.setup.product);
  if (why.retryAfterS !== undefined) response.headers.add("retry-after", String(why.retryAfterS));
  if (why.unsupported !== undefined) response.headers.add("unsupported", why.unsupported);
  if (why.minSeS !== undefined) response.headers.add("min-se", String(why.minSeS));
  if (why.status === 415) {
    response.headers.add("accept", ACCEPTED);
    response.headers.add("accept-encoding", "identity");
  }
  // A pseudonym for warn-agent (RFC 3261 §20.43): no host of either side shows.
  response.headers.add("warning", `${why.warnCode ?? 399} gateway "${ENDS[why.name].en}"`);
  return response;
}

/** A request in a leg's dialog, as another request of the other leg asks for it. */
export function inDialogAcross(board: Switchboard, original: Request, leg: Leg): Request {
  const request = requestInDialog(leg.dialog, original.method);
  request.headers.set("max-forwards", String(hopsLeft(board, original)));
  copyHeaders(original.headers, request.headers, view(board, leg.side, leg.withheld));
  vouch(board, request.method, request.headers, leg.side);
  dress(board, request, leg, featuresOf(original));
  if (request.method === "INVITE" || (leg.timer && isTimed(request.method))) {
    askForTimer(board.setup.timers[leg.side], request, leg.timer?.terms);
  }
  copyBody(board, original, request, leg.side);
  return request;
}

/** A request of our own in a leg's dialog; `other` is the leg that we speak for. */
export function ownInDialog(
  board: Switchboard,
  leg: Leg,
  method: string,
  other: Leg | undefined,
): Request {
  const request = requestInDialog(leg.dialog, method);
  request.headers.set("max-forwards", String(board.setup.maxForwards));
  vouch(board, method, request.headers, leg.side);
  dress(board, request, leg, other?.dialog.remoteFeatures ?? "");
  return request;
}

/** Tells a leg's peer in a request of ours who the other leg's is, as a header of that one would. */
export function tellIdentity(
  board: Switchboard,
  request: Request,
  leg: Leg,
  { identity }: Leg,
): void {
  if (identity) copyHeaders(identity, request.headers, view(board, leg.side, leg.withheld));
}

/** The ACK of a 2xx bears the credentials of its INVITE (RFC 3261 §13.2.2.4), to whom they are for. */
export function ackFor(
  board: Switchboard,
  leg: Leg,
  cseq: number,
  proof: Headers | undefined,
): Request {
  const ack = requestInDialog(leg.dialog, "ACK", cseq);
  if (proof && leg.credentials && credentialsAt(leg, nextHop(leg))) {
    ack.headers.addAllFrom(proof, "authorization");
    ack.headers.addAllFrom(proof, "proxy-authorization");
  }
  ack.headers.set("max-forwards", String(board.setup.maxForwards));
  if (board.setup.masked) ack.headers.set("user-agent", board.setup.product);
  return ack;
}

/** A BYE that no end has said. */
export function byeFor(board: Switchboard, leg: Leg, reason?: string): Request {
  const bye = requestInDialog(leg.dialog, "BYE");
  bye.headers.set("max-forwards", String(board.setup.maxForwards));
  if (board.setup.masked) bye.headers.set("user-agent", board.setup.product);
  const isTold = reason !== undefined && !leg.withheld?.always.has("reason");
  if (isTold) bye.headers.add("reason", reason);
  return bye;
}

/** Methods that set or refresh the remote target carry a Contact (RFC 3261 §12.2.1.1). */
const TARGET_METHODS: ReadonlySet<string> = new Set([
  "INVITE",
  "UPDATE",
  "SUBSCRIBE",
  "NOTIFY",
  "REFER",
]);

function dress(board: Switchboard, request: Request, leg: Leg, features: string): void {
  if (board.setup.masked) request.headers.set("user-agent", board.setup.product);
  if (!TARGET_METHODS.has(request.method)) return;
  const user = leg.contactUser ?? parseUri(parseNameAddr(leg.dialog.localAddress)?.uri ?? "")?.user;
  const { side, flow, dialog, ob } = leg;
  const contact = contactOf(board.setup.faces[side], flow.transport, user, dialog.secure, ob);
  request.headers.set("contact", contact + features);
}

/** RFC 3261 §16.6 step 3: one hop less; the pipeline has refused what has none left. */
function hopsLeft(board: Switchboard, request: Request): number {
  const text = request.headers.get("max-forwards");
  const hops = text === undefined ? board.setup.maxForwards : Number(text);
  return Math.max(0, Math.min(hops, 255) - 1);
}

/**
 * Takes out of Supported what the gateway can't carry between two ends (outbound, gruu, path …).
 * Session timers are each leg's own: whether we do them has nothing to do with the other end.
 */
function vouch(board: Switchboard, method: string, headers: Headers, side: Side): void {
  const isOurs = isTimed(method) && board.setup.timers[side].mode !== "off";
  if (headers.has("supported")) {
    const known = headers.list("supported").filter((tag) => carries(tag));
    if (isOurs) known.push("timer");
    if (known.length > 0) headers.set("supported", known.join(", "));
    else headers.delete("supported");
  } else if (isOurs) headers.add("supported", "timer");
  if (!headers.has("require")) return;
  const required = headers.list("require").filter((tag) => tag.toLowerCase() !== "timer");
  if (required.length > 0) headers.set("require", required.join(", "));
  else headers.delete("require");
}

function carries(tag: string): boolean {
  const known = tag.toLowerCase();
  return known !== "timer" && EXTENSIONS.has(known);
}

const isSips = (uri: string): boolean => /^sips:/i.test(uri);

function targetUri(
  { target }: Request,
  user: string | undefined,
  candidate: Candidate,
  to: Destination,
): string {
  const secure = candidate.query.secure ? "sips" : "sip";
  const at = user === undefined ? "" : `${user}@`;
  const { uriHost, uriPort } = candidate;
  const host = uriPort === undefined ? uriHost : hostPort(uriHost, uriPort);
  const transport = to.transport === "udp" || secure === "sips" ? "" : `;transport=${to.transport}`;
  const params = printParams(numberParams(target, ["user", "cause"]));
  return `${secure}:${at}${host}${transport}${params}`;
}

function callerOf({ uri }: NameAddr): string | undefined {
  const user = parseUri(uri)?.user;
  return user === undefined ? undefined : maskUser(user);
}

/** What a URI says of its user, and why it is called (RFC 4458): that holds on the other side too. */
function numberParams(uri: SipUri | undefined, names: readonly string[]): Params {
  const { params } = uri ?? {};
  if (!params || params.size === 0 || uri?.scheme === "tel") return NO_PARAMS;
  return new Map(names.flatMap((name) => (params.has(name) ? [[name, params.get(name)]] : [])));
}

/** From and To cross with their display name and user; the host is the new side's. */
function addressAcross(
  told: MaskView,
  address: NameAddr,
  user: string | undefined,
  host: string,
  tag?: string,
): string {
  const uri = parseUri(address.uri);
  const named = user ?? uri?.user;
  const scheme = uri?.scheme === "sips" ? "sips" : "sip";
  const printed = printUri({
    scheme,
    ...(named === undefined ? {} : { user: named }),
    host: maskHost(uri?.host, host),
    params: numberParams(uri, ["user"]),
  });
  return printNameAddr({ display: tellName(address.display, told), uri: printed, tag });
}
