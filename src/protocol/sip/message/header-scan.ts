import { type HeaderName, knownNameAt, unknownName } from "./header-names.ts";
import { isSpace, isToken, skipSpace, skipSpaceBack } from "./lexis.ts";
import type { ParseFault } from "./parse-failure.ts";

const UNENDED = -1;
const BAD_LINE_END = -2;

/**
 * Where the line that starts at `at` ends (its CR), or one of the negative faults. A CR or LF that
 * is not part of a CRLF is refused: two readers that disagree on where a line ends see two messages.
 */
export function lineEndAt(text: string, at: number): number {
  const lf = text.indexOf("\n", at);
  if (lf < 0) return UNENDED;
  return text.indexOf("\r", at) === lf - 1 ? lf - 1 : BAD_LINE_END;
}

export const lineFault = (end: number): ParseFault =>
  end === UNENDED ? "headers-unended" : "line-end";

/** Goes through the header fields of a message's text, one at a time. */
export class HeaderScan {
  name: HeaderName | undefined;
  /** One line: folded lines are joined (RFC 3261 §7.3.1), white space at both ends is gone. */
  value = "";
  /**
   * A text in which `value` stands from `start` to `end`. To walk through a piece of a text is
   * twice as dear as through the text itself: each character is found by way of the piece.
   */
  source = "";
  start = 0;
  end = 0;
  /** Set when `next` is false for anything but the end of the headers. */
  fault: ParseFault | undefined;
  /** Where the next field starts; after the last one, where the body does. */
  at: number;
  readonly #text: string;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  /** Goes to the next field; false at the empty line that ends the headers, or at a fault. */
  next(): boolean {
    const text = this.#text;
    const start = this.at;
    let end = lineEndAt(text, start);
    if (end < 0) return this.#stop(lineFault(end));
    if (end === start) {
      this.at = end + 2;
      return false;
    }
    let isFolded = false;
    while (isSpace(text.charCodeAt(end + 2))) {
      isFolded = true;
      end = lineEndAt(text, end + 2);
      if (end < 0) return this.#stop(lineFault(end));
    }
    this.at = end + 2;
    return this.#field(start, end, isFolded);
  }

  #field(start: number, end: number, isFolded: boolean): boolean {
    const text = this.#text;
    const colon = text.indexOf(":", start);
    if (colon < 0 || colon >= end) return this.#stop("header-without-colon");
    // White space before the colon is no part of the name (RFC 3261 §25.1 HCOLON).
    const nameEnd = text.charCodeAt(colon - 1) > 0x20 ? colon : skipSpaceBack(text, start, colon);
    this.name = knownNameAt(text, start, nameEnd);
    if (this.name === undefined) {
      if (!isToken(text, start, nameEnd)) return this.#stop("header-name");
      this.name = unknownName(text.slice(start, nameEnd));
    }
    this.source = text;
    this.start = skipSpace(text, colon + 1, end);
    this.end = skipSpaceBack(text, this.start, end);
    this.value = text.slice(this.start, this.end);
    if (isFolded) this.#unfold();
    return true;
  }

  #unfold(): void {
    this.value = unfolded(this.value);
    this.source = this.value;
    this.start = 0;
    this.end = this.value.length;
  }

  #stop(fault: ParseFault): false {
    this.fault = fault;
    return false;
  }
}

/** A line end with the white space around it means one space. */
function unfolded(value: string): string {
  const lines = value.split("\r\n");
  let text = "";
  for (const line of lines) {
    const start = skipSpace(line, 0, line.length);
    const piece = line.slice(start, skipSpaceBack(line, start, line.length));
    if (piece !== "") text += text === "" ? piece : ` ${piece}`;
  }
  return text;
}
