import { canonicalAddress } from "#base";
import { parsePayloadType, parsePort } from "./media-line.ts";
import type { MediaSection, Sdp } from "./sdp.ts";

export const DIRECTIONS = ["sendrecv", "sendonly", "recvonly", "inactive"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The name of an a= line in lower case, or undefined for a line of another type. */
export function attributeName(line: string): string | undefined {
  if (!line.startsWith("a=")) return undefined;
  const colon = line.indexOf(":");
  return line
    .slice(2, colon < 0 ? undefined : colon)
    .trim()
    .toLowerCase();
}

/** What stands after the name's colon, trimmed; "" for a flag. */
export function attributeValue(line: string): string {
  const colon = line.indexOf(":");
  return colon < 0 ? "" : line.slice(colon + 1).trim();
}

/**
 * The value of the first attribute of this name ("" for a flag), or undefined. The case of names
 * counts (RFC 8866 §5.13): what is written otherwise isn't understood.
 */
export function findAttribute(lines: readonly string[], name: string): string | undefined {
  for (const line of lines) if (isNamed(line, name)) return attributeValue(line);
  return undefined;
}

export function hasAttribute(lines: readonly string[], name: string): boolean {
  for (const line of lines) if (isNamed(line, name)) return true;
  return false;
}

function isNamed(line: string, name: string): boolean {
  if (!line.startsWith("a=") || !line.startsWith(name, 2)) return false;
  const end = 2 + name.length;
  return line.length === end || line[end] === ":" || line.slice(end).trim() === "";
}

/** The direction of a stream: its own, else the session's, else sendrecv (RFC 8866 §6.7). */
export function directionOf(sdp: Sdp, section: MediaSection): Direction {
  return ownDirection(section.lines) ?? ownDirection(sdp.session) ?? "sendrecv";
}

/** The direction as the other end sees it. */
export function mirrored(direction: Direction): Direction {
  if (direction === "sendonly") return "recvonly";
  return direction === "recvonly" ? "sendonly" : direction;
}

export interface RtcpAttribute {
  readonly port: number;
  /** Canonical; absent when the stream's own c= counts. */
  readonly address?: string;
}

/** Reads the value of a=rtcp (RFC 3605 §2.1). */
export function parseRtcp(value: string): RtcpAttribute | undefined {
  const [portText, network, type, host, more] = value.trim().split(/ +/);
  const port = parsePort(portText!);
  if (!port || more !== undefined) return undefined;
  if (network === undefined) return { port };
  const address = host === undefined ? undefined : canonicalAddress(host);
  const known = network.toUpperCase() === "IN" && /^IP[46]$/i.test(type ?? "");
  return known && address !== undefined ? { port, address } : undefined;
}

export interface Rtpmap {
  readonly payloadType: number;
  readonly encoding: string;
  readonly clockHz: number;
  /** As the channel count of audio: "2" in "opus/48000/2". */
  readonly parameters?: string;
}

/** Reads the value of a=rtpmap (RFC 8866 §6.6). */
export function parseRtpmap(value: string): Rtpmap | undefined {
  const parts = /^(\d{1,3}) +([!-.0-~]{1,64})\/(\d{1,9})(?:\/([!-~]{1,32}))?$/.exec(value);
  if (!parts) return undefined;
  const [, type, encoding, clock, parameters] = parts;
  const payloadType = parsePayloadType(type!);
  const clockHz = Number(clock);
  if (payloadType === undefined || clockHz === 0) return undefined;
  return { payloadType, encoding: encoding!, clockHz, ...(parameters && { parameters }) };
}

export const printRtpmap = (map: Rtpmap): string =>
  `a=rtpmap:${map.payloadType} ${map.encoding}/${map.clockHz}${map.parameters ? `/${map.parameters}` : ""}`;

export interface Fmtp {
  readonly payloadType: number;
  /** Codec's own text; "" where a peer wrote nothing. */
  readonly parameters: string;
}

/** Reads the value of a=fmtp of an RTP stream (RFC 8866 §6.15). */
export function parseFmtp(value: string): Fmtp | undefined {
  const space = value.indexOf(" ");
  const payloadType = parsePayloadType(space < 0 ? value : value.slice(0, space));
  if (payloadType === undefined) return undefined;
  return { payloadType, parameters: space < 0 ? "" : value.slice(space + 1).trim() };
}

/** More than any codec packs, and far from any overflow (attack case A9). */
export const PACKET_TIME_MS_MAX = 1000;

/** Reads the value of a=ptime or a=maxptime: milliseconds, maybe with a fraction. */
export function parsePacketTime(value: string): number | undefined {
  if (!/^\d{1,4}(?:\.\d{1,6})?$/.test(value)) return undefined;
  const ms = Number(value);
  return ms > 0 && ms <= PACKET_TIME_MS_MAX ? ms : undefined;
}

function ownDirection(lines: readonly string[]): Direction | undefined {
  for (const line of lines) {
    if (line.length < 10 || !line.startsWith("a=")) continue;
    for (const direction of DIRECTIONS) if (isNamed(line, direction)) return direction;
  }
  return undefined;
}
