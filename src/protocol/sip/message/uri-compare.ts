import { type SipUri, sameHost, unescapeUri } from "./uri.ts";
import { parseUriHeaders } from "./uri-headers.ts";

/** Parameters that make two URIs differ when only one has them (RFC 3261 §19.1.4). */
const TELLING = ["user", "ttl", "method", "maddr", "transport"];

/** Whether two URIs mean the same (RFC 3261 §19.1.4; for tel RFC 3966 §4). */
export function sameUri(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme) return false;
  if (a.opaque !== undefined || b.opaque !== undefined) return a.opaque === b.opaque;
  if (a.scheme === "tel") return sameTel(a, b);
  return (
    unescapeUri(a.user ?? "") === unescapeUri(b.user ?? "") &&
    (a.user === undefined) === (b.user === undefined) &&
    unescapeUri(a.password ?? "") === unescapeUri(b.password ?? "") &&
    sameHost(a.host, b.host) &&
    a.port === b.port &&
    sameParams(a, b) &&
    sameHeaders(a, b)
  );
}

function sameParams(a: SipUri, b: SipUri): boolean {
  for (const [name, value] of a.params) {
    if (b.params.has(name) && !sameValue(value, b.params.get(name))) return false;
  }
  return TELLING.every((name) => a.params.has(name) === b.params.has(name));
}

const sameValue = (a: string | undefined, b: string | undefined): boolean =>
  unescapeUri(a ?? "").toLowerCase() === unescapeUri(b ?? "").toLowerCase();

function sameHeaders(a: SipUri, b: SipUri): boolean {
  if (a.headers === b.headers) return true;
  const ofA = parseUriHeaders(a.headers ?? "");
  const ofB = parseUriHeaders(b.headers ?? "");
  if (ofA.size !== ofB.size) return false;
  for (const [name, value] of ofA) if (ofB.get(name) !== value) return false;
  return true;
}

/** The digits without what is there for the eye; parameters in any order. */
function sameTel(a: SipUri, b: SipUri): boolean {
  if (bareNumber(a) !== bareNumber(b) || a.params.size !== b.params.size) return false;
  for (const [name, value] of a.params) {
    if (!b.params.has(name) || !sameValue(value, b.params.get(name))) return false;
  }
  return true;
}

const bareNumber = (uri: SipUri): string => (uri.user ?? "").replace(/[-.()]/g, "").toLowerCase();
