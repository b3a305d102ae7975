import { latin1Text } from "#base";
import { answerable } from "./answerable.ts";
import { HeaderScan, lineEndAt, lineFault } from "./header-scan.ts";
import { Headers } from "./headers.ts";
import { digits, isToken, sameName, splitList } from "./lexis.ts";
import { type Message, Request, Response } from "./message.ts";
import { parseNameAddr } from "./name-addr.ts";
import {
  MESSAGE_LIMITS,
  type MessageLimits,
  type ParseFailure,
  type ParseFault,
} from "./parse-failure.ts";

/**
 * Reads one message: a datagram, or what framing has cut from a stream. Never throws. What comes
 * back has its mandatory fields, its Request-URI and the addresses that route it proved valid; all
 * else is read when it is asked for.
 */
export function parseMessage(
  bytes: Uint8Array,
  limits: MessageLimits = MESSAGE_LIMITS,
): Message | ParseFailure {
  if (bytes.length > limits.messageBytesMax) {
    const head = latin1Text(bytes.subarray(0, limits.messageBytesMax));
    return failure("message-too-large", head, limits);
  }
  return parseMessageText(latin1Text(bytes), limits);
}

/** `parseMessage` for a text of one character a byte. */
export function parseMessageText(
  text: string,
  limits: MessageLimits = MESSAGE_LIMITS,
): Message | ParseFailure {
  const whole = text.includes("\0") ? withoutQuotedNul(text) : text;
  const message = read(whole, limits);
  return typeof message === "string" ? failure(message, whole, limits) : message;
}

const STATUS_OF: Partial<Record<ParseFault, ParseFailure["status"]>> = {
  "message-too-large": 513,
  "request-uri-too-long": 414,
  "unsupported-scheme": 416,
  version: 505,
};

function failure(what: ParseFault, text: string, limits: MessageLimits): ParseFailure {
  const replyTo = answerable(text, limits);
  const status = STATUS_OF[what] ?? 400;
  return { kind: "parse-failure", what, status, ...(replyTo && { replyTo }) };
}

function read(text: string, limits: MessageLimits): Message | ParseFault {
  let start = 0;
  // RFC 3261 §7.5: line ends before a message are ignored.
  while (text.startsWith("\r\n", start)) start += 2;
  if (start === text.length) return "empty";
  const lineEnd = lineEndAt(text, start);
  if (lineEnd < 0) return lineFault(lineEnd);
  const headers = new Headers();
  const message = text.startsWith("SIP/", start)
    ? readStatusLine(text, start, lineEnd, headers)
    : readRequestLine(text, start, lineEnd, headers, limits);
  if (typeof message === "string") return message;
  const bodyAt = readHeaders(text, lineEnd + 2, headers, limits);
  if (typeof bodyAt === "string") return bodyAt;
  const body = readBody(text, bodyAt, headers.get("content-length"));
  if (body === undefined) return "content-length";
  if (body === TOO_SHORT) return "body-too-short";
  message.body = body;
  return faultIn(message, limits) ?? message;
}

function readRequestLine(
  text: string,
  start: number,
  end: number,
  headers: Headers,
  limits: MessageLimits,
): Request | ParseFault {
  const methodEnd = text.indexOf(" ", start);
  if (methodEnd < 0 || methodEnd >= end || !isToken(text, start, methodEnd)) return "start-line";
  const uriEnd = text.indexOf(" ", methodEnd + 1);
  if (uriEnd < 0 || uriEnd >= end) return "start-line";
  const version = versionFault(text, uriEnd + 1, end);
  if (version !== undefined) return version;
  if (uriEnd - methodEnd - 1 > limits.uriBytesMax) return "request-uri-too-long";
  const uri = text.slice(methodEnd + 1, uriEnd);
  return new Request(text.slice(start, methodEnd), uri, headers);
}

function versionFault(text: string, start: number, end: number): ParseFault | undefined {
  if (end === start + 7 && text.startsWith("SIP/2.0", start)) return undefined;
  if (sameName(text, start, end, "sip/2.0")) return undefined;
  const dot = text.indexOf(".", start);
  const isVersion =
    sameName(text, start, start + 4, "sip/") &&
    digits(text, start + 4, dot, 999) >= 0 &&
    digits(text, dot + 1, end, 999) >= 0;
  return isVersion ? "version" : "start-line";
}

function readStatusLine(
  text: string,
  start: number,
  end: number,
  headers: Headers,
): Response | ParseFault {
  if (!text.startsWith("SIP/2.0 ", start)) return "version";
  const statusEnd = start + 11;
  const status = digits(text, start + 8, statusEnd, 699);
  if (status < 100 || statusEnd > end) return "status";
  // The space before an empty reason is mandatory, and often left out (RFC 3261 §7.2).
  if (statusEnd < end && text.charCodeAt(statusEnd) !== 0x20) return "status";
  return new Response(status, text.slice(Math.min(statusEnd + 1, end), end), headers);
}

/** Reads the fields into `headers`; where the body starts, or the fault. */
function readHeaders(
  text: string,
  at: number,
  headers: Headers,
  limits: MessageLimits,
): number | ParseFault {
  const scan = new HeaderScan(text, at);
  let seenOnce = 0;
  let commas = 0;
  while (scan.next()) {
    const name = scan.name!;
    const { value } = scan;
    if ((seenOnce & name.onceBit) !== 0) return "repeated-header";
    seenOnce |= name.onceBit;
    if (headers.size === limits.headersMax) return "too-many-headers";
    const more = name.isList && value.includes(",") ? commasIn(value) : 0;
    commas += more;
    if (more > 0 && name.key === "via") {
      // One field a hop, so that the top Via is a field that can be changed alone.
      for (const via of splitList(value)) headers.append(name, via);
    } else headers.append(name, value);
  }
  if (scan.fault !== undefined) return scan.fault;
  // There are at most as many values of a header as fields and commas; counting them is dear.
  if (headers.size + commas > limits.valuesMax && headers.mostValues() > limits.valuesMax) {
    return "too-many-values";
  }
  return scan.at;
}

function commasIn(value: string): number {
  let count = 0;
  for (let at = value.indexOf(","); at >= 0; at = value.indexOf(",", at + 1)) count++;
  return count;
}

/** No body has a line end alone for its text: the mark of one that is shorter than announced. */
const TOO_SHORT = "\n";
const LENGTH_DIGITS_MAX = 9;

/** The body by its announced length; undefined where that is no length. */
function readBody(text: string, at: number, announced: string | undefined): string | undefined {
  if (announced === undefined) return text.slice(at);
  if (announced.length > LENGTH_DIGITS_MAX) return undefined;
  const length = digits(announced, 0, announced.length, 999_999_999);
  if (length < 0) return undefined;
  // RFC 3261 §18.3: what a datagram holds beyond is dropped, what it lacks is an error.
  return at + length > text.length ? TOO_SHORT : text.slice(at, at + length);
}

/** What no message may lack or get wrong. */
function faultIn(message: Message, limits: MessageLimits): ParseFault | undefined {
  const { headers } = message;
  const fault = message.firstFault() ?? tooLong(message, limits);
  if (fault !== undefined) return fault;
  if (!areAddresses(headers, "contact")) return "contact";
  if (!areAddresses(headers, "record-route")) return "route";
  if (message.kind === "response") return undefined;
  return requestFault(message);
}

/** What a request may be addressed to: SIP, telephone numbers, and services (RFC 5031). */
const SCHEMES = new Set(["sip", "sips", "tel", "urn"]);

function requestFault(request: Request): ParseFault | undefined {
  const { headers } = request;
  if (request.cseq.method !== request.method) return "cseq-method";
  const { target } = request;
  if (target === undefined) return "request-uri";
  if (!SCHEMES.has(target.scheme)) return "unsupported-scheme";
  if (!areAddresses(headers, "route")) return "route";
  if (!isNumber(headers.get("max-forwards"), 255)) return "max-forwards";
  if (!isNumber(headers.get("expires"), 0xffff_ffff)) return "expires";
  return undefined;
}

function tooLong(message: Message, limits: MessageLimits): ParseFault | undefined {
  const { uriBytesMax, identifierBytesMax: max } = limits;
  const { from, to } = message;
  if (from.uri.length > uriBytesMax || to.uri.length > uriBytesMax) return "uri-too-long";
  const { callId, via } = message;
  const isTooLong =
    callId.length > max ||
    via.branch.length > max ||
    (from.tag !== undefined && from.tag.length > max) ||
    (to.tag !== undefined && to.tag.length > max);
  return isTooLong ? "identifier-too-long" : undefined;
}

const isNumber = (value: string | undefined, max: number): boolean =>
  value === undefined || digits(value, 0, value.length, max) >= 0;

function areAddresses(headers: Headers, name: string): boolean {
  for (const value of headers.list(name)) {
    if (parseNameAddr(value) === undefined && value !== "*") return false;
  }
  return true;
}

/**
 * A quoted string may hold an escaped NUL (RFC 3261 §25.1), which ends the text for many a reader
 * in C: it is taken out, so that none goes from one side to the other. Any other NUL stays, and is
 * refused with what it stands in.
 */
function withoutQuotedNul(text: string): string {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return text;
  return text.slice(0, headEnd).replaceAll("\\\0", "") + text.slice(headEnd);
}
