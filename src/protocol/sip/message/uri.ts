import { canonicalAddress, hostText, isAddress } from "#base";
import {
  COLON,
  charSet,
  digits,
  EQUALS,
  endOf,
  hostNameEnd,
  isAllOf,
  PERCENT,
  QUESTION,
  SEMICOLON,
} from "./lexis.ts";
import { NO_PARAMS, type Params, printParams } from "./params.ts";

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
// More than RFC 3261 §25.1 grants to a password: it may hold what a user may, and colons.
const PASSWORD = charSet(`${ALPHANUM}-_.!~*'()%&=+$,;?/#:${NON_ASCII}`);
const SCHEME = charSet(`${ALPHANUM}+-.`);
// RFC 3261 §25.1 user and password; "#" is dialled by many phones without being escaped.
const USER = charSet(`${ALPHANUM}-_.!~*'()%&=+$,;?/#${NON_ASCII}`);
// RFC 3261 §25.1 paramchar and hnv-unreserved, with the comma and separators seen unescaped.
const PARAM = charSet(`${ALPHANUM}-_.!~*'()%[]/:&+$,${NON_ASCII}`);
const PARAM_VALUE = charSet(`${ALPHANUM}-_.!~*'()%[]/:&+$,=${NON_ASCII}`);
const HEADERS = charSet(`${ALPHANUM}-_.!~*'()%[]/?:+$&=,;@${NON_ASCII}`);
const TEL = charSet(`0123456789abcdefABCDEF*#+-.()%`);
const OPAQUE = charSet(`${ALPHANUM}-_.!~*'()%[]/?:+$&=,;@#${NON_ASCII}`);
const HEX = charSet("0123456789abcdefABCDEF");
const DIGIT = charSet("0123456789");
const PORT_MAX = 65_535;
const BRACKET = 0x5b;

/** Reads a URI of any scheme; undefined when the text is none. */
export const parseUri = (text: string): SipUri | undefined => parseUriIn(text, 0, text.length);

/** Reads the URI that stands from `start` to `end` of a text. */
export function parseUriIn(text: string, start: number, end: number): SipUri | undefined {
  const colon = schemeEnd(text, start, end);
  if (colon < 0 || !areEscapesWhole(text, start, end)) return undefined;
  if (colon === start + 3 && text.startsWith("sip", start))
    return parseSip(text, colon, end, "sip");
  const scheme = text.slice(start, colon).toLowerCase();
  if (scheme === "sip" || scheme === "sips") return parseSip(text, colon, end, scheme);
  if (scheme === "tel") return parseTel(text, colon + 1, end);
  if (!isAllOf(OPAQUE, text, colon + 1, end)) return undefined;
  return { scheme, host: "", params: NO_PARAMS, opaque: text.slice(colon + 1, end) };
}

/** The place of the colon after a URI's scheme; -1 where there is none. */
export function schemeEnd(text: string, start: number, end: number): number {
  const colon = endOf(SCHEME, text, start, end);
  return colon > start && colon < end && text.charCodeAt(colon) === COLON ? colon : -1;
}

export function printUri(uri: SipUri): string {
  if (uri.opaque !== undefined) return `${uri.scheme}:${uri.opaque}`;
  let text = `${uri.scheme}:`;
  if (uri.scheme === "tel") return `${text}${uri.user ?? ""}${printParams(uri.params)}`;
  if (uri.user !== undefined) {
    text += uri.password === undefined ? `${uri.user}@` : `${uri.user}:${uri.password}@`;
  }
  text += hostText(uri.host);
  if (uri.port !== undefined) text += `:${uri.port}`;
  text += printParams(uri.params);
  return uri.headers === undefined ? text : `${text}?${uri.headers}`;
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

function parseSip(text: string, colon: number, end: number, scheme: string): SipUri | undefined {
  const start = colon + 1;
  // No @ may stand unescaped in a host, parameter or header: the first one ends the user.
  const at = text.indexOf("@", start);
  if (at < 0 || at >= end) return parseHostOn(text, start, end, scheme, undefined, undefined);
  const userEnd = endOf(USER, text, start, at);
  if (userEnd === start) return undefined;
  let password: string | undefined;
  if (userEnd < at) {
    const isPassword =
      text.charCodeAt(userEnd) === COLON && endOf(PASSWORD, text, userEnd + 1, at) === at;
    if (!isPassword) return undefined;
    password = text.slice(userEnd + 1, at);
  }
  return parseHostOn(text, at + 1, end, scheme, text.slice(start, userEnd), password);
}

function parseHostOn(
  text: string,
  start: number,
  end: number,
  scheme: string,
  user: string | undefined,
  password: string | undefined,
): SipUri | undefined {
  const hostEnd = hostEndAt(text, start, end);
  const host = hostEnd < 0 ? undefined : parseHost(text, start, hostEnd);
  if (host === undefined) return undefined;
  let i = hostEnd;
  let port: number | undefined;
  if (i < end && text.charCodeAt(i) === COLON) {
    i = endOf(DIGIT, text, hostEnd + 1, end);
    port = digits(text, hostEnd + 1, i, PORT_MAX);
    if (port < 0) return undefined;
  }
  const paramsEnd = uriParamsEnd(text, i, end);
  if (paramsEnd < 0) return undefined;
  let headers: string | undefined;
  if (paramsEnd < end) {
    if (text.charCodeAt(paramsEnd) !== QUESTION) return undefined;
    if (!isAllOf(HEADERS, text, paramsEnd + 1, end)) return undefined;
    headers = text.slice(paramsEnd + 1, end);
  }
  const params = i === paramsEnd ? "" : text.slice(i, paramsEnd);
  return new ParsedSipUri(scheme, user, password, host, port, params, headers);
}

/** Where a host that starts at `start` ends: after its bracket, or before what no name holds. */
export function hostEndAt(text: string, start: number, end: number): number {
  if (text.charCodeAt(start) !== BRACKET) return hostNameEnd(text, start, end);
  const close = text.indexOf("]", start);
  return close < 0 || close >= end ? -1 : close + 1;
}

/** A host as we keep it (IPv6 without brackets); undefined where there is none. */
export function parseHost(text: string, start: number, end: number): string | undefined {
  if (start >= end) return undefined;
  if (text.charCodeAt(start) !== BRACKET) return text.slice(start, end);
  const inner = text.slice(start + 1, end - 1);
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

/** Where `;name[=value]`, again and again, ends; -1 where a parameter has no name. */
function uriParamsEnd(text: string, start: number, end: number): number {
  let i = start;
  while (i < end && text.charCodeAt(i) === SEMICOLON) {
    const nameEnd = endOf(PARAM, text, i + 1, end);
    if (nameEnd === i + 1) return -1;
    const hasValue = nameEnd < end && text.charCodeAt(nameEnd) === EQUALS;
    i = hasValue ? endOf(PARAM_VALUE, text, nameEnd + 1, end) : nameEnd;
  }
  return i;
}

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
function parseTel(text: string, start: number, end: number): SipUri | undefined {
  const numberEnd = endOf(TEL, text, start, end);
  if (numberEnd === start || uriParamsEnd(text, numberEnd, end) !== end) return undefined;
  const params = uriParams(text.slice(numberEnd, end));
  return { scheme: "tel", user: text.slice(start, numberEnd), host: "", params };
}

function areEscapesWhole(text: string, start: number, end: number): boolean {
  for (let i = text.indexOf("%", start); i >= 0 && i < end; i = text.indexOf("%", i + 3)) {
    if (i + 3 > end || !isAllOf(HEX, text, i + 1, i + 3)) return false;
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
  const start = endOf(kept, text, 0, text.length);
  if (start === text.length) return text;
  let escaped = text.slice(0, start);
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (kept[code] === 1) escaped += text.charAt(i);
    else escaped += `%${(code & 0xff).toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}
