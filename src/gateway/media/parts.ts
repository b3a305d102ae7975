import { hasAttribute, type MediaSection, originOf, refusedSection, type Sdp } from "#sdp";
import type { Side } from "#sip";
import { groupLine, type LineName, MID_EXTENSION, midsTold } from "./bundle.ts";
import type { Exchange, OfferedLine, OurOrigin } from "./call-media-state.ts";
import { otherRole, type Role, type Stream, type StreamEnd } from "./command.ts";
import type { JudgedLine } from "./judge.ts";
import type { LegVoice } from "./leg-voice.ts";
import { dtlsLines, hashesTold, hashOf } from "./line-dtls.ts";
import { ICE_LITE, iceLines } from "./line-ice.ts";
import { answeredWith, proposed } from "./line-security.ts";
import type { MediaFacts } from "./media-facts.ts";
import { linesTold, printAsOurs } from "./our-origin.ts";
import { type OurPorts, rewriteIdle, rewriteMedia, rewriteSession } from "./rewrite.ts";

/** One stream's part of a description that is on its way out. */
export interface Part {
  readonly section: MediaSection;
  readonly stream: Stream | undefined;
  readonly mux: boolean;
  /** The profile that its reader is told; absent where it stays as it came. */
  readonly protocol?: string;
  /** What we say beyond what we pass on: keys, and how DTLS begins. */
  readonly own: readonly string[];
  /** Absent where a name passes as it came. */
  readonly name?: LineName | undefined;
}

/** The parts of an offer for a leg whose voice must be so, and what it was told before. */
export const offerParts = (
  sdp: Sdp,
  judged: readonly JudgedLine[],
  lines: readonly OfferedLine[],
  voice: LegVoice,
  before: OurOrigin,
  facts: MediaFacts,
): Part[] => {
  const { namesSrtp = false } = before;
  const told = linesTold(before);
  const mids = midsTold(before);
  const hashes = hashesTold(before);
  return sdp.media.map((section, i) => {
    const { stream, security, offersMux: mux, fresh } = lines[i]!;
    if (judged[i]!.refused) return { ...OFF, section: refusedSection(section.line) };
    if (!stream || !security) return { section, stream, mux, own: [] };
    const former = { protocol: fresh ? undefined : told[i]?.protocol, namesSrtp };
    const { protocol, cryptos } = proposed(section.line, security, voice, former);
    const isBrowser = security.dtls && voice.exchange === "webrtc";
    const hash = isBrowser ? hashOf(hashes[i], fresh) : hashes[i];
    const dtls = security.dtls ? dtlsLines(facts.srtp!, "actpass", hash) : [];
    const name = isBrowser ? { mid: mids[i] ?? `${i}`, isBundled: true } : undefined;
    return { section, stream, mux, protocol, name, own: [...cryptos, ...dtls] };
  });
};

/** The parts of an answer for who made the offer: as many as that had. */
export const answerParts = (
  sdp: Sdp,
  { asked, from, lines: offered }: Exchange,
  lines: readonly OfferedLine[],
  before: OurOrigin,
  facts: MediaFacts,
): Part[] =>
  sdp.media.slice(0, asked).map((section, i) => {
    const { stream, accepted, line, security } = lines[i]!;
    if (!accepted) {
      return { ...OFF, section: section.line.port === 0 ? section : refusedSection(line) };
    }
    const { mux, name } = offered[i]!;
    if (!security) return { section, stream, mux, name, own: [] };
    const { protocol, cryptos } = answeredWith(line.protocol, security);
    const role = stream?.ends[from].dtls?.role;
    const dtls = role ? dtlsLines(facts.srtp!, role, hashesTold(before)[i]) : [];
    return { section, stream, mux, protocol, name, own: [...cryptos, ...dtls] };
  });

const OFF = { stream: undefined, mux: false, own: [] } as const;

/** The whole description as its reader gets it, with our addresses, ports and o= line. */
export function printParts(
  sdp: Sdp,
  parts: readonly Part[],
  to: { readonly role: Role; readonly side: Side; readonly origin: OurOrigin },
  { mask, sides }: MediaFacts,
): string {
  const address = sides[to.side].advertisedAddress;
  const iceOf = (role: Role) => parts.some(({ stream }) => stream?.ends[role].ice);
  const how = { to: to.side, address, mask, ice: iceOf(otherRole(to.role)) };
  const lines = rewriteSession(sdp.session, how);
  if (iceOf(to.role)) lines.push(ICE_LITE);
  lines.push(...groupLine(bundledIn(parts, to.role)));
  const ports = new Set<number>();
  for (const part of parts) {
    const { stream, section } = part;
    if (stream) {
      const end = stream.ends[to.role];
      const ours = ports.has(end.port) ? oursBehind(part, end) : oursOf(part, end, address);
      ports.add(end.port);
      lines.push(...rewriteMedia(section, how, ours));
    } else lines.push(...rewriteIdle(section, how));
  }
  const theirs = mask ? undefined : originOf(sdp);
  return printAsOurs(lines, theirs, to.origin, address);
}

/** The lines of our bundle, one first that has its transport already; or the first alone. */
function bundledIn(parts: readonly Part[], role: Role): string[] {
  const bundled = parts.flatMap(({ name, stream }) => {
    const end = stream?.ends[role];
    return name && end?.bundle ? { mid: name.mid, isKnown: end.remoteAddress !== undefined } : [];
  });
  const first = bundled.find(({ isKnown }) => isKnown) ?? bundled[0];
  if (first) return [first, ...bundled.filter((one) => one !== first)].map(({ mid }) => mid);
  const alone = parts.find(({ name, stream }) => name?.isBundled && stream)?.name;
  return alone ? [alone.mid] : [];
}

/** A line of a bundle whose first line has said how the transport of all is (RFC 9143 §7.1.3). */
function oursBehind(part: Part, end: StreamEnd): OurPorts {
  const { port, rtcpPort } = end;
  const { section, mux, protocol, name } = part;
  const onOne = hasAttribute(section.lines, "rtcp-mux") ? [] : ["a=rtcp-mux"];
  const own = [...namedBy(name, end), ...onOne];
  return { port, rtcpPort, mux, isNamed: name !== undefined, ...(protocol && { protocol }), own };
}

const namedBy = (name: LineName | undefined, { bundle }: StreamEnd): string[] => [
  ...(name ? [`a=mid:${name.mid}`] : []),
  ...(bundle?.midId ? [`a=extmap:${bundle.midId} ${MID_EXTENSION}`] : []),
];

function oursOf(part: Part, end: StreamEnd, address: string): OurPorts {
  const { section, mux, protocol, own, name } = part;
  const { port, rtcpPort, ice } = end;
  const onOne = mux && !hasAttribute(section.lines, "rtcp-mux") ? ["a=rtcp-mux"] : [];
  // With ICE a peer that hasn't answered yet has no second port to fall back to (RFC 8858 §4).
  const only = ice && !ice.remoteUfrag ? ["a=rtcp-mux-only"] : [];
  const found = ice ? iceLines(ice, address, port) : [];
  const lines = [...namedBy(name, end), ...onOne, ...own, ...only, ...found];
  const isNamed = name !== undefined;
  return { port, rtcpPort, mux, isNamed, ...(protocol && { protocol }), own: lines };
}
