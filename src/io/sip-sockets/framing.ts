/** What a stream was cut into; `why` of a broken one is fit for a log and a counter. */
export type Framed =
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  /** An empty line between messages: half a ping, or a pong (RFC 5626 §3.5.1). */
  | { readonly kind: "empty-line" }
  /** Where messages begin and end can't be known any more: close the stream. */
  | { readonly kind: "broken"; readonly why: FramingFault };

export type FramingFault =
  | "not-sip"
  | "bare-line-end"
  | "header-too-long"
  | "message-too-long"
  | "content-length-missing"
  | "content-length-malformed"
  | "content-length-ambiguous";

export interface FramingLimits {
  readonly headerBytesMax: number;
  readonly messageBytesMax: number;
}

const CR = 13;
const LF = 10;
const HEADER_END = Buffer.from("\r\n\r\n");
const EMPTY = Buffer.alloc(0);

/** A line end that is not CRLF: two readers could see different lines, hence different messages. */
const BARE_LINE_END = /\r(?!\n)|(?<!\r)\n/;
/** The field and its folded lines; a name after white space is a folded line, not a field. */
const CONTENT_LENGTH = /\r\n(?:content-length|l)[ \t]*:([^\r]*(?:\r\n[ \t][^\r]*)*)/gi;
/** More digits than any message has: no sum can overflow (CVE-2006-0739). */
const LENGTH = /^[ \t\r\n]*(\d{1,9})[ \t\r\n]*$/;

/**
 * Cuts a byte stream into messages by their Content-Length (RFC 3261 §18.3). It believes a
 * length only when every reader would read the same one; else the stream is broken for good.
 */
export class Framing {
  readonly #limits: FramingLimits;
  /** The bytes that are not cut yet are #buffer[#start, #end). */
  #buffer: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** No header end begins before this place. */
  #searched = 0;
  /** The size of the whole message, once its header is read. */
  #size: number | undefined;
  #broken: boolean = false;

  constructor(limits: FramingLimits) {
    this.#limits = limits;
  }

  /** How many bytes of an unfinished message wait here. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /** Takes the next bytes; the stream owns them from now on, and messages may share them. */
  push(chunk: Uint8Array): Framed[] {
    const out: Framed[] = [];
    if (this.#broken) return out;
    this.#append(chunk);
    for (let framed = this.#next(); framed; framed = this.#next()) {
      out.push(framed);
      if (framed.kind === "broken") {
        this.#broken = true;
        this.#start = this.#end;
        break;
      }
    }
    // An idle stream keeps no memory.
    if (this.pendingBytes === 0) this.#buffer = EMPTY;
    return out;
  }

  #next(): Framed | undefined {
    if (this.#size === undefined) {
      const framed = this.#begin();
      if (framed || this.#size === undefined) return framed;
    }
    if (this.pendingBytes < this.#size) return undefined;
    const bytes = this.#buffer.subarray(this.#start, this.#start + this.#size);
    this.#start += this.#size;
    this.#size = undefined;
    this.#searched = this.#start;
    return { kind: "message", bytes };
  }

  /** Reads empty lines one by one, then the header, of which it keeps the message's size. */
  #begin(): Framed | undefined {
    if (this.pendingBytes === 0) return undefined;
    const first = this.#buffer[this.#start]!;
    if (first === CR) return this.#emptyLine();
    if (first <= 0x20 || first > 0x7e) return broken("not-sip");
    const at = this.#buffer.subarray(0, this.#end).indexOf(HEADER_END, this.#searched);
    const headerBytes = (at < 0 ? this.#end : at + HEADER_END.length) - this.#start;
    if (headerBytes > this.#limits.headerBytesMax) return broken("header-too-long");
    if (at < 0) {
      this.#searched = Math.max(this.#start, this.#end - HEADER_END.length + 1);
      return undefined;
    }
    const length = bodyLength(this.#buffer.toString("latin1", this.#start, at + 2));
    if (typeof length === "string") return broken(length);
    if (headerBytes + length > this.#limits.messageBytesMax) return broken("message-too-long");
    this.#size = headerBytes + length;
    return undefined;
  }

  #emptyLine(): Framed | undefined {
    if (this.pendingBytes < 2) return undefined;
    if (this.#buffer[this.#start + 1] !== LF) return broken("bare-line-end");
    this.#start += 2;
    this.#searched = this.#start;
    return { kind: "empty-line" };
  }

  /** Usually nothing waits and the chunk is used as it came; else it is copied behind what waits. */
  #append(chunk: Uint8Array): void {
    const pending = this.pendingBytes;
    if (pending === 0) {
      this.#buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.#start = this.#searched = 0;
      this.#end = chunk.length;
      return;
    }
    // What was cut lies before #start and is never written again: messages given out stay whole.
    if (this.#end + chunk.length <= this.#buffer.length) {
      this.#buffer.set(chunk, this.#end);
      this.#end += chunk.length;
      return;
    }
    // Doubling keeps the copying linear, however small the pieces are.
    const capacity = Math.max(2 * (pending + chunk.length), 1024, this.#size ?? 0);
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(grown, 0, this.#start, this.#end);
    grown.set(chunk, pending);
    this.#searched -= this.#start;
    this.#buffer = grown;
    this.#start = 0;
    this.#end = pending + chunk.length;
  }
}

const broken = (why: FramingFault): Framed => ({ kind: "broken", why });

/** The body's length as the header (with its last CRLF) says it, or why it can't be known. */
function bodyLength(header: string): number | FramingFault {
  if (BARE_LINE_END.test(header)) return "bare-line-end";
  let length: number | undefined;
  for (const match of header.matchAll(CONTENT_LENGTH)) {
    const digits = LENGTH.exec(match[1]!)?.[1];
    if (digits === undefined) return "content-length-malformed";
    const value = Number(digits);
    if (length !== undefined && length !== value) return "content-length-ambiguous";
    length = value;
  }
  return length ?? "content-length-missing";
}
