import { parseParametered } from "./field-values.ts";
import { Headers } from "./headers.ts";
import { isToken, unquote } from "./lexis.ts";
import { type Params, ParamWalk } from "./params.ts";

/** One part of a body: the fields that describe it, and what it is. */
export interface BodyPart {
  readonly headers: Headers;
  readonly body: string;
}

/** A body of several parts (RFC 2046 §5.1). */
export interface Multipart {
  /** "mixed", "alternative", "related"… in lower case. */
  readonly subtype: string;
  /** Those of Content-Type, without the boundary. */
  readonly params: Params;
  readonly parts: readonly BodyPart[];
}

/** What nobody sends more of: a description, a location, ISUP, and a few descriptions of a call. */
const PARTS_MAX = 16;
const PART_FIELDS_MAX = 16;

const BOUNDARY_MAX = 70;

/**
 * Reads a body of several parts. Undefined when it is none: without its boundary or its end, with
 * fields that can't be read, or with more of anything than there may be.
 */
export function parseMultipart(contentType: string, body: string): Multipart | undefined {
  // A semicolon too many at the end is seen in the wild, and leaves nothing in doubt.
  const text = contentType.trimEnd();
  const type = parseParametered(text.endsWith(";") ? text.slice(0, -1) : text);
  if (!type?.value.startsWith("multipart/")) return undefined;
  const params = new Map(type.params);
  const boundary = unquote(params.get("boundary") ?? "");
  params.delete("boundary");
  if (boundary === "" || boundary.length > BOUNDARY_MAX) return undefined;
  if (!hasOneBoundary(contentType)) return undefined;
  const parts: BodyPart[] = [];
  for (const piece of cutApart(body, boundary) ?? []) {
    const part = parsePart(piece);
    if (!part || parts.length === PARTS_MAX) return undefined;
    parts.push(part);
  }
  if (parts.length === 0) return undefined;
  return { subtype: type.value.slice("multipart/".length), params, parts };
}

/** The body with `boundary` between its parts, in none of which it may stand. */
export function printMultipart(parts: readonly BodyPart[], boundary: string): string {
  let text = "";
  for (const part of parts) text += printPart(part, boundary);
  return `${text}--${boundary}--\r\n`;
}

/** One part, as it stands before another or before the end of a body. */
export const printPart = ({ headers, body }: BodyPart, boundary: string): string =>
  `--${boundary}${headers.print()}\r\n\r\n${body}\r\n`;

/** Two, or one in pieces or in a charset (RFC 2231 §3, §4), would be two bodies for two readers. */
function hasOneBoundary(contentType: string): boolean {
  const walk = new ParamWalk().over(contentType, contentType.indexOf(";"), contentType.length);
  let count = 0;
  while (walk.next()) if (/^boundary(\*|$)/.test(walk.name)) count++;
  return count === 1;
}

/** What stands between the delimiters; undefined without the last one. */
function cutApart(body: string, boundary: string): string[] | undefined {
  const mark = `\r\n--${boundary}`;
  const texts: string[] = [];
  // The first delimiter may begin the body; what stands before it (a preamble) is nothing.
  const text = body.startsWith(mark.slice(2)) ? `\r\n${body}` : body;
  let at = text.indexOf(mark);
  while (at >= 0) {
    const start = at + mark.length;
    if (text.startsWith("--", start)) return texts;
    const next = text.indexOf(mark, start);
    const begin = text.indexOf("\r\n", start);
    // A delimiter whose line goes on is another boundary's, which only begins like this one.
    if (next < 0 || text.slice(start, begin).trim() !== "" || texts.length > PARTS_MAX) break;
    texts.push(text.slice(begin + 2, Math.max(begin + 2, next)));
    at = next;
  }
  return undefined;
}

function parsePart(text: string): BodyPart | undefined {
  // A part may have no fields at all: the empty line that ends them stands first.
  const end = text.startsWith("\r\n") ? 0 : text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const headers = new Headers();
  // A line that begins with white space goes on with the one before it (RFC 5322 §2.2.3).
  const lines = text.slice(0, end).replace(/\r\n[ \t]+/g, " ");
  for (const line of lines === "" ? [] : lines.split("\r\n", PART_FIELDS_MAX + 1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trimEnd();
    if (!isToken(name) || headers.size === PART_FIELDS_MAX) return undefined;
    headers.add(name, line.slice(colon + 1).trim());
  }
  // Two types would be two bodies for two readers.
  if (headers.all("content-type").length > 1) return undefined;
  return { headers, body: text.slice(end === 0 ? 2 : end + 4) };
}
