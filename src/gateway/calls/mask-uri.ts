import {
  type Params,
  parseParams,
  parseUri,
  printParams,
  printUri,
  type SipUri,
} from "#sip-message";

/**
 * That the user is a number, why a call was forwarded (RFC 4458), and what a REFER asks for
 * (RFC 3515 §2.1).
 */
const KEPT_PARAMS = ["user", "cause", "method"] as const;

/** Whom these name is nobody, nowhere (RFC 3323 §4.1.1.3, 3GPP TS 29.163). */
const NOWHERE: ReadonlySet<string> = new Set(["anonymous.invalid", "unknown.invalid"]);

/** The host as the other side is told it: one that is nowhere tells nothing, and says who hides. */
export function maskHost(named: string | undefined, host: string): string {
  const lower = named?.toLowerCase() ?? "";
  return NOWHERE.has(lower) ? lower : host;
}

/** A URI with its host, port and host-naming parameters replaced; tel and urn URIs name no host. */
export function maskUri(text: string, host: string, port?: number): string {
  const uri = parseUri(text);
  if (!uri) return `sip:${host}`;
  if (uri.scheme === "tel") return maskTel(text, uri, host);
  if (uri.scheme !== "sip" && uri.scheme !== "sips")
    return uri.scheme === "urn" ? text : `sip:${host}`;
  const user = uri.user === undefined ? {} : { user: maskUser(uri.user) };
  const params = new Map<string, string | undefined>();
  for (const name of KEPT_PARAMS) {
    if (uri.params.has(name)) params.set(name, uri.params.get(name));
  }
  const told = maskHost(uri.host, host);
  const at = port === undefined || told !== host ? { host: told } : { host, port };
  return printUri({ scheme: uri.scheme, ...user, ...at, params });
}

/** A number that holds in a named place alone is, behind us, a number of ours (RFC 3966 §5.1.5). */
function maskTel(text: string, uri: SipUri, host: string): string {
  const kept = placeless(uri.params);
  if (kept.size === uri.params.size) return text;
  if (!uri.params.has("phone-context") || kept.has("phone-context"))
    return printUri({ ...uri, user: uri.user, params: kept });
  const user = `${uri.user ?? ""}${printParams(kept)}`;
  return `sip:${user}@${host};user=phone`;
}

/** The user of a SIP URI without what names a host beside its number. */
export function maskUser(user: string): string {
  const semicolon = user.indexOf(";");
  const params = semicolon < 0 ? undefined : parseParams(user, semicolon);
  return params ? user.slice(0, semicolon) + printParams(placeless(params)) : user;
}

/** phone-context, trunk-context (RFC 4904), rn-context… are a host or the head of a number. */
export function placeless(params: Params): Params {
  if (params.size === 0) return params;
  const isPlace = ([name, value = ""]: readonly [string, string | undefined]): boolean =>
    name.endsWith("-context") && !/^(\+|%2b)/i.test(value);
  const kept = new Map([...params].filter((param) => !isPlace(param)));
  // A group of trunks is one of its context's (RFC 4904).
  if (!kept.has("trunk-context")) kept.delete("tgrp");
  return kept;
}
