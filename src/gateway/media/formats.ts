import { type MediaSection, parsePayloadType, parseRtpmap } from "#sdp";
import { type Format, otherRole, type Role, type Stream } from "./command.ts";

/** What packets of a format are: the media itself, telephone events (RFC 4733), or neither. */
export type FormatUse = "media" | "events" | "aside";

/** More than any telephone lists; those behind them aren't known. */
const FORMATS_MAX = 64;
/** RFC 3551 §6: what a payload type means that has no a=rtpmap. */
const STATIC: ReadonlyMap<number, readonly [encoding: string, clockHz: number]> = new Map([
  [0, ["pcmu", 8000]],
  [3, ["gsm", 8000]],
  [4, ["g723", 8000]],
  [5, ["dvi4", 8000]],
  [6, ["dvi4", 16_000]],
  [7, ["lpc", 8000]],
  [8, ["pcma", 8000]],
  [9, ["g722", 8000]],
  [10, ["l16", 44_100]],
  [11, ["l16", 44_100]],
  [12, ["qcelp", 8000]],
  [13, ["cn", 8000]],
  [14, ["mpa", 90_000]],
  [15, ["g728", 8000]],
  [16, ["dvi4", 11_025]],
  [17, ["dvi4", 22_050]],
  [18, ["g729", 8000]],
]);
const AUDIO_HZ = 8000;
const VIDEO_HZ = 90_000;
/** Comfort noise, and what repairs the media: redundancy, parity, retransmission. */
const ASIDE = /^(?:cn|red|rtx|ulpfec|flexfec|flexfec-03|parityfec|raptorfec)$/;

/** The payload types of an m= line of RTP, in its order. */
export function formatsOf({ line, lines }: MediaSection): Format[] {
  const maps = new Map<number, Format>();
  for (const one of lines) {
    const map = one.startsWith("a=rtpmap:") ? parseRtpmap(one.slice(9).trim()) : undefined;
    if (!map || maps.has(map.payloadType)) continue;
    const { payloadType, encoding, clockHz } = map;
    maps.set(payloadType, { payloadType, encoding: encoding.toLowerCase(), clockHz });
  }
  const usualHz = /^audio$/i.test(line.media) ? AUDIO_HZ : VIDEO_HZ;
  const formats: Format[] = [];
  for (const text of line.formats.slice(0, FORMATS_MAX)) {
    const payloadType = parsePayloadType(text);
    if (payloadType === undefined) continue;
    const [encoding, clockHz] = STATIC.get(payloadType) ?? ["", usualHz];
    formats.push(maps.get(payloadType) ?? { payloadType, encoding, clockHz });
  }
  return formats;
}

/**
 * What one end's peer may send: by the other's description, which says what that wants. Some send
 * by their own numbers all the same, so these come behind.
 */
export function formatsFrom(ends: Stream["ends"], role: Role): Format[] {
  const wanted = ends[otherRole(role)].formats ?? [];
  const own = ends[role].formats ?? [];
  const known = new Set(wanted.map(({ payloadType }) => payloadType));
  const more = own.filter(({ payloadType }) => !known.has(payloadType));
  return [...wanted, ...more].slice(0, FORMATS_MAX);
}

export function formatUse({ encoding }: Format): FormatUse {
  if (encoding === "telephone-event") return "events";
  return ASIDE.test(encoding) ? "aside" : "media";
}

export const sameFormats = (a: readonly Format[] = [], b: readonly Format[] = []): boolean =>
  a === b || (a.length === b.length && a.every((one, i) => sameFormat(one, b[i]!)));

const sameFormat = (a: Format, b: Format): boolean =>
  a.payloadType === b.payloadType && a.encoding === b.encoding && a.clockHz === b.clockHz;
