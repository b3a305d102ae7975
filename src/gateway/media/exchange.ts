import type { MediaSection, Sdp } from "#sdp";
import { nameOf } from "./bundle.ts";
import type { BundleSeat } from "./bundling.ts";
import type { CallMediaState, Exchange, OfferedLine } from "./call-media-state.ts";
import {
  type BundledEnd,
  type MediaCommand,
  otherRole,
  type Role,
  type Stream,
} from "./command.ts";
import { type JudgedLine, judgeLine } from "./judge.ts";
import type { LegVoice } from "./leg-voice.ts";
import { answeringIce } from "./line-ice.ts";
import {
  agreedProtection,
  answering,
  type LineSecurity,
  offersDtls,
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
  settledInBundle,
  withBundle,
  withFormats,
  withIce,
  withMux,
  withOwnTransport,
  withProtection,
  withRemote,
  withTransport,
} from "./stream.ts";

/** One m= line of an offer, seated, as the exchange begins. */
export function offeredLine(
  sdp: Sdp,
  section: MediaSection,
  judged: JudgedLine,
  seat: Seat,
  name: StreamName,
  from: Role,
  { sides, voice }: Pick<CallMediaState, "sides" | "voice">,
  facts: MediaFacts,
  bundle?: BundleSeat,
): OfferedLine {
  const { shape, mux, held, remote } = judged;
  const told = nameOf(sdp, section);
  const line = {
    line: section.line,
    mux,
    name: told,
    seat: bundle,
    held,
    remote,
    accepted: false,
    answerHeld: false,
  };
  if (!shape) return { ...line, offersMux: mux, fresh: false };
  const begun = seat.ports
    ? newStream(name, shape, seat.ports, sides, facts)
    : reshaped(seat.former!, shape);
  const to = otherRole(from);
  const security = securityOf(judged, seat, from, voice[to], facts);
  const heard = offererHeard(begun, judged, from, security, facts);
  const asked = shape.kind === "rtp" ? askedFor(heard, to, voice[to], facts) : heard;
  const stream = withMux(asked, to, asked.ends[to].ice !== undefined);
  const offersMux = mux || security?.dtls === true || stream.ends[to].ice !== undefined;
  const withSecurity = { ...line, offersMux, ...(security && { security }), stream };
  if (seat.ports) return { ...withSecurity, fresh: true, told: stream };
  // The plane keeps the former agreement until there is another: the offer may yet fail.
  return { ...withSecurity, fresh: false, told: seat.former! };
}

/** The offerer's end as its offer and our answer to it have it. */
function offererHeard(
  begun: Stream,
  { mux, remote, ice, formats }: JudgedLine,
  from: Role,
  security: LineSecurity | undefined,
  { newIce }: MediaFacts,
): Stream {
  const former = begun.ends[from].ice;
  const ours = ice && newIce && answeringIce(ice, former, newIce);
  const placed = withMux(withRemote(begun, from, remote, mux), from, mux);
  const found = withIce(placed, from, ours);
  return withFormats(withProtection(found, from, security?.offerer ?? {}), from, formats);
}

/** The other end, with our words of ICE where its leg is offered any: its checks may be early. */
function askedFor(
  stream: Stream,
  to: Role,
  { exchange }: LegVoice,
  { newIce }: MediaFacts,
): Stream {
  if (exchange !== "webrtc" || !newIce) return stream;
  return withIce(stream, to, stream.ends[to].ice ?? newIce());
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
  const offerer = answering(protection, srtp, former?.ends[from]);
  const proposals = proposalsOf(voice, srtp, former?.ends[otherRole(from)].srtp?.outbound);
  return { proposals, dtls: offersDtls(voice, srtp), offerer };
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
  if (!offered.stream) return offered;
  const stream = inAskedBundle(withOwnTransport(offered.stream, from), from, offered.asked);
  if (section.line.port === 0) {
    return { ...offered, accepted: false, stream: withRemote(stream, from, {}) };
  }
  const { ice } = stream.ends[from];
  const writer = { from: sides[from], ice: ice !== undefined };
  const judged = judgeLine(sdp, section, writer, facts, isOurPort);
  if ("kind" in judged) return judged;
  if (judged.refused) return judged.refused;
  const { proposals = [], dtls = false } = offered.security ?? {};
  const isRtp = stream.kind === "rtp";
  const agreed = isRtp ? agreedProtection(sdp, section, voice[from], { proposals, dtls }) : {};
  if ("kind" in agreed) return agreed;
  const offerer = withRemote(stream, otherRole(from), offered.remote, offered.mux);
  const answerer = answererHeard(offerer, offered, judged, from);
  const answered = withFormats(withProtection(answerer, from, agreed), from, judged.formats);
  return { ...offered, accepted: true, answerHeld: judged.held, stream: answered };
}

/** As the leg was offered it: an answer before may have had it otherwise. */
const inAskedBundle = (stream: Stream, from: Role, asked: BundledEnd | undefined): Stream =>
  asked ? withBundle(stream, from, asked) : stream;

/** Where the answerer's media goes, and how its pair is found. */
function answererHeard(
  stream: Stream,
  { offersMux }: OfferedLine,
  { mux, remote, ice }: JudgedLine,
  from: Role,
): Stream {
  const onOne = offersMux && mux;
  const placed = withRemote(withMux(stream, from, onOne), from, remote, onOne);
  const ours = stream.ends[from].ice;
  return withIce(placed, from, ours && ice && { ...ours, remoteUfrag: ice.ufrag });
}

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
    return { ...one, stream: settledInBundle({ ...one.stream, silenceS }) };
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
  sdp: Sdp,
  role: Role,
  judge: (section: MediaSection, writer: { readonly ice: boolean }) => JudgedLine | MediaRefusal,
): readonly OfferedLine[] {
  const moved = lines.map((line, i) => {
    const [{ stream }, section] = [line, sdp.media[i]];
    if (!stream || !section) return line;
    const end = stream.ends[role];
    const judged = judge(section, { ice: end.ice !== undefined });
    // Without a pair there is nowhere to send.
    if ("kind" in judged || !judged.shape || (end.ice && !judged.ice)) return line;
    const placed = withRemote(stream, role, judged.remote, end.port === end.rtcpPort);
    const named = end.ice && judged.ice && { ...end.ice, remoteUfrag: judged.ice.ufrag };
    const found = withIce(placed, role, named);
    return { ...line, stream: withProtection(found, role, rekeyed(sdp, section, end)) };
  });
  const common = moved.find(({ stream }) => stream?.ends[role].bundle)?.stream?.ends[role];
  return moved.map((line) => {
    const end = line.stream?.ends[role];
    if (!line.stream || !common || !end?.bundle) return line;
    const isHeld = end.remoteAddress === undefined;
    return { ...line, stream: withTransport(line.stream, role, common, isHeld) };
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

function idle({ line, mux, offersMux, name, seat, held, remote, fresh }: OfferedLine): OfferedLine {
  const offered = { line, mux, offersMux, name, seat, held, remote, fresh };
  return { ...offered, accepted: false, answerHeld: false };
}
