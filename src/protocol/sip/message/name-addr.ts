import {
  charSet,
  endOf,
  GREATER,
  isSpace,
  LESS,
  QUOTE,
  quote,
  quotedEnd,
  SEMICOLON,
  skipSpace,
  skipSpaceBack,
  unquote,
} from "./lexis.ts";
import { type Params, ParamWalk, parseParams, printParams } from "./params.ts";
import { schemeEnd } from "./uri.ts";

/** An address of From, To, Contact, Route… (RFC 3261 §20.10 name-addr or addr-spec). */
export interface NameAddr {
  /** The display name as text: without quotes and escapes. */
  readonly display?: string | undefined;
  /** As on the wire, without <>. */
  readonly uri: string;
  readonly params: Params;
  readonly tag?: string | undefined;
}

/** An address whose display name and parameters are cut out when they are asked for. */
class ParsedNameAddr implements NameAddr {
  readonly uri: string;
  readonly tag: string | undefined;
  readonly #text: string;
  readonly #nameStart: number;
  readonly #nameEnd: number;
  readonly #paramsStart: number;
  readonly #end: number;
  #params: Params | undefined;

  constructor(
    text: string,
    nameStart: number,
    nameEnd: number,
    uri: string,
    tag: string | undefined,
    paramsStart: number,
    end: number,
  ) {
    this.uri = uri;
    this.tag = tag;
    this.#text = text;
    this.#nameStart = nameStart;
    this.#nameEnd = nameEnd;
    this.#paramsStart = paramsStart;
    this.#end = end;
  }

  get display(): string | undefined {
    if (this.#nameStart === this.#nameEnd) return undefined;
    return unquote(this.#text.slice(this.#nameStart, this.#nameEnd));
  }

  get params(): Params {
    this.#params ??= parseParams(this.#text, this.#paramsStart, this.#end)!;
    return this.#params;
  }
}

const ANY = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
const allBut = (excluded: string, from = 0): Uint8Array =>
  charSet(ANY.filter((char, code) => code >= from && !excluded.includes(char)).join(""));

// What an unquoted display name may hold. RFC 3261 §25.1 grants tokens alone; names with dots,
// brackets, apostrophes or UTF-8 are seen unquoted (RFC 4475 §3.1.2.15 leaves both ways open).
const NAME = allBut('",;<>');
const IN_BRACKETS = allBut('"<>\x7f', 0x21);
/** A URI that stands without <> ends at a semicolon and holds no comma or question mark (§20). */
const BARE = allBut('",;?<>\x7f', 0x21);

/** Reads one address; undefined when the value is none, or more than one. */
export const parseNameAddr = (value: string): NameAddr | undefined =>
  parseNameAddrIn(value, 0, value.length);

/** Reads the address that stands from `start` to `end` of a text. */
export function parseNameAddrIn(text: string, start: number, end: number): NameAddr | undefined {
  const nameStart = skipSpace(text, start, end);
  let less: number;
  let nameEnd: number;
  if (text.charCodeAt(nameStart) === QUOTE) {
    nameEnd = quotedEnd(text, nameStart, end);
    if (nameEnd < 0) return undefined;
    less = skipSpace(text, nameEnd, end);
  } else {
    less = endOf(NAME, text, nameStart, end);
    nameEnd = skipSpaceBack(text, nameStart, less);
    if (less === end || text.charCodeAt(less) !== LESS) return parseBare(text, nameStart, end);
  }
  if (less >= end || text.charCodeAt(less) !== LESS) return undefined;
  const uriEnd = endOf(IN_BRACKETS, text, less + 1, end);
  if (uriEnd === end || text.charCodeAt(uriEnd) !== GREATER) return undefined;
  return parseRest(text, nameStart, nameEnd, less + 1, uriEnd, uriEnd + 1, end);
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
export function printNameAddr(address: Pick<NameAddr, "uri"> & Partial<NameAddr>): string {
  const { display, uri, params, tag } = address;
  let text = display === undefined || display === "" ? `<${uri}>` : `${quote(display)} <${uri}>`;
  if (params !== undefined) text += printParams(params);
  if (tag !== undefined && params?.has("tag") !== true) text += `;tag=${tag}`;
  return text;
}

/** A URI without <>: what follows its first semicolon are the header's parameters (§20.10). */
function parseBare(text: string, start: number, end: number): NameAddr | undefined {
  const uriEnd = endOf(BARE, text, start, end);
  if (uriEnd < end && text.charCodeAt(uriEnd) !== SEMICOLON && !isSpace(text.charCodeAt(uriEnd))) {
    return undefined;
  }
  return parseRest(text, start, start, start, uriEnd, uriEnd, end);
}

/** One for all addresses: a message has three at least. */
const tagWalk = new ParamWalk();

function parseRest(
  text: string,
  nameStart: number,
  nameEnd: number,
  uriStart: number,
  uriEnd: number,
  paramsStart: number,
  end: number,
): NameAddr | undefined {
  const colon = schemeEnd(text, uriStart, uriEnd);
  if (colon < 0 || colon + 1 === uriEnd) return undefined;
  let tag: string | undefined;
  if (paramsStart < end) {
    const walk = tagWalk.over(text, paramsStart, end);
    while (walk.next()) {
      if (!walk.isNamed("tag")) continue;
      // Two tags would let two readers see two dialogs; an empty one names none.
      if (tag !== undefined || !walk.value) return undefined;
      tag = walk.value;
    }
    if (walk.isBroken()) return undefined;
  }
  const uri = text.slice(uriStart, uriEnd);
  return new ParsedNameAddr(text, nameStart, nameEnd, uri, tag, paramsStart, end);
}
