import {
  type Headers,
  type Params,
  parseNameAddr,
  parseParams,
  parseUri,
  printNameAddr,
  printParams,
  printUri,
  type SipUri,
} from "#sip-message";
import type { Renumber, Withheld } from "./setup.ts";

/**
 * What becomes of a header on its way from one side to the other:
 * - own: never copied, the gateway writes its own (or none);
 * - pass: copied as it is;
 * - uri: copied, with the hosts in its URIs replaced when the mask is on;
 * - number: the same, and the numbers in them as the trunk's rules make them;
 * - parts: copied, with the hosts in ids of body parts replaced when the mask is on, and then without
 *   URIs that lead elsewhere; names (urn:) lead nowhere;
 * - open: copied with the mask off alone, for it may name hosts, software or people.
 * A header that the table doesn't know is "open".
 */
type Rule = "own" | "pass" | "uri" | "number" | "parts" | "open";

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>(
  Object.entries({
    // The dialog, the route and the hop are each leg's own.
    via: "own",
    from: "own",
    to: "own",
    "call-id": "own",
    cseq: "own",
    contact: "own",
    "record-route": "own",
    route: "own",
    path: "own",
    "service-route": "own",
    "max-forwards": "own",
    "max-breadth": "own",
    timestamp: "own",
    "content-length": "own",
    "proxy-require": "own",
    // Credentials belong to one hop's realm; ours never answer for the peer (attack case C1).
    authorization: "own",
    "proxy-authorization": "own",
    "www-authenticate": "own",
    "proxy-authenticate": "own",
    "authentication-info": "own",
    "proxy-authentication-info": "own",
    "security-client": "own",
    "security-server": "own",
    "security-verify": "own",
    // Dialog ids of the other side are translated, never copied (dialog-ids.ts).
    replaces: "own",
    join: "own",
    "target-dialog": "own",
    "refer-to": "own",
    rack: "own",
    // Session timers are each leg's own (session-expires.ts).
    "min-se": "own",
    "session-expires": "own",
    // Copied whatever the mask: they name no host.
    accept: "pass",
    "accept-encoding": "pass",
    "accept-language": "pass",
    "accept-contact": "pass",
    "reject-contact": "pass",
    "request-disposition": "pass",
    allow: "pass",
    "allow-events": "pass",
    "answer-mode": "pass",
    "priv-answer-mode": "pass",
    "content-type": "pass",
    "content-disposition": "pass",
    "content-encoding": "pass",
    "content-language": "pass",
    "mime-version": "pass",
    date: "pass",
    event: "pass",
    expires: "pass",
    "info-package": "pass",
    "recv-info": "pass",
    "min-expires": "pass",
    "p-early-media": "pass",
    priority: "pass",
    "resource-priority": "pass",
    "accept-resource-priority": "pass",
    "session-id": "pass",
    privacy: "pass",
    reason: "pass",
    "refer-sub": "pass",
    require: "pass",
    "retry-after": "pass",
    rseq: "pass",
    "sip-etag": "pass",
    "sip-if-match": "pass",
    subject: "pass",
    "subscription-state": "pass",
    supported: "pass",
    unsupported: "pass",
    "geolocation-routing": "pass",
    identity: "pass",
    "user-to-user": "pass",
    // Copied with their hosts replaced.
    "p-asserted-identity": "number",
    "p-preferred-identity": "number",
    "p-called-party-id": "number",
    "remote-party-id": "number",
    diversion: "number",
    "history-info": "number",
    "referred-by": "number",
    "reply-to": "uri",
    // They name a part of the body: a location, data of an emergency call (RFC 6442, RFC 7852), or
    // a sound by its name (RFC 7462).
    "alert-info": "parts",
    geolocation: "parts",
    "call-info": "parts",
    "content-id": "parts",
  } satisfies Record<string, Rule>),
);

/** How one side is to see the other's headers. */
export interface MaskView {
  /** « Appliquer le masque de topologie réseau ». */
  readonly masked: boolean;
  /** The host that stands for everything behind the gateway, as it stands in a URI. */
  readonly host: string;
  readonly withheld?: Withheld | undefined;
  /** The called user before the trunk's rules and after them, both as they stand in a URI. */
  readonly called?: readonly [dialled: string, called: string] | undefined;
}

/** Copies what may cross from one side's message to the other's, by the table above. */
export function copyHeaders(from: Headers, to: Headers, view: MaskView): void {
  const withheld = withheldOf(from, view.withheld);
  from.each((key, value, name) => {
    const rule = RULES.get(key) ?? "open";
    if (rule === "own" || (rule === "open" && view.masked) || withheld?.has(key)) return;
    const told = rewritten(rule, key, value, view);
    if (told !== undefined) to.add(name, told);
  });
}

/** Undefined where nothing of it may be told. */
function rewritten(rule: Rule, key: string, value: string, view: MaskView): string | undefined {
  if (rule === "number") return tellAddresses(value, view, renumberFor(key, view));
  if (!view.masked) return value;
  if (rule === "uri") return tellAddresses(value, view, undefined);
  return rule === "parts" ? maskParts(value, view.host) : value;
}

/** These name whom is called, beside who forwarded: that number is what the call's own rules made. */
const NAMES_CALLED: ReadonlySet<string> = new Set(["history-info", "p-called-party-id"]);

function renumberFor(key: string, { called, withheld }: MaskView): Renumber | undefined {
  const renumber = withheld?.renumber;
  if (!called || !NAMES_CALLED.has(key)) return renumber;
  const [dialled, now] = called;
  return (user) => (user === dialled ? now : (renumber?.(user) ?? user));
}

function maskParts(value: string, host: string): string | undefined {
  const kept = splitAddresses(value).filter((part) => /^\s*<(cid:|urn:|[^:>]*@)/i.test(part));
  const parts = kept.map((part) => part.replace(/^([^>@]*)@[^>]*/, `$1@${host}`).trim());
  return parts.length > 0 ? parts.join(", ") : undefined;
}

function withheldOf(
  headers: Headers,
  withheld: Withheld | undefined,
): ReadonlySet<string> | undefined {
  if (!withheld || !headers.has("privacy")) return withheld?.always;
  // priv-values stand between semicolons (RFC 3323 §4.2).
  const asked = headers.all("privacy").flatMap((value) => value.split(/[;,]/));
  const asksId = asked.some((value) => value.trim().toLowerCase() === "id");
  return asksId ? withheld.onPrivacy : withheld.always;
}

/** One address header's value as the other side is told; what can't be read is nobody's address. */
function tellAddresses(
  value: string,
  view: MaskView,
  renumber: Renumber | undefined,
): string | undefined {
  const { masked, host } = view;
  if (!masked && !renumber) return value;
  const parts: string[] = [];
  for (const part of splitAddresses(value)) {
    const address = parseNameAddr(part);
    if (!address) continue;
    const uri = renumber ? renumbered(address.uri, renumber, host) : address.uri;
    const told = masked ? maskUri(uri, host) + reasonsOf(address.uri) : uri;
    const params = masked ? hostless(address.params) : address.params;
    parts.push(printNameAddr({ display: address.display, uri: told, params }));
  }
  return parts.length > 0 ? parts.join(", ") : undefined;
}

function renumbered(text: string, renumber: Renumber, host: string): string {
  const uri = parseUri(text);
  if (uri?.user === undefined) return text;
  const user = renumber(uri.user);
  if (user === uri.user) return text;
  // A tel URI without + would need to say where its number holds (RFC 3966 §5.1.5): here.
  if (uri.scheme === "tel" && !user.startsWith("+")) return `sip:${user}@${host};user=phone`;
  // A global number has no context (RFC 3966 §5.1.4).
  const params = uri.scheme === "tel" ? placeless(uri.params) : uri.params;
  return printUri({ ...uri, user, params });
}

/** Of the headers in a URI of History-Info those that say why it was left (RFC 7044 §5). */
function reasonsOf(uri: string): string {
  const question = uri.indexOf("?");
  if (question < 0) return "";
  const kept = uri
    .slice(question + 1)
    .split("&")
    .filter((part) => /^(reason|privacy)=/i.test(part));
  return kept.length > 0 ? `?${kept.join("&")}` : "";
}

/** Parameters of address headers that name no host: RFC 5806 §4, RFC 7044 §5.1, and Remote-Party-ID. */
const HOSTLESS: readonly string[] = [
  "reason",
  "counter",
  "limit",
  "privacy",
  "screen",
  "party",
  "id-type",
  "index",
  "rc",
  "mp",
  "np",
];

const hostless = (params: Params): Params =>
  params.size === 0 ? params : new Map([...params].filter(([name]) => HOSTLESS.includes(name)));

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
function placeless(params: Params): Params {
  if (params.size === 0) return params;
  const isPlace = ([name, value = ""]: readonly [string, string | undefined]): boolean =>
    name.endsWith("-context") && !/^(\+|%2b)/i.test(value);
  const kept = new Map([...params].filter((param) => !isPlace(param)));
  // A group of trunks is one of its context's (RFC 4904).
  if (!kept.has("trunk-context")) kept.delete("tgrp");
  return kept;
}

/** Splits at commas that stand outside quotes and angle brackets. */
function splitAddresses(value: string): string[] {
  if (!value.includes(",")) return [value];
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let depth = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value[i];
    if (quoted) {
      if (c === "\\") i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === "<") depth++;
    else if (c === ">") depth--;
    else if (c === "," && depth === 0) {
      parts.push(value.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(value.slice(start));
  return parts;
}
