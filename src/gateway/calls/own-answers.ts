import type { Instant } from "#base";
import { type End, end } from "#ends";
import { refreshTarget } from "#sip";
import { Headers, type Request, Response, responseTo } from "#sip-message";
import { ACCEPTED, responseAcross } from "./crossing.ts";
import type { InDialog } from "./relay.ts";
import { timerRefusal } from "./session-expires.ts";
import { grantLeg } from "./session-timer.ts";
import type { Switchboard } from "./setup.ts";

/** What the gateway takes part in, for Allow (RFC 3261 §20.5). */
export const OWN_METHODS =
  "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, SUBSCRIBE, MESSAGE, PUBLISH";

/** What the gateway says of itself (RFC 3261 §11.2). */
export function optionsAnswer(board: Switchboard, request: Request): Response {
  const response = responseTo(request, 200, "OK", board.random.token(16));
  response.headers.add("allow", OWN_METHODS);
  response.headers.add("accept", ACCEPTED);
  response.headers.add("supported", "100rel, timer, replaces, norefersub");
  response.headers.add("server", board.setup.product);
  return response;
}

/** Grants a peer the refresh of its session, by a 2xx of our own (RFC 4028 §9). */
export function grantRefresh(
  board: Switchboard,
  { call, from, to, request, transaction }: InDialog,
  now: Instant,
): void {
  const done = new Response(200, "OK", new Headers());
  // As the other end would say it.
  done.headers.add("contact", `<${to.dialog.remoteTarget}>${to.dialog.remoteFeatures}`);
  const granted = responseAcross(board, done, request, from.side, from);
  refreshTarget(from.dialog, request);
  if (call.has(from)) grantLeg(board, call, from, request, granted, now);
  board.transactions.respond(transaction, granted, now);
}

/**
 * A request of a leg that is alone in its call. What asks for a sign of life or for nobody else is
 * answered here: a peer that were refused it might give the call up. What bears something for the
 * other end is refused, to be said again: it would be lost.
 */
export function answerAlone(board: Switchboard, way: InDialog, now: Instant): End | undefined {
  const { from, request, transaction } = way;
  const { method, body } = request;
  if (method === "OPTIONS") {
    board.transactions.respond(transaction, optionsAnswer(board, request), now);
  } else if (method === "UPDATE" && body === "") {
    const refused = timerRefusal(board.setup.timers[from.side], request);
    if (refused) return refused;
    grantRefresh(board, way, now);
  } else if (method === "INFO" && body === "") {
    // RFC 2976 §2.2: without a body it asks whether the call is alive.
    board.transactions.respond(transaction, responseTo(request, 200), now);
  } else return end("transferring");
  return undefined;
}
