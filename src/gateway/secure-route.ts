import type { Candidate, Route } from "#calls";
import { type End, end, isEnd } from "#ends";
import { protocolsOf, type Settings, transportsOf } from "#settings";
import type { Side } from "#sip";
import type { Request } from "#sip-message";

/**
 * What asks for `sips` leaves as `sips` by TLS, or not at all (RFC 3261 §26.2.2, RFC 5630 §5.3): of
 * the places on its way only those are left that the settings let us reach so.
 */
export function securedRoute(
  request: Request,
  route: Route | End,
  settings: Settings,
): Route | End {
  if (isEnd(route) || request.target?.scheme !== "sips") return route;
  const candidates = speaksTls(settings, route.toward) ? route.candidates.flatMap(secured) : [];
  if (candidates.length === 0) return end("sips-not-secured", { warnCode: 380 });
  return { ...route, candidates };
}

const speaksTls = (settings: Settings, side: Side): boolean =>
  transportsOf(protocolsOf(settings, side)).includes("tls");

function secured(candidate: Candidate): Candidate | readonly never[] {
  const { query, peer, flow, ...rest } = candidate;
  if (peer) return /^sips:/i.test(peer.uri) && peer.to.transport === "tls" ? candidate : [];
  if (query.transport !== undefined && query.transport !== "tls") return [];
  // A flow that was registered without TLS is no way for it: another connection is.
  const byTls = flow?.transport === "tls" ? { flow } : {};
  return { ...rest, ...byTls, query: { ...query, secure: true } };
}
