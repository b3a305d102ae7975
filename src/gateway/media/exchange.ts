import { hasAttribute, type MediaSection, type Sdp } from "#sdp";
import type { CallMediaState, Exchange, OfferedLine } from "./call-media-state.ts";
import { type MediaCommand, otherRole, type Role, type Stream } from "./command.ts";
import { type JudgedLine, judgeLine } from "./judge.ts";
import {
  agreedProtection,
  answering,
  type LegVoice,
  type LineSecurity,
  proposalsOf,
  rekeyed,
} from "./line-security.ts";
import type { MediaFacts, MediaRefusal } from "./media-facts.ts";
import type { Seat } from "./seating.ts";
import {
  newStream,
  reshaped,
  type StreamName,
  sameStream,
  withFormats,
  withKeys,
  withMux,
  withRemote,
} from "./stream.ts";

/** One m= line of an offer, seated, as the exchange begins. */
export function offeredLine(
  section: MediaSection,
  judged: JudgedLine,
  seat: Seat,
  name: StreamName,
  from: Role,
  { sides, voice }: Pick<CallMediaState, "sides" | "voice">,
  facts: MediaFacts,
): OfferedLine {
  const { shape, mux, held, remote, formats } = judged;
  const line = { line: section.line, mux, held, remote, accepted: false, answerHeld: false };
  if (!shape) return { ...line, fresh: false };
  const security = securityOf(judged, seat, from, voice[otherRole(from)], facts);
  const begun = seat.ports
    ? newStream(name, shape, seat.ports, sides, facts)
    : reshaped(seat.former!, shape);
  const keyed = withKeys(withRemote(begun, from, remote), from, security?.offerer?.keys);
  const stream = withFormats(keyed, from, formats);
  const withSecurity = { ...line, ...(security && { security }), stream };
  if (seat.ports) return { ...withSecurity, fresh: true, told: stream };
  // The plane keeps the former agreement until there is another: the offer may yet fail.
  return { ...withSecurity, fresh: false, told: seat.former! };
}

/** Keys for both ends of a line; a stream that goes on keeps ours, for its packets go on counting. */
function securityOf(
  { shape, protection }: JudgedLine,
  { former }: Seat,
  from: Role,
  voice: LegVoice,
  { srtp }: MediaFacts,
): LineSecurity | undefined {
  if (!srtp || shape?.kind !== "rtp") return undefined;
  const offerer = answering(protection, srtp, former?.ends[from].srtp?.outbound);
  const proposals = proposalsOf(voice, srtp, former?.ends[otherRole(from)].srtp?.outbound);
  return { proposals, ...(offerer && { offerer }) };
}

/** The line after one answer; a refusal when the answer can't be taken. */
export function answeredLine(
  offered: OfferedLine,
  section: MediaSection,
  sdp: Sdp,
  from: Role,
  { sides, voice }: Pick<CallMediaState, "sides" | "voice">,
  facts: MediaFacts,
  isOurPort: (port: number) => boolean,
): OfferedLine | MediaRefusal {
  const { stream } = offered;
  if (!stream) return offered;
  if (section.line.port === 0) {
    return { ...offered, accepted: false, stream: withRemote(stream, from, {}) };
  }
  const judged = judgeLine(sdp, section, sides[from], facts, isOurPort);
  if ("kind" in judged) return judged;
  if (judged.refused) return judged.refused;
  const proposals = offered.security?.proposals ?? [];
  const keys =
    stream.kind === "rtp" ? agreedProtection(section, voice[from], proposals) : undefined;
  if (keys && "kind" in keys) return keys;
  const mux = offered.mux && judged.mux;
  const offerer = withRemote(withMux(stream, mux), otherRole(from), offered.remote, mux);
  const keyed = withKeys(withRemote(offerer, from, judged.remote, mux), from, keys);
  const answered = withFormats(keyed, from, judged.formats);
  return { ...offered, accepted: true, answerHeld: judged.held, stream: answered };
}

/** Whether a=rtcp-mux holds on a line: offered, and taken by the answer. */
export const muxAgreed = (offered: OfferedLine, section: MediaSection): boolean =>
  offered.mux && hasAttribute(section.lines, "rtcp-mux");

/**
 * The lines as agreed: what wasn't accepted has no stream any more, and one stream is watched for
 * silence: the first voice that isn't on hold, or where there is none the first stream.
 */
export function settledLines(
  lines: readonly OfferedLine[],
  facts: MediaFacts,
): readonly OfferedLine[] {
  const busy = lines.filter(
    (one) => one.accepted && one.stream?.kind === "rtp" && !one.held && !one.answerHeld,
  );
  const watched = busy.find(({ line }) => line.media.toLowerCase() === "audio") ?? busy[0];
  return lines.map((one) => {
    if (!one.stream || !one.accepted) return idle(one);
    const silenceS = one === watched ? facts.silenceS : 0;
    return silenceS === one.stream.silenceS ? one : { ...one, stream: { ...one.stream, silenceS } };
  });
}

/** What the plane must hear, and the lines with what it then knows. */
export function tell(lines: readonly OfferedLine[]): {
  readonly lines: readonly OfferedLine[];
  readonly commands: MediaCommand[];
} {
  const commands: MediaCommand[] = [];
  const told = lines.map((line) => {
    const { stream } = line;
    if (!stream || (line.told && sameStream(line.told, stream))) return line;
    commands.push({ kind: "stream", stream });
    return { ...line, told: stream };
  });
  return { lines: told, commands };
}

/** The lines with what a peer now says of where it wants its media; what can't be is as it was. */
export function movedLines(
  lines: readonly OfferedLine[],
  sections: readonly MediaSection[],
  role: Role,
  judge: (section: MediaSection) => JudgedLine | MediaRefusal,
): readonly OfferedLine[] {
  return lines.map((line, i) => {
    const [{ stream }, section] = [line, sections[i]];
    if (!stream || !section) return line;
    const judged = judge(section);
    if ("kind" in judged || !judged.shape) return line;
    const { port, rtcpPort, srtp } = stream.ends[role];
    const moved = withRemote(stream, role, judged.remote, port === rtcpPort);
    return { ...line, stream: withKeys(moved, role, srtp && rekeyed(section, srtp)) };
  });
}

/** What takes an exchange back that has come to nothing: the plane hears of the former streams. */
export function undone(exchange: Exchange, agreed: readonly { stream?: Stream }[]): MediaCommand[] {
  const commands: MediaCommand[] = [];
  for (const [i, { told, fresh }] of exchange.lines.entries()) {
    const former = agreed[i]?.stream;
    if (told && !fresh && former && !sameStream(told, former)) {
      commands.push({ kind: "stream", stream: former });
    }
  }
  return commands;
}

function idle({ line, mux, held, remote, fresh }: OfferedLine): OfferedLine {
  return { line, mux, held, remote, fresh, accepted: false, answerHeld: false };
}
