import { type MediaLine, printMediaLine } from "./media-line.ts";

/**
 * A session description (RFC 8866) as its lines, in their order and as they came, without line
 * ends: what isn't understood isn't lost. `session` begins with "v=0".
 */
export interface Sdp {
  readonly session: readonly string[];
  readonly media: readonly MediaSection[];
}

/** One m= line, read, and the lines that belong to it, up to the next m= line. */
export interface MediaSection {
  readonly line: MediaLine;
  readonly lines: readonly string[];
}

/** The text of a description, each line ended by CRLF. */
export function printSdp(sdp: Sdp): string {
  const lines = [...sdp.session];
  for (const section of sdp.media) lines.push(printMediaLine(section.line), ...section.lines);
  return printLines(lines);
}

export const printLines = (lines: readonly string[]): string => `${lines.join("\r\n")}\r\n`;
