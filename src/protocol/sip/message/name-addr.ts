import {
  charSet,
  hasSpaceOrControl,
  LESS,
  QUOTE,
  quote,
  quotedEnd,
  skipSpace,
  skipSpaceBack,
  unquote,
} from "./lexis.ts";
import { type Params, ParamWalk, parseParams, printParams } from "./params.ts";
import { uriScheme } from "./uri.ts";

/** An address of From, To, Contact, Route… (RFC 3261 §20.10 name-addr or addr-spec). */
export interface NameAddr {
  /** The display name as text: without quotes and escapes. */
  readonly display?: string | undefined;
  /** As on the wire, without <>. */
  readonly uri: string;
  readonly params: Params;
  readonly tag?: string | undefined;
}

/** An address whose parameters are cut apart when they are asked for. */
class ParsedNameAddr implements NameAddr {
  readonly uri: string;
  readonly tag: string | undefined;
  readonly #display: string | undefined;
  readonly #text: string;
  readonly #paramsAt: number;
  #params: Params | undefined;

  constructor(
    display: string | undefined,
    uri: string,
    tag: string | undefined,
    text: string,
    paramsAt: number,
  ) {
    this.#display = display;
    this.uri = uri;
    this.tag = tag;
    this.#text = text;
    this.#paramsAt = paramsAt;
  }

  get display(): string | undefined {
    return this.#display === undefined ? undefined : unquote(this.#display);
  }

  get params(): Params {
    this.#params ??= parseParams(this.#text, this.#paramsAt)!;
    return this.#params;
  }
}

// What an unquoted display name can't hold. RFC 3261 §25.1 grants tokens alone; names with dots,
// brackets, apostrophes or UTF-8 are seen unquoted (RFC 4475 §3.1.2.15 leaves both ways open).
const NOT_IN_NAME = charSet('",;<>');
/** What ends a URI that stands without <>, and what it can't hold (RFC 3261 §20). */
const ENDS_BARE_URI = charSet(" \t;");
const NOT_IN_BARE_URI = charSet('",?<>');

/** Reads one address; undefined when the value is none, or more than one. */
export function parseNameAddr(value: string): NameAddr | undefined {
  const end = value.length;
  const start = skipSpace(value, 0, end);
  if (value.charCodeAt(start) === QUOTE) {
    const close = quotedEnd(value, start, end);
    if (close < 0) return undefined;
    const less = skipSpace(value, close, end);
    if (value.charCodeAt(less) !== LESS) return undefined;
    return parseInBrackets(value, less, value.slice(start, close));
  }
  const less = value.indexOf("<", start);
  if (less < 0 || !isName(value, start, less)) return parseBare(value, start);
  const nameEnd = skipSpaceBack(value, start, less);
  return parseInBrackets(value, less, nameEnd > start ? value.slice(start, nameEnd) : undefined);
}

/** Reads each value of a list header; what is no address (Contact's *) is left out. */
export function parseNameAddrs(values: readonly string[]): NameAddr[] {
  const addresses: NameAddr[] = [];
  for (const value of values) {
    const address = parseNameAddr(value);
    if (address) addresses.push(address);
  }
  return addresses;
}

/** The address with its name quoted and its URI in <>, which is always valid. */
export function printNameAddr(
  address: Pick<NameAddr, "display" | "uri"> & Partial<NameAddr>,
): string {
  const { display, uri, params, tag } = address;
  let text = display === undefined || display === "" ? `<${uri}>` : `${quote(display)} <${uri}>`;
  if (params !== undefined) text += printParams(params);
  if (tag !== undefined && params?.has("tag") !== true) text += `;tag=${tag}`;
  return text;
}

function isName(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (NOT_IN_NAME[text.charCodeAt(i)] === 1) return false;
  return true;
}

function parseInBrackets(
  value: string,
  less: number,
  display: string | undefined,
): NameAddr | undefined {
  const greater = value.indexOf(">", less);
  if (greater < 0) return undefined;
  return withParams(value, value.slice(less + 1, greater), greater + 1, display);
}

/** A URI without <>: what follows its first semicolon are the header's parameters (§20.10). */
function parseBare(value: string, start: number): NameAddr | undefined {
  let i = start;
  for (; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (ENDS_BARE_URI[code] === 1) break;
    if (NOT_IN_BARE_URI[code] === 1) return undefined;
  }
  return withParams(value, value.slice(start, i), i, undefined);
}

function withParams(
  value: string,
  uri: string,
  at: number,
  display: string | undefined,
): NameAddr | undefined {
  if (uriScheme(uri) === undefined || hasSpaceOrControl(uri) || uri.includes("<")) return undefined;
  const walk = new ParamWalk(value, at, value.length);
  let tag: string | undefined;
  while (walk.next()) {
    if (!walk.isNamed("tag")) continue;
    // Two tags would let two readers see two dialogs; an empty one names none.
    if (tag !== undefined || !walk.value) return undefined;
    tag = walk.value;
  }
  return walk.isBroken ? undefined : new ParsedNameAddr(display, uri, tag, value, at);
}
