import {
  directionOf,
  hasAttribute,
  isSdpFailure,
  type MediaSection,
  parseSdp,
  type Sdp,
} from "#sdp";
import type { Side } from "#sip";
import type { CallMediaState } from "./call-media-state.ts";
import type { Format, Role } from "./command.ts";
import { formatsOf } from "./formats.ts";
import type { LegVoice } from "./leg-voice.ts";
import { BY_ICE, iceOf, type PeerIce } from "./line-ice.ts";
import { dscpOf, isVoice, kindOfLine } from "./line-policy.ts";
import { type Protection, protectionOf } from "./line-security.ts";
import { type MediaFacts, type MediaRefusal, refusal } from "./media-facts.ts";
import type { StreamShape } from "./stream.ts";
import { type Remote, remoteOf } from "./target.ts";

/** An m= line held against the rules. */
export interface JudgedLine {
  /** Absent: the stream is off, or was refused by us. */
  readonly shape?: StreamShape;
  readonly refused?: MediaRefusal;
  readonly remote: Remote;
  /** On hold: nobody may wonder that it is silent. */
  readonly held: boolean;
  readonly mux: boolean;
  readonly formats: readonly Format[];
  /** The peer's part in ICE, where that is how the pair is found. */
  readonly ice?: PeerIce | undefined;
  /** The key of an offer that we take, or its DTLS. */
  readonly protection?: Protection | undefined;
}

type IsOurPort = (port: number) => boolean;

export function readSdp(text: string): Sdp | MediaRefusal {
  const sdp = parseSdp(text);
  if (!isSdpFailure(sdp)) return sdp;
  const { what, line } = sdp;
  return refusal("bad-sdp", line === undefined ? what : `${what} (line ${line})`);
}

/** Holds a whole offer against the rules; refused when none of the streams in it may be. */
export function judgeOffer(
  sdp: Sdp,
  from: Role,
  { sides, voice }: Pick<CallMediaState, "sides" | "voice">,
  facts: MediaFacts,
  isOurPort: IsOurPort,
): JudgedLine[] | MediaRefusal {
  const judged: JudgedLine[] = [];
  for (const section of sdp.media) {
    const line = judgeLine(
      sdp,
      section,
      { from: sides[from], ice: facts.newIce !== undefined },
      facts,
      isOurPort,
    );
    if ("kind" in line) return line;
    const isRtp = line.shape?.kind === "rtp";
    judged.push(
      isRtp
        ? protectedLine(line, sdp, section, voice[from], facts)
        : unkeyedLine(line, voice, facts),
    );
  }
  const refused = judged.find((line) => line.refused)?.refused;
  return refused && judged.every((line) => !line.shape) ? refused : judged;
}

/**
 * What isn't RTP has no keys of ours: T.38 goes as it came, in the clear, on both legs. Where one of
 * them must be protected it doesn't go at all, unless the settings say otherwise.
 */
function unkeyedLine(
  line: JudgedLine,
  { caller, callee }: CallMediaState["voice"],
  { opaqueInClear }: MediaFacts,
): JudgedLine {
  const isRequired = caller.encryption === "required" || callee.encryption === "required";
  if (!line.shape || !isRequired || opaqueInClear) return line;
  return { ...OFF, refused: refusal("media-encryption-required", "not-rtp") };
}

function protectedLine(
  line: JudgedLine,
  sdp: Sdp,
  section: MediaSection,
  voice: LegVoice,
  { srtp }: MediaFacts,
): JudgedLine {
  const protection = protectionOf(sdp, section, voice, srtp);
  if (protection && "kind" in protection) return { ...OFF, refused: protection };
  return { ...line, protection };
}

/** Whose line it is, and whether its words of ICE count: in an answer, where we have offered it. */
export interface LineWriter {
  readonly from: Side;
  readonly ice: boolean;
}

/** Holds one m= line against the rules; a target that is forbidden refuses the description. */
export function judgeLine(
  sdp: Sdp,
  section: MediaSection,
  writer: LineWriter,
  facts: MediaFacts,
  isOurPort: IsOurPort,
): JudgedLine | MediaRefusal {
  if (section.line.port === 0) return OFF;
  const kind = kindOfLine(section.line, facts);
  if (typeof kind !== "string") return { ...OFF, refused: kind };
  const mux = kind === "rtp" && hasAttribute(section.lines, "rtcp-mux");
  // One port, one pair: who wants two goes on without ICE.
  const ice = mux && writer.ice ? iceOf(sdp, section) : undefined;
  const remote = ice ? BY_ICE : remoteOf(sdp, section, writer.from, facts, isOurPort);
  if ("kind" in remote) return remote;
  const sends = directionOf(sdp, section) === "sendrecv" && remote.address !== undefined;
  return {
    shape: { kind, dscp: dscpOf(section.line, facts), isVoice: isVoice(section.line) },
    remote,
    held: !sends,
    mux,
    ...(ice && { ice }),
    formats: kind === "rtp" ? formatsOf(section) : [],
  };
}

const OFF: JudgedLine = { remote: {}, held: false, mux: false, formats: [] };
