import { type MediaSection, originOf, refusedSection, type Sdp } from "#sdp";
import type { Side } from "#sip";
import type { Exchange, OfferedLine, OurOrigin } from "./call-media-state.ts";
import type { Role, Stream } from "./command.ts";
import { muxAgreed } from "./exchange.ts";
import type { JudgedLine } from "./judge.ts";
import { answeredWith, type LegVoice, proposed, type ToldSecurity } from "./line-security.ts";
import type { MediaFacts } from "./media-facts.ts";
import { printAsOurs } from "./our-origin.ts";
import { rewriteIdle, rewriteMedia, rewriteSession } from "./rewrite.ts";

/** One stream's part of a description that is on its way out. */
export interface Part {
  readonly section: MediaSection;
  readonly stream: Stream | undefined;
  readonly mux: boolean;
  /** The profile and the keys that its reader is told; absent where it stays as it came. */
  readonly told?: ToldSecurity | undefined;
}

/** The parts of an offer for a leg whose voice must be so. */
export const offerParts = (
  sdp: Sdp,
  judged: readonly JudgedLine[],
  lines: readonly OfferedLine[],
  voice: LegVoice,
): Part[] =>
  sdp.media.map((section, i) => {
    const { refused, mux } = judged[i]!;
    const { stream, security } = lines[i]!;
    return {
      section: refused ? refusedSection(section.line) : section,
      stream,
      mux,
      told: security && proposed(section.line.protocol, security, voice),
    };
  });

/** The parts of an answer for who made the offer: as many as that had. */
export const answerParts = (
  sdp: Sdp,
  { asked, lines: offered }: Exchange,
  lines: readonly OfferedLine[],
): Part[] =>
  sdp.media.slice(0, asked).map((section, i) => {
    const { stream, accepted, line, security } = lines[i]!;
    if (!accepted) {
      const refused = section.line.port === 0 ? section : refusedSection(line);
      return { section: refused, stream: undefined, mux: false };
    }
    const told = security && answeredWith(line.protocol, security);
    return { section, stream, mux: muxAgreed(offered[i]!, section), told };
  });

/** The whole description as its reader gets it, with our addresses, ports and o= line. */
export function printParts(
  sdp: Sdp,
  parts: readonly Part[],
  to: { readonly role: Role; readonly side: Side; readonly origin: OurOrigin },
  { mask, sides }: MediaFacts,
): string {
  const address = sides[to.side].advertisedAddress;
  const how = { to: to.side, address, mask };
  const lines = rewriteSession(sdp.session, how);
  for (const { section, stream, mux, told } of parts) {
    if (stream) {
      const { port, rtcpPort } = stream.ends[to.role];
      lines.push(...rewriteMedia(section, how, { port, rtcpPort, mux, ...told }));
    } else lines.push(...rewriteIdle(section, how));
  }
  const theirs = mask ? undefined : originOf(sdp);
  return printAsOurs(lines, theirs, to.origin, address);
}
