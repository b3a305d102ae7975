import {
  attributeName,
  attributeValue,
  findAttribute,
  hasAttribute,
  type MediaSection,
  type Sdp,
} from "#sdp";
import type { OurOrigin } from "./call-media-state.ts";

// How descriptions speak of bundles (RFC 9143): several m= lines by one transport. Browsers that
// are told to bundle all insist on a group, also of one line.

/** The name of a line (RFC 5888 §4), and whether its description would bundle it. */
export interface LineName {
  readonly mid: string;
  readonly isBundled: boolean;
}

/** The header extension by which a packet names its line (RFC 9143 §15.2). */
export const MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid";

/** A short token: what is no address. */
const MID = /^[\w+-]{1,32}$/;
/** As many as the media plane has room for. */
const LINES_MAX = 16;
const SSRCS_MAX = 32;
/** RFC 8285 §4.2: what a header of one byte has room for. */
const EXTENSION_ID_MAX = 14;
const MID_IN_PACKETS_MAX = 16;

/** How an offer names one of its lines; undefined where it doesn't. */
export function nameOf(sdp: Sdp, { lines }: MediaSection): LineName | undefined {
  const mid = findAttribute(lines, "mid");
  if (mid === undefined || !MID.test(mid)) return undefined;
  const isBundled = sdp.session.some((line) => isBundle(line) && namesIn(line).includes(mid));
  return { mid, isBundled };
}

/** The names of the lines in a description's bundle, the one first whose transport is for all. */
export function bundledNames(sdp: Sdp): readonly string[] {
  const group = sdp.session.find(isBundle);
  const names = group ? namesIn(group).filter((mid) => MID.test(mid)) : [];
  return [...new Set(names)].slice(0, LINES_MAX);
}

/** By which number packets of a line bear its name; 0 where they don't. */
export function midIdOf({ lines }: MediaSection, mid: string): number {
  if (mid.length > MID_IN_PACKETS_MAX) return 0;
  for (const line of lines) {
    const [id = 0, uri] = extensionIn(line) ?? [];
    if (uri === MID_EXTENSION && id >= 1 && id <= EXTENSION_ID_MAX) return id;
  }
  return 0;
}

/**
 * By which number our offer to a leg names lines in packets; 0 where it can't. A leg keeps the number
 * that it was told, for none may come to mean something else (RFC 8285 §6); the first one is free.
 */
export function offeredMidId({ session, media }: Sdp, { body }: OurOrigin): number {
  const others = new Set<number>();
  for (const line of [...session, ...media.flatMap(({ lines }) => lines)]) {
    const [id, uri] = extensionIn(line) ?? [];
    if (id !== undefined && uri !== MID_EXTENSION) others.add(id);
  }
  const ids =
    body === "" ? Array.from({ length: EXTENSION_ID_MAX }, (_, i) => i + 1) : toldIn(body);
  return ids.find((id) => !others.has(id)) ?? 0;
}

const toldIn = (body: string): number[] =>
  body.split("\r\n").flatMap((line) => (isMidExtension(line) ? extensionIn(line)![0] : []));

/** The sources that a line names (RFC 5576 §4.1). */
export function ssrcsOf({ lines }: MediaSection): number[] {
  const found = new Set<number>();
  for (const line of lines) {
    const [, text] = /^a=ssrc:(\d{1,10})(?= |$)/.exec(line) ?? [];
    if (text !== undefined && Number(text) <= 0xffff_ffff) found.add(Number(text));
  }
  return [...found].slice(0, SSRCS_MAX);
}

/**
 * A bundled line with what its group's first line says for it too: where media goes, how the pair is
 * found and how DTLS begins (RFC 9143 §7.1.3).
 */
export function fillsIn(section: MediaSection, tag: MediaSection): MediaSection {
  const isOnly = section.line.port === 0 && hasAttribute(section.lines, "bundle-only");
  if (section.line.port === 0 && !isOnly) return section;
  const lines = section.lines.filter((line) => !(isOnly && line.startsWith("c=")));
  const take = (...names: string[]): void => {
    if (names.some((name) => hasAttribute(lines, name))) return;
    lines.push(...tag.lines.filter((line) => names.includes(attributeName(line) ?? "")));
  };
  if (isOnly) lines.unshift(...tag.lines.filter((line) => line.startsWith("c=")));
  take("ice-ufrag", "ice-pwd");
  take("fingerprint");
  take("setup");
  take("rtcp-mux");
  const port = isOnly ? tag.line.port : section.line.port;
  return { line: { ...section.line, port }, lines };
}

/** The names of a leg's lines as it was told them last; a line keeps its name. */
export function midsTold({ body }: OurOrigin): readonly (string | undefined)[] {
  return body
    .split("\r\nm=")
    .slice(1)
    .map((section) => /\r\na=mid:([^\r]+)/.exec(section)?.[1]);
}

/** What the whole description says of our lines by their names. */
export const groupLine = (mids: readonly string[]): string[] =>
  mids.length > 0 ? [`a=group:BUNDLE ${mids.join(" ")}`] : [];

/** Whether a line groups others under this meaning. */
export const isBundle = (line: string): boolean =>
  attributeName(line) === "group" && /^bundle\b/i.test(attributeValue(line));

const namesIn = (line: string): string[] => attributeValue(line).split(/ +/).slice(1);

function extensionIn(line: string): [id: number, uri: string] | undefined {
  const parts = /^a=extmap:(\d{1,5})(?:\/\w+)? +(\S+)/.exec(line);
  return parts ? [Number(parts[1]), parts[2]!] : undefined;
}

/** Whether a line says how packets name their line: a word between two neighbours alone. */
export const isMidExtension = (line: string): boolean => extensionIn(line)?.[1] === MID_EXTENSION;
