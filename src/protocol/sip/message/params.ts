import {
  charSet,
  EQUALS,
  isSpace,
  QUOTE,
  quotedEnd,
  SEMICOLON,
  sameName,
  skipSpace,
} from "./lexis.ts";

/**
 * The parameters after a value: lower-case names, values as on the wire (quoted strings with
 * their quotes; see `unquote`), undefined for a name alone. A Map, so that no name is special.
 */
export type Params = ReadonlyMap<string, string | undefined>;

export const NO_PARAMS: Params = new Map();

// What ends a name or a value. More may stand in one than RFC 3261 §25.1 grants to a token:
// addresses without brackets (RFC 5118 §4.5), UTF-8, the slashes of a URL.
const ENDS = charSet(' \t;,="<>');
const VALUE_ENDS = charSet(' \t;,"<>');

/** Walks over `;name=value` pairs, making no object a parameter. */
export class ParamWalk {
  text = "";
  end = 0;
  nameStart = 0;
  nameEnd = 0;
  /** -1 for a name alone. */
  valueStart = -1;
  valueEnd = -1;
  #isBroken = false;
  #at = 0;

  /** Begins anew with what stands from `at` to `end` of a text. */
  over(text: string, at: number, end: number): this {
    this.text = text;
    this.end = end;
    this.#at = at;
    this.#isBroken = false;
    return this;
  }

  /** After the last `next`: whether it stopped because the text is no list of parameters. */
  isBroken(): boolean {
    return this.#isBroken;
  }

  /** Goes to the next parameter; false at the end, or where the text is broken. */
  next(): boolean {
    const { text, end } = this;
    let at = skipSpace(text, this.#at, end);
    if (at === end) return false;
    if (text.charCodeAt(at) !== SEMICOLON) return this.#break();
    at = skipSpace(text, at + 1, end);
    this.nameStart = at;
    while (at < end && ENDS[text.charCodeAt(at)] !== 1) at++;
    this.nameEnd = at;
    if (at === this.nameStart) return this.#break();
    this.valueStart = -1;
    if (at < end && isSpace(text.charCodeAt(at))) at = skipSpace(text, at, end);
    if (at < end && text.charCodeAt(at) === EQUALS) {
      at = this.#value(skipSpace(text, at + 1, end));
      if (at < 0) return this.#break();
    }
    this.#at = at;
    return true;
  }

  /** Whether the parameter at hand has this name, given in lower case. */
  isNamed(lower: string): boolean {
    return sameName(this.text, this.nameStart, this.nameEnd, lower);
  }

  get name(): string {
    return this.text.slice(this.nameStart, this.nameEnd).toLowerCase();
  }

  get value(): string | undefined {
    return this.valueStart < 0 ? undefined : this.text.slice(this.valueStart, this.valueEnd);
  }

  /** Takes the value at `start`; where it ends, or -1. */
  #value(start: number): number {
    const { text, end } = this;
    let at = start;
    if (at < end && text.charCodeAt(at) === QUOTE) at = quotedEnd(text, at, end);
    else while (at < end && VALUE_ENDS[text.charCodeAt(at)] !== 1) at++;
    this.valueStart = start;
    this.valueEnd = at;
    return at;
  }

  #break(): false {
    this.#isBroken = true;
    return false;
  }
}

/** Reads `;a=b;c`; undefined when the text is none. Of a repeated name the first counts. */
export function parseParams(text: string, at = 0, end = text.length): Params | undefined {
  const walk = new ParamWalk().over(text, at, end);
  let params: Map<string, string | undefined> | undefined;
  while (walk.next()) {
    params ??= new Map();
    const { name } = walk;
    if (!params.has(name)) params.set(name, walk.value);
  }
  return walk.isBroken() ? undefined : (params ?? NO_PARAMS);
}

export function printParams(params: Params): string {
  let text = "";
  for (const [name, value] of params)
    text += value === undefined ? `;${name}` : `;${name}=${value}`;
  return text;
}
