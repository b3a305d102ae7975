import { attributeName, attributeValue, findAttribute, type MediaSection, type Sdp } from "#sdp";
import type { OurOrigin } from "./call-media-state.ts";

// Each of our m= lines has a transport of its own, so that only one of them is ever in a bundle
// (RFC 9143 §7.3): the first. Browsers that are told to bundle all insist on a group all the same.

/** The name of a line (RFC 5888 §4), and whether its description would bundle it. */
export interface LineName {
  readonly mid: string;
  readonly isBundled: boolean;
}

/** A short token: what is no address. */
const MID = /^[\w+-]{1,32}$/;

/** How an offer names one of its lines; undefined where it doesn't. */
export function nameOf(sdp: Sdp, { lines }: MediaSection): LineName | undefined {
  const mid = findAttribute(lines, "mid");
  if (mid === undefined || !MID.test(mid)) return undefined;
  const isBundled = sdp.session.some((line) => isBundle(line) && namesIn(line).includes(mid));
  return { mid, isBundled };
}

/** The names of a leg's lines as it was told them last; a line keeps its name. */
export function midsTold({ body }: OurOrigin): readonly (string | undefined)[] {
  return body
    .split("\r\nm=")
    .slice(1)
    .map((section) => /\r\na=mid:([^\r]+)/.exec(section)?.[1]);
}

/** What the whole description says of our lines by their names. */
export function groupLine(names: readonly (LineName | undefined)[]): string[] {
  const first = names.find((name) => name?.isBundled);
  return first ? [`a=group:BUNDLE ${first.mid}`] : [];
}

/** Whether a line groups others under this meaning. */
export const isBundle = (line: string): boolean =>
  attributeName(line) === "group" && /^bundle\b/i.test(attributeValue(line));

const namesIn = (line: string): string[] => attributeValue(line).split(/ +/).slice(1);
