// The characters of RFC 3261 §25.1, and the few walks over text that all headers share. Everything
// here is a loop over character codes: no regular expression meets a peer's text.

const TAB = 0x09;
const SPACE = 0x20;
export const QUOTE = 0x22;
export const PERCENT = 0x25;
export const COMMA = 0x2c;
export const SLASH = 0x2f;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const QUESTION = 0x3f;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

const ALPHANUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A set of characters as a table: `set[code] === 1` for the members. */
export function charSet(members: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const char of members) set[char.charCodeAt(0)] = 1;
  return set;
}

const TOKEN = charSet(`${ALPHANUM}-.!%*_+\`'~`);
const HOST_NAME = charSet(`${ALPHANUM}-._`);

/** Whether every character from `start` to `end` is of the set; false for none. */
export function isAllOf(set: Uint8Array, text: string, start: number, end: number): boolean {
  if (start >= end) return false;
  for (let i = start; i < end; i++) if (set[text.charCodeAt(i)] !== 1) return false;
  return true;
}

export const isToken = (text: string, start = 0, end = text.length): boolean =>
  isAllOf(TOKEN, text, start, end);

/** Where what is of the set, from `at` on, ends. */
export function endOf(set: Uint8Array, text: string, at: number, end: number): number {
  let i = at;
  while (i < end && set[text.charCodeAt(i)] === 1) i++;
  return i;
}

/**
 * Where the host name that starts at `at` ends: letters, digits, dots, hyphens, and the underscore,
 * which is allowed in no name and in use all the same.
 */
export const hostNameEnd = (text: string, at: number, end: number): number =>
  endOf(HOST_NAME, text, at, end);

/** Where the token that starts at `at` ends. */
export const tokenEnd = (text: string, at: number, end: number): number =>
  endOf(TOKEN, text, at, end);

export const isSpace = (code: number): boolean => code === SPACE || code === TAB;

/** The first place from `at` on that holds no white space. */
export function skipSpace(text: string, at: number, end: number): number {
  let i = at;
  while (i < end && isSpace(text.charCodeAt(i))) i++;
  return i;
}

/** The end of `text` up to `end`, without the white space before it. */
export function skipSpaceBack(text: string, start: number, end: number): number {
  let i = end;
  while (i > start && isSpace(text.charCodeAt(i - 1))) i--;
  return i;
}

/** Whether there is neither white space nor a control character: no identifier may hold one. */
export function isWord(text: string, start = 0, end = text.length): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code <= SPACE || code === DELETE) return false;
  }
  return start < end;
}

/** Whether `text` from `start` to `end` is `lower`, written in any case; `lower` in lower case. */
export function sameName(text: string, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const wanted = lower.charCodeAt(i);
    const code = text.charCodeAt(start + i);
    if (code !== wanted && (wanted < 0x61 || wanted > 0x7a || (code | 0x20) !== wanted))
      return false;
  }
  return true;
}

/** The number that the digits from `start` to `end` write; -1 for anything else or beyond `max`. */
export function digits(text: string, start: number, end: number, max: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > max) return -1;
  }
  return value;
}

/** `at` is an opening quote: the place after the closing one, or -1 when there is none. */
export function quotedEnd(text: string, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i + 1;
    if (code === BACKSLASH) i++;
  }
  return -1;
}

/** The text of a quoted string, its escapes undone; what is not quoted comes back as it is. */
export function unquote(raw: string): string {
  if (raw.charCodeAt(0) !== QUOTE) return raw;
  const inner = raw.slice(1, -1);
  if (!inner.includes("\\")) return inner;
  let text = "";
  for (let i = 0; i < inner.length; i++) {
    if (inner.charCodeAt(i) === BACKSLASH) i++;
    text += inner.charAt(i);
  }
  return text;
}

/** The text as a quoted string (RFC 3261 §25.1); line ends can't be quoted and become spaces. */
export function quote(text: string): string {
  let plain = true;
  for (let i = 0; i < text.length && plain; i++) {
    const code = text.charCodeAt(i);
    plain = code >= SPACE && code !== QUOTE && code !== BACKSLASH && code !== DELETE;
  }
  return plain ? `"${text}"` : `"${escapeQuoted(text)}"`;
}

function escapeQuoted(text: string): string {
  let escaped = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x0d || code === 0x0a || code === 0) escaped += " ";
    else if (code === QUOTE || code === BACKSLASH) escaped += `\\${text.charAt(i)}`;
    else if ((code < SPACE && code !== TAB) || code === DELETE) escaped += `\\${text.charAt(i)}`;
    else escaped += text.charAt(i);
  }
  return escaped;
}

/** Cuts a value at its commas, but for those in quotes and in <>; empty elements are left out. */
export function splitList(value: string): string[] {
  if (!value.includes(",")) return value === "" ? [] : [value];
  const parts: string[] = [];
  let start = 0;
  while (start < value.length) {
    const comma = listComma(value, start);
    const from = skipSpace(value, start, comma);
    const to = skipSpaceBack(value, from, comma);
    if (to > from) parts.push(value.slice(from, to));
    start = comma + 1;
  }
  return parts;
}

/** The next comma from `at` on that separates elements, or the length of the text. */
function listComma(value: string, at: number): number {
  for (let i = at; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === COMMA) return i;
    if (code === QUOTE) {
      const close = quotedEnd(value, i, value.length);
      if (close < 0) return value.length;
      i = close - 1;
    } else if (code === LESS) {
      const close = value.indexOf(">", i);
      if (close < 0) return value.length;
      i = close;
    }
  }
  return value.length;
}
