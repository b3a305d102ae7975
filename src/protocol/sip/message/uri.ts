import { canonicalAddress, hostText, isAddress } from "#base";
import {
  COLON,
  charSet,
  digits,
  EQUALS,
  isAllOf,
  isHostName,
  PERCENT,
  SEMICOLON,
} from "./lexis.ts";
import { NO_PARAMS, type Params } from "./params.ts";

/**
 * A URI in its parts. Escapes are kept as on the wire (see `unescapeUri`); a `host` that is an IPv6
 * address is without brackets. A tel URI has its number as `user` and no host; of other schemes
 * (urn:service:sos) all that follows the colon is `opaque`.
 */
export interface SipUri {
  /** Lower case: "sip", "sips", "tel"… */
  readonly scheme: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly host: string;
  readonly port?: number | undefined;
  readonly params: Params;
  /** What follows the question mark. */
  readonly headers?: string | undefined;
  readonly opaque?: string | undefined;
}

const ALPHANUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const NON_ASCII = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i));
const SCHEME = charSet(`${ALPHANUM}+-.`);
// RFC 3261 §25.1 user and password; "#" is dialled by many phones without being escaped.
const USER = charSet(`${ALPHANUM}-_.!~*'()%&=+$,;?/#${NON_ASCII}`);
// RFC 3261 §25.1 paramchar and hnv-unreserved, with the comma and separators seen unescaped.
const PARAM = charSet(`${ALPHANUM}-_.!~*'()%[]/:&+$,${NON_ASCII}`);
const HEADERS = charSet(`${ALPHANUM}-_.!~*'()%[]/?:+$&=,;@${NON_ASCII}`);
const TEL = charSet(`0123456789abcdefABCDEF*#+-.()%`);
const OPAQUE = charSet(`${ALPHANUM}-_.!~*'()%[]/?:+$&=,;@#${NON_ASCII}`);
const HEX = charSet("0123456789abcdefABCDEF");
const PORT_MAX = 65_535;

/** Reads a URI of any scheme; undefined when the text is none. */
export function parseUri(text: string): SipUri | undefined {
  const colon = text.indexOf(":");
  if (!isAllOf(SCHEME, text, 0, colon)) return undefined;
  const scheme = schemeOf(text, colon);
  if (text.includes("%") && !areEscapesWhole(text)) return undefined;
  if (scheme === "sip" || scheme === "sips") return parseSip(text, colon + 1, scheme);
  if (scheme === "tel") return parseTel(text, colon + 1);
  if (!isAllOf(OPAQUE, text, colon + 1, text.length)) return undefined;
  return { scheme, host: "", params: NO_PARAMS, opaque: text.slice(colon + 1) };
}

/** The scheme of a text that may be a URI, in lower case. */
export function uriScheme(text: string): string | undefined {
  const colon = text.indexOf(":");
  return isAllOf(SCHEME, text, 0, colon) ? schemeOf(text, colon) : undefined;
}

const schemeOf = (text: string, colon: number): string =>
  colon === 3 && text.startsWith("sip:") ? "sip" : text.slice(0, colon).toLowerCase();

export function printUri(uri: SipUri): string {
  if (uri.opaque !== undefined) return `${uri.scheme}:${uri.opaque}`;
  let text = `${uri.scheme}:`;
  if (uri.scheme === "tel") return `${text}${uri.user ?? ""}${printUriParams(uri.params)}`;
  if (uri.user !== undefined) {
    text += uri.password === undefined ? `${uri.user}@` : `${uri.user}:${uri.password}@`;
  }
  text += hostText(uri.host);
  if (uri.port !== undefined) text += `:${uri.port}`;
  text += printUriParams(uri.params);
  return uri.headers === undefined ? text : `${text}?${uri.headers}`;
}

function printUriParams(params: Params): string {
  let text = "";
  for (const [name, value] of params)
    text += value === undefined ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** A SIP URI whose parameters are cut apart when they are asked for. */
class ParsedSipUri implements SipUri {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly headers: string | undefined;
  readonly #paramText: string;
  #params: Params | undefined;

  constructor(
    scheme: string,
    user: string | undefined,
    password: string | undefined,
    host: string,
    port: number | undefined,
    paramText: string,
    headers: string | undefined,
  ) {
    this.scheme = scheme;
    this.user = user;
    this.password = password;
    this.host = host;
    this.port = port;
    this.#paramText = paramText;
    this.headers = headers;
  }

  get params(): Params {
    this.#params ??= uriParams(this.#paramText);
    return this.#params;
  }
}

function parseSip(text: string, start: number, scheme: string): SipUri | undefined {
  // No @ may stand unescaped in a host, parameter or header: the first one ends the user.
  const at = text.indexOf("@", start);
  let user: string | undefined;
  let password: string | undefined;
  let hostStart = start;
  if (at >= 0) {
    const colon = text.indexOf(":", start);
    const userEnd = colon < 0 || colon > at ? at : colon;
    if (!isAllOf(USER, text, start, userEnd)) return undefined;
    user = text.slice(start, userEnd);
    if (userEnd < at) {
      if (userEnd + 1 < at && !isAllOf(PASSWORD, text, userEnd + 1, at)) return undefined;
      password = text.slice(userEnd + 1, at);
    }
    hostStart = at + 1;
  }
  return parseHostOn(text, hostStart, scheme, user, password);
}

// intmeth of RFC 4475 §3.1.1.2 has a second colon in what follows the first.
const PASSWORD = charSet(`${ALPHANUM}-_.!~*'()%&=+$,:#;?/${NON_ASCII}`);

function parseHostOn(
  text: string,
  start: number,
  scheme: string,
  user: string | undefined,
  password: string | undefined,
): SipUri | undefined {
  const hostEnd = hostEndAt(text, start, text.length);
  const host = hostEnd < 0 ? undefined : parseHost(text.slice(start, hostEnd));
  if (host === undefined) return undefined;
  let i = hostEnd;
  let port: number | undefined;
  if (text.charCodeAt(i) === COLON) {
    const portEnd = portEndAt(text, i + 1);
    port = digits(text, i + 1, portEnd, PORT_MAX);
    if (port < 0) return undefined;
    i = portEnd;
  }
  const question = text.indexOf("?", i);
  const paramsEnd = question < 0 ? text.length : question;
  if (!areUriParams(text, i, paramsEnd)) return undefined;
  let headers: string | undefined;
  if (question >= 0) {
    if (!isAllOf(HEADERS, text, question + 1, text.length)) return undefined;
    headers = text.slice(question + 1);
  }
  return new ParsedSipUri(scheme, user, password, host, port, text.slice(i, paramsEnd), headers);
}

/** Where a host that starts at `start` ends: after its bracket, or before what can't be in a name. */
export function hostEndAt(text: string, start: number, end: number): number {
  if (text.charCodeAt(start) === 0x5b /* [ */) {
    const close = text.indexOf("]", start);
    return close < 0 || close >= end ? -1 : close + 1;
  }
  for (let i = start; i < end; i++) if (!isHostName(text, i, i + 1)) return i;
  return end;
}

function portEndAt(text: string, start: number): number {
  let i = start;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) break;
  }
  return i;
}

/** A host as we keep it (IPv6 without brackets), or undefined when the text is no host. */
export function parseHost(text: string): string | undefined {
  if (text.charCodeAt(0) !== 0x5b) return isHostName(text) ? text : undefined;
  const inner = text.slice(1, -1);
  if (isAddress(inner) && inner.includes(":")) return inner;
  // RFC 5118 §4.10: three colons before an IPv4 tail, a slip of RFC 3261's grammar, mean two.
  const slip = inner.indexOf(":::");
  if (slip < 0 || inner.indexOf(".", slip) < 0) return undefined;
  const mended = inner.slice(0, slip) + inner.slice(slip + 1);
  return isAddress(mended) && isIpv4Tail(mended, slip + 2) ? mended : undefined;
}

const isIpv4Tail = (text: string, at: number): boolean => !text.includes(":", at);

/** Whether two hosts are one: names in any case, addresses in any spelling. */
export const sameHost = (a: string, b: string): boolean =>
  a === b || (canonicalAddress(a) ?? a.toLowerCase()) === (canonicalAddress(b) ?? b.toLowerCase());

/** Whether what stands from `start` to `end` is `;name[=value]` again and again. */
function areUriParams(text: string, start: number, end: number): boolean {
  let i = start;
  while (i < end) {
    if (text.charCodeAt(i) !== SEMICOLON) return false;
    const nameStart = ++i;
    while (i < end && PARAM[text.charCodeAt(i)] === 1) i++;
    if (i === nameStart) return false;
    if (i < end && text.charCodeAt(i) === EQUALS) {
      i++;
      while (i < end && PARAM_VALUE[text.charCodeAt(i)] === 1) i++;
    }
  }
  return true;
}

const PARAM_VALUE = charSet(`${ALPHANUM}-_.!~*'()%[]/:&+$,=${NON_ASCII}`);

function uriParams(text: string): Params {
  if (text === "") return NO_PARAMS;
  const params = new Map<string, string | undefined>();
  let start = 1;
  while (start < text.length) {
    const next = text.indexOf(";", start);
    const end = next < 0 ? text.length : next;
    const equals = text.indexOf("=", start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    const name = unescapeUri(text.slice(start, nameEnd)).toLowerCase();
    if (!params.has(name))
      params.set(name, nameEnd < end ? text.slice(nameEnd + 1, end) : undefined);
    start = end + 1;
  }
  return params;
}

/** RFC 3966 §3: the number, then parameters. */
function parseTel(text: string, start: number): SipUri | undefined {
  const semicolon = text.indexOf(";", start);
  const end = semicolon < 0 ? text.length : semicolon;
  if (!isAllOf(TEL, text, start, end) || !areUriParams(text, end, text.length)) return undefined;
  const params = uriParams(text.slice(end));
  return { scheme: "tel", user: text.slice(start, end), host: "", params };
}

function areEscapesWhole(text: string): boolean {
  for (let i = text.indexOf("%"); i >= 0; i = text.indexOf("%", i + 3)) {
    if (!isAllOf(HEX, text, i + 1, i + 3)) return false;
  }
  return true;
}

/** Undoes %HH escapes, once (RFC 3261 §19.1.2); the result may hold any character. */
export function unescapeUri(text: string): string {
  if (!text.includes("%")) return text;
  let plain = "";
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) === PERCENT && isAllOf(HEX, text, i + 1, i + 3)) {
      plain += String.fromCharCode(Number.parseInt(text.slice(i + 1, i + 3), 16));
      i += 2;
    } else plain += text.charAt(i);
  }
  return plain;
}

/** Any text as the user of a URI: what can't stand there is escaped. */
export const escapeUser = (text: string): string => escapeBut(USER_AS_IT_IS, text);

/** Any text as the value of a header in a URI (RFC 3261 §19.1.1): Refer-To's Replaces. */
export const escapeUriHeader = (text: string): string => escapeBut(UNRESERVED, text);

const UNRESERVED = charSet(`${ALPHANUM}-_.!~*'()`);
const USER_AS_IT_IS = charSet(`${ALPHANUM}-_.!~*'()&=+$,;?/`);

function escapeBut(kept: Uint8Array, text: string): string {
  let escaped = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (kept[code] === 1) escaped += text.charAt(i);
    else escaped += `%${(code & 0xff).toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}
