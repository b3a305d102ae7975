import {
  type HeaderName,
  type Headers,
  knownName,
  type Params,
  parseNameAddr,
  parseUri,
  printNameAddr,
  printUri,
} from "#sip-message";
import { tellText } from "./body-mask.ts";
import { diversionFor, historyFor, privValues } from "./history-privacy.ts";
import { maskUri, placeless } from "./mask-uri.ts";
import type { Renumber, Withheld } from "./setup.ts";

/**
 * What becomes of a header on its way from one side to the other:
 * - own: never copied, the gateway writes its own (or none);
 * - pass: copied as it is: words of the protocol;
 * - text: copied, and with the mask on without the hosts that texts may not name (body-mask.ts);
 * - event: copied, and with the mask on without the ids of a dialog (RFC 4235 §3.2): they are those of
 *   the other side;
 * - session: copied, and with the mask on only as RFC 7989 has it, which names nobody;
 * - uri: copied, with the hosts in its URIs replaced when the mask is on;
 * - number: the same, and the numbers in them as the trunk's rules make them;
 * - parts: copied, with the hosts in ids of body parts replaced when the mask is on, and then without
 *   URIs that lead elsewhere; names (urn:) lead nowhere;
 * - open: copied with the mask off alone, for it may name hosts, software or people.
 * A header that the table doesn't know is "open".
 */
type Rule = "own" | "pass" | "text" | "event" | "session" | "uri" | "number" | "parts" | "open";

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
    "accept-contact": "text",
    "reject-contact": "text",
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
    event: "event",
    expires: "pass",
    "info-package": "pass",
    "recv-info": "pass",
    "min-expires": "pass",
    "p-early-media": "pass",
    priority: "text",
    "resource-priority": "text",
    "accept-resource-priority": "text",
    "session-id": "session",
    privacy: "pass",
    reason: "text",
    "refer-sub": "pass",
    require: "pass",
    "retry-after": "text",
    rseq: "pass",
    "sip-etag": "text",
    "sip-if-match": "text",
    subject: "text",
    "subscription-state": "text",
    supported: "pass",
    unsupported: "pass",
    "geolocation-routing": "pass",
    // It signs From and Date as the other side has them (RFC 8224), and says whose certificate proves it.
    identity: "open",
    "user-to-user": "text",
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

/** The same by the place of a known name: every header of every message is looked up. */
const RULE_OF_KNOWN: Rule[] = [];
for (const [key, rule] of RULES) {
  const known = knownName(key);
  if (known) RULE_OF_KNOWN[known.id] = rule;
}

const ruleOf = ({ id, key }: HeaderName): Rule =>
  (id < 0 ? RULES.get(key) : RULE_OF_KNOWN[id]) ?? "open";

/** How one side is to see the other's headers. */
export interface MaskView {
  /** « Appliquer le masque de topologie réseau ». */
  readonly masked: boolean;
  /** The host that stands for everything behind the gateway, as it stands in a URI. */
  readonly host: string;
  /** The other side's names and addresses as the settings know them; with the flag g. */
  readonly hidden: RegExp | undefined;
  readonly withheld?: Withheld | undefined;
  /** The called user before the trunk's rules and after them, both as they stand in a URI. */
  readonly called?: readonly [dialled: string, called: string] | undefined;
}

/** Headers that tell whom a call was meant for before. */
const HIDES = new Map([
  ["history-info", historyFor],
  ["diversion", diversionFor],
]);

/** Copies what may cross from one side's message to the other's, by the table above. */
export function copyHeaders(from: Headers, to: Headers, view: MaskView): void {
  const withheld = withheldOf(from, view.withheld);
  from.each((name, value) => {
    const { key } = name;
    const rule = ruleOf(name);
    if (rule === "own" || (rule === "open" && view.masked) || withheld?.has(key)) return;
    const hides = view.withheld?.hidesHistory ? HIDES.get(key) : undefined;
    const told = rewritten(rule, key, hides ? hides(from, value) : value, view);
    if (told === value) to.append(name, value);
    else if (told !== undefined) to.add(name.print, told);
  });
}

/** Undefined where nothing of it may be told. */
function rewritten(rule: Rule, key: string, value: string, view: MaskView): string | undefined {
  if (rule === "number") return tellAddresses(value, view, renumberFor(key, view));
  if (!view.masked) return value;
  switch (rule) {
    case "uri":
      return tellAddresses(value, view, undefined);
    case "parts":
      return maskParts(value, view.host);
    case "text":
      return tellText(value, view);
    case "event":
      return value.replace(DIALOG_IDS, "");
    case "session":
      return SESSION_ID.test(value) ? value : undefined;
    default:
      return value;
  }
}

/** Of an Event header's parameters; each with its value, quoted or not. */
const DIALOG_IDS = /\s*;\s*(?:call-id|from-tag|to-tag)\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^;"]*))?/gi;

/** RFC 7989 §5: two halves of random digits. */
const SESSION_ID = /^[0-9a-f]{32}(?:\s*;\s*remote=[0-9a-f]{32})?$/i;

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
  const asksId = privValues(headers.all("privacy")).includes("id");
  return asksId ? withheld.onPrivacy : withheld.always;
}

/** A display name, which some make of the host that they call from, or a reason phrase. */
export const tellName = (name: string | undefined, view: MaskView): string | undefined =>
  name === undefined || !view.masked ? name : tellText(name, view);

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
    const display = tellName(address.display, view);
    parts.push(printNameAddr({ display, uri: told, params }));
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
