import {
  type Headers,
  type NameAddr,
  parseNameAddrs,
  parseUri,
  printNameAddr,
  splitList,
  unescapeUri,
  unquote,
} from "#sip-message";

/** Each asks that nobody be told whom a call was meant for before (RFC 7044 §10.1, RFC 3323 §4.2). */
const HIDING: ReadonlySet<string> = new Set(["history", "header", "session"]);

const NOBODY = "anonymous.invalid";

/** The priv-values of Privacy headers, in lower case: they stand between semicolons (RFC 3323 §4.2). */
export const privValues = (values: readonly string[]): readonly string[] =>
  values.flatMap((value) => value.split(/[;,]/)).map((value) => value.trim().toLowerCase());

const asksToHide = (values: readonly string[]): boolean =>
  privValues(values).some((value) => HIDING.has(value));

/**
 * A History-Info for somebody who isn't trusted with it: the message's Privacy hides all entries, an
 * entry's own that one alone. What is hidden keeps its place (RFC 7044 §10.1.2).
 */
export function historyFor(untold: Headers, value: string): string {
  const hidesAll = untold.has("privacy") && asksToHide(untold.all("privacy"));
  if (!hidesAll && !/[?&]privacy=/i.test(value)) return value;
  const entries = parseNameAddrs(splitList(value));
  return entries.map((entry) => printNameAddr(hidesAll ? hidden(entry) : toldOf(entry))).join(", ");
}

/**
 * A Diversion for somebody who isn't trusted with it: an entry says by itself what of it is to be
 * hidden (RFC 5806 §4), and what hides History-Info hides it, for it tells the same.
 */
export function diversionFor(untold: Headers, value: string): string {
  const hidesAll = untold.has("privacy") && asksToHide(untold.all("privacy"));
  if (!hidesAll && !/;\s*privacy\s*=/i.test(value)) return value;
  const entries = parseNameAddrs(splitList(value));
  return entries
    .map((entry) => printNameAddr(hidesAll ? hidden(entry) : divertedBy(entry)))
    .join(", ");
}

function divertedBy(entry: NameAddr): NameAddr {
  const asked = unquote(entry.params.get("privacy") ?? "").toLowerCase();
  if (asked === "full" || asked === "uri") return hidden(entry);
  return asked === "name" ? { uri: entry.uri, params: entry.params } : entry;
}

function toldOf(entry: NameAddr): NameAddr {
  const headers = parseUri(entry.uri)?.headers?.split("&") ?? [];
  const asked = headers.filter((part) => /^privacy=/i.test(part));
  return asksToHide(asked.map((part) => unescapeUri(part.slice("privacy=".length))))
    ? hidden(entry)
    : entry;
}

/** Why it was forwarded names nobody (RFC 4458 §2); nor does an entry that is hidden already. */
function hidden(entry: NameAddr): NameAddr {
  const uri = parseUri(entry.uri);
  if (uri?.host.toLowerCase() === NOBODY) return entry;
  const cause = uri?.params.get("cause");
  const why = cause === undefined ? "" : `;cause=${cause}`;
  return { uri: `sip:anonymous@${NOBODY}${why}`, params: entry.params };
}
