import {
  attributeName,
  attributeValue,
  parseFmtp,
  parsePacketTime,
  parseRtpmap,
} from "./attribute.ts";
import { parseConnection, parseOrigin } from "./connection.ts";
import { isRtp, type MediaLine, parseMediaLine, parsePayloadType } from "./media-line.ts";
import type { MediaSection, Sdp } from "./sdp.ts";

export interface SdpLimits {
  readonly bytesMax: number;
  readonly linesMax: number;
  readonly lineBytesMax: number;
  readonly mediaMax: number;
}

export const SDP_LIMITS: SdpLimits = {
  bytesMax: 65_536,
  linesMax: 1000,
  lineBytesMax: 4096,
  mediaMax: 32,
};

/** Why a text isn't a description that we take: one name a rule. */
export type SdpFault =
  | "too-long"
  | "too-many-lines"
  | "line-too-long"
  | "too-many-media"
  | "control-character"
  | "not-a-line"
  | "misplaced-line"
  | "version"
  | "origin"
  | "connection"
  | "media-line"
  | "payload-type"
  | "rtpmap"
  | "fmtp"
  | "packet-time"
  | "answer-does-not-fit";

export interface SdpFailure {
  readonly kind: "sdp-failure";
  readonly what: SdpFault;
  /** Counted from 1; absent where no one line is to blame. */
  readonly line?: number;
}

export const isSdpFailure = (value: Sdp | SdpFailure): value is SdpFailure => "kind" in value;

export function sdpFailure(what: SdpFault, line?: number): SdpFailure {
  return { kind: "sdp-failure", what, ...(line !== undefined && { line }) };
}

/**
 * Reads a description; never throws. Taken liberally where an old phone is only careless (line
 * ends, order, blanks), and refused by name where a careless parser behind us could be hurt.
 */
export function parseSdp(text: string, limits: SdpLimits = SDP_LIMITS): Sdp | SdpFailure {
  if (text.length > limits.bytesMax) return sdpFailure("too-long");
  if (CONTROL.test(text)) return sdpFailure("control-character");
  const lines = linesOf(text);
  if (lines.length > limits.linesMax) return sdpFailure("too-many-lines");
  const session: string[] = [];
  const media: { line: MediaLine; lines: string[] }[] = [];
  let section: (typeof media)[number] | undefined;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.length > limits.lineBytesMax) return sdpFailure("line-too-long", i + 1);
    if (!isLine(line)) return sdpFailure("not-a-line", i + 1);
    if (line.startsWith("m=")) {
      const read = readMediaLine(line);
      if (typeof read === "string") return sdpFailure(read, i + 1);
      if (media.length === limits.mediaMax) return sdpFailure("too-many-media", i + 1);
      section = { line: read, lines: [] };
      media.push(section);
      continue;
    }
    const fault = section ? mediaFault(line, section) : sessionFault(line, i);
    if (fault) return sdpFailure(fault, i + 1);
    (section?.lines ?? session).push(line);
  }
  return wholeFault(session, media) ?? { session, media };
}

// NUL and its like, and a CR that ends no line, would be read differently by each parser.
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/;

function linesOf(text: string): string[] {
  const lines: string[] = [];
  for (let start = 0; start <= text.length; ) {
    const feed = text.indexOf("\n", start);
    const end = feed < 0 ? text.length : feed;
    // A CR stands before a line feed alone, or the text has been refused.
    const isCrLf = end > start && text.charCodeAt(end - 1) === 0x0d;
    lines.push(text.slice(start, isCrLf ? end - 1 : end));
    start = end + 1;
  }
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

function isLine(line: string): boolean {
  const type = line.charCodeAt(0);
  return type >= 0x61 && type <= 0x7a && line.charCodeAt(1) === 0x3d;
}

function readMediaLine(line: string): MediaLine | SdpFault {
  const read = parseMediaLine(line.slice(2));
  if (!read) return "media-line";
  if (!isRtp(read.protocol)) return read;
  return read.formats.every((format) => parsePayloadType(format) !== undefined)
    ? read
    : "payload-type";
}

function sessionFault(line: string, i: number): SdpFault | undefined {
  switch (line[0]) {
    case "v":
      return i === 0 && line.slice(2).trim() === "0" ? undefined : "version";
    case "o":
      return parseOrigin(line.slice(2)) ? undefined : "origin";
    case "c":
      return parseConnection(line.slice(2)) ? undefined : "connection";
    case "a":
      return attributeFault(line, false);
    default:
      return undefined;
  }
}

function mediaFault(line: string, section: MediaSection): SdpFault | undefined {
  switch (line[0]) {
    case "v":
    case "o":
    case "s":
      return "misplaced-line";
    case "c":
      return parseConnection(line.slice(2)) ? undefined : "connection";
    case "a":
      return attributeFault(line, isRtp(section.line.protocol));
    default:
      return undefined;
  }
}

/** Attack cases A4 and A9: formats and packet times that have broken other parsers. */
function attributeFault(line: string, rtp: boolean): SdpFault | undefined {
  switch (attributeName(line)) {
    case "ptime":
    case "maxptime":
      return parsePacketTime(attributeValue(line)) === undefined ? "packet-time" : undefined;
    case "rtpmap":
      return rtp && !parseRtpmap(attributeValue(line)) ? "rtpmap" : undefined;
    case "fmtp":
      return rtp && !parseFmtp(attributeValue(line)) ? "fmtp" : undefined;
    default:
      return undefined;
  }
}

/** What only the whole shows: one v= first, one o=, and a c= for each stream in use. */
function wholeFault(
  session: readonly string[],
  media: readonly MediaSection[],
): SdpFailure | undefined {
  if (!session[0]?.startsWith("v=")) return sdpFailure("version");
  if (session.filter((line) => line.startsWith("o=")).length !== 1) return sdpFailure("origin");
  const isConnection = (line: string): boolean => line.startsWith("c=");
  if (session.some(isConnection)) return undefined;
  const lost = media.some(({ line, lines }) => line.port !== 0 && !lines.some(isConnection));
  return lost ? sdpFailure("connection") : undefined;
}
