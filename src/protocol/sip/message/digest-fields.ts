import {
  COMMA,
  EQUALS,
  isToken,
  QUOTE,
  quote,
  quotedEnd,
  skipSpace,
  tokenEnd,
  unquote,
} from "./lexis.ts";

/** A challenge or credentials: the scheme in lower case, its parameters by lower-case name. */
export interface AuthFields {
  readonly scheme: string;
  /** Without quotes and escapes. */
  readonly params: ReadonlyMap<string, string>;
}

/** Reads WWW-Authenticate or Proxy-Authenticate (RFC 3261 §20.44). */
export const parseChallenge = (value: string): AuthFields | undefined => parseAuth(value);

/** Reads Authorization or Proxy-Authorization (RFC 3261 §20.7). */
export const parseCredentials = (value: string): AuthFields | undefined => parseAuth(value);

/** Reads Authentication-Info (RFC 3261 §20.6), which has parameters alone. */
export const parseAuthenticationInfo = (value: string): ReadonlyMap<string, string> | undefined =>
  parseAuthParams(value, 0);

const PARAMS_MAX = 32;

function parseAuth(value: string): AuthFields | undefined {
  const start = skipSpace(value, 0, value.length);
  const end = tokenEnd(value, start, value.length);
  if (end === start) return undefined;
  const params = parseAuthParams(value, end);
  return params && { scheme: value.slice(start, end).toLowerCase(), params };
}

/** Commas cut them apart; a parameter that comes twice makes the whole invalid. */
function parseAuthParams(value: string, from: number): ReadonlyMap<string, string> | undefined {
  const params = new Map<string, string>();
  const { length } = value;
  let at = skipSpace(value, from, length);
  while (at < length) {
    const nameEnd = tokenEnd(value, at, length);
    const name = value.slice(at, nameEnd).toLowerCase();
    at = skipSpace(value, nameEnd, length);
    if (name === "" || params.has(name) || params.size === PARAMS_MAX) return undefined;
    if (value.charCodeAt(at) !== EQUALS) return undefined;
    const start = skipSpace(value, at + 1, length);
    at = authValueEnd(value, start);
    if (at < 0) return undefined;
    params.set(name, unquote(value.slice(start, at)));
    at = skipSpace(value, at, length);
    if (at < length && value.charCodeAt(at) !== COMMA) return undefined;
    at = skipSpace(value, at + 1, length);
  }
  return params;
}

/** Where a value ends: a quoted string, or anything up to the next comma or white space. */
function authValueEnd(value: string, start: number): number {
  if (value.charCodeAt(start) === QUOTE) return quotedEnd(value, start, value.length);
  let end = start;
  while (end < value.length && value.charCodeAt(end) > 0x20 && value.charCodeAt(end) !== COMMA)
    end++;
  return end;
}

/** What stands without quotes: RFC 7616 §3.4 for credentials, §3.3 for challenges. */
const BARE_IN_CREDENTIALS = new Set(["algorithm", "nc", "qop", "userhash"]);
const BARE_IN_CHALLENGE = new Set(["algorithm", "stale", "userhash"]);

export const printCredentials = (fields: AuthFields): string =>
  printAuth(fields, BARE_IN_CREDENTIALS);

export const printChallenge = (fields: AuthFields): string => printAuth(fields, BARE_IN_CHALLENGE);

function printAuth({ scheme, params }: AuthFields, bare: ReadonlySet<string>): string {
  const pairs = Array.from(params, ([name, value]) =>
    bare.has(name) && isToken(value) ? `${name}=${value}` : `${name}=${quote(value)}`,
  );
  return `${scheme === "digest" ? "Digest" : scheme} ${pairs.join(", ")}`;
}
