import { latin1Text } from "#base";
import { answerable } from "./answerable.ts";
import { HeaderScan, lineEndAt, lineFault } from "./header-scan.ts";
import { Headers } from "./headers.ts";
import { digits, isToken, isWord, sameName, splitList } from "./lexis.ts";
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
  // One byte more than may be tells that it is too long.
  return parseMessageText(latin1Text(bytes.subarray(0, limits.messageBytesMax + 1)), limits);
}

/** `parseMessage` for a text of one character a byte. */
export function parseMessageText(
  text: string,
  limits: MessageLimits = MESSAGE_LIMITS,
): Message | ParseFailure {
  if (text.length > limits.messageBytesMax) {
    return failure("message-too-large", text.slice(0, limits.messageBytesMax), limits);
  }
  if (text.includes("\0")) return parseWithNul(text, limits);
  const message = read(text, limits);
  return typeof message === "string" ? failure(message, text, limits) : message;
}

/**
 * A quoted string may hold an escaped NUL (RFC 3261 §25.1), which ends the text for many a reader
 * in C: it is taken out, so that none goes from one side to the other. A NUL elsewhere in the head
 * is refused; a body may hold any.
 */
function parseWithNul(text: string, limits: MessageLimits): Message | ParseFailure {
  const end = text.indexOf("\r\n\r\n");
  const headEnd = end < 0 ? text.length : end;
  const head = text.slice(0, headEnd).replaceAll("\\\0", "");
  const body = text.slice(headEnd);
  if (head.includes("\0")) return failure("nul", head.replaceAll("\0", "") + body, limits);
  const message = read(head + body, limits);
  return typeof message === "string" ? failure(message, head + body, limits) : message;
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
  const message = text.startsWith("SIP/", start)
    ? readStatusLine(text, start, lineEnd)
    : readRequestLine(text, start, lineEnd, limits);
  if (typeof message === "string") return message;
  const bodyAt = readHeaders(text, lineEnd + 2, message, limits);
  if (typeof bodyAt === "string") return bodyAt;
  if (!message.isWhole()) return "missing-header";
  const fault = message.kind === "request" ? requestFault(message) : undefined;
  return fault ?? readBody(text, bodyAt, message) ?? message;
}

function readRequestLine(
  text: string,
  start: number,
  end: number,
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
  const request = new Request(text.slice(start, methodEnd), uri, new Headers());
  request.proveTarget(text, methodEnd + 1, uriEnd);
  return request;
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

function readStatusLine(text: string, start: number, end: number): Response | ParseFault {
  if (!text.startsWith("SIP/2.0 ", start)) return "version";
  const statusEnd = start + 11;
  const status = digits(text, start + 8, statusEnd, 699);
  if (status < 100 || statusEnd > end) return "status";
  // The space before an empty reason is mandatory, and often left out (RFC 3261 §7.2).
  if (statusEnd < end && text.charCodeAt(statusEnd) !== 0x20) return "status";
  return new Response(status, text.slice(Math.min(statusEnd + 1, end), end), new Headers());
}

/** Reads the fields of a message; where its body starts, or the fault. */
function readHeaders(
  text: string,
  at: number,
  message: Message,
  limits: MessageLimits,
): number | ParseFault {
  const { headers } = message;
  const scan = new HeaderScan(text, at);
  let seenOnce = 0;
  let commas = 0;
  while (scan.next()) {
    const name = scan.name!;
    const { value } = scan;
    if ((seenOnce & name.onceBit) !== 0) return "repeated-header";
    seenOnce |= name.onceBit;
    if (headers.size >= limits.headersMax) return "too-many-headers";
    const more = name.isList ? commasIn(value) : 0;
    commas += more;
    if (more > 0 && name.key === "via") {
      // One field a hop, so that the top Via is a field that can be changed alone.
      for (const via of splitList(value)) headers.append(name, via);
    } else headers.append(name, value);
    const fault = name.isProved ? fieldFault(message, scan, more > 0, limits) : undefined;
    if (fault !== undefined) return fault;
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

/** What is wrong with the field at hand, where it is one of those that must be right. */
function fieldFault(
  message: Message,
  scan: HeaderScan,
  isCut: boolean,
  limits: MessageLimits,
): ParseFault | undefined {
  const { value, source, start, end } = scan;
  const key: string = scan.name!.key;
  switch (key) {
    case "via":
      return viaFault(message, scan, isCut, limits);
    case "from":
    case "to": {
      if (!message.prove(key, value, source, start, end)) return key;
      const { uri, tag } = message[key];
      if (uri.length > limits.uriBytesMax) return "uri-too-long";
      return tag !== undefined && tag.length > limits.identifierBytesMax
        ? "identifier-too-long"
        : undefined;
    }
    case "cseq":
      return message.prove(key, value, source, start, end) ? undefined : key;
    case "call-id":
      if (end - start > limits.identifierBytesMax) return "identifier-too-long";
      return isWord(source, start, end) ? undefined : key;
    case "contact":
      if (isCut || value === "*") return isCut && !areAddresses(value) ? key : undefined;
      return message.prove(key, value, source, start, end) ? undefined : key;
    case "route":
    case "record-route":
      return areAddresses(value) ? undefined : "route";
    case "max-forwards":
    case "expires": {
      // In a response they decide nothing: not worth the loss of a final answer.
      const max = key === "expires" ? EXPIRES_MAX : MAX_FORWARDS_MAX;
      const isSound = message.kind === "response" || digits(source, start, end, max) >= 0;
      return isSound ? undefined : key;
    }
    default:
      return undefined;
  }
}

/** RFC 3261 §20.22 and §20.19. */
const MAX_FORWARDS_MAX = 255;
const EXPIRES_MAX = 0xffff_ffff;

function viaFault(
  message: Message,
  scan: HeaderScan,
  isCut: boolean,
  limits: MessageLimits,
): ParseFault | undefined {
  const { value, source, start, end } = scan;
  const first = isCut ? (message.headers.get("via") ?? "") : value;
  const isValid = isCut
    ? message.prove("via", first, first, 0, first.length)
    : message.prove("via", value, source, start, end);
  if (!isValid) return "via";
  return message.via.branch.length > limits.identifierBytesMax ? "identifier-too-long" : undefined;
}

const areAddresses = (value: string): boolean =>
  splitList(value).every((address) => parseNameAddr(address) !== undefined);

/** What a request may be addressed to: SIP, telephone numbers, and services (RFC 5031). */
const SCHEMES = new Set(["sip", "sips", "tel", "urn"]);

function requestFault(request: Request): ParseFault | undefined {
  const { target } = request;
  if (target === undefined) return "request-uri";
  if (!SCHEMES.has(target.scheme)) return "unsupported-scheme";
  return request.cseq.method === request.method ? undefined : "cseq-method";
}

const LENGTH_DIGITS_MAX = 9;

/** Gives the message its body, of the length that it announces. */
function readBody(text: string, at: number, message: Message): ParseFault | undefined {
  const announced = message.headers.get("content-length");
  if (announced === undefined) {
    message.body = text.slice(at);
    return undefined;
  }
  if (announced.length > LENGTH_DIGITS_MAX) return "content-length";
  const length = digits(announced, 0, announced.length, 999_999_999);
  if (length < 0) return "content-length";
  // RFC 3261 §18.3: what a datagram holds beyond is dropped, what it lacks is an error.
  if (at + length > text.length) return "body-too-short";
  message.body = text.slice(at, at + length);
  return undefined;
}
