import type { MediaLine } from "./media-line.ts";
import { type SdpFailure, sdpFailure } from "./parse.ts";
import type { MediaSection, Sdp } from "./sdp.ts";

/**
 * Holds an answer against the m= lines of its offer (RFC 3264 §6): same number, order, media and
 * protocol. Old phones leave out the lines they refuse: such an answer is completed.
 */
export function fitAnswer(offered: readonly MediaLine[], answer: Sdp): Sdp | SdpFailure {
  if (answer.media.length > offered.length) return sdpFailure("answer-does-not-fit");
  const fits = answer.media.every(({ line }, i) => isAnswerTo(line, offered[i]!));
  if (!fits) return sdpFailure("answer-does-not-fit");
  if (answer.media.length === offered.length) return answer;
  const missing = offered.slice(answer.media.length).map(refusedSection);
  return { session: answer.session, media: [...answer.media, ...missing] };
}

/** The section that refuses an offered stream: its m= line with port 0 and nothing else. */
export const refusedSection = (offered: MediaLine): MediaSection => ({
  line: { ...offered, port: 0, portCount: 1 },
  lines: [],
});

function isAnswerTo(answer: MediaLine, offer: MediaLine): boolean {
  if (answer.media.toLowerCase() !== offer.media.toLowerCase()) return false;
  // What a refused line says beyond its media is of no effect, and often wrong.
  return answer.port === 0 || plainProfile(answer.protocol) === plainProfile(offer.protocol);
}

// AVP as the answer to AVPF is wrong (RFC 4585 §4.1), common, and does no harm. Whether and how RTP
// is protected is not judged here: best effort offers keys under RTP/AVP, and may be answered so.
const plainProfile = (protocol: string): string =>
  protocol
    .toUpperCase()
    .replace(/^(?:UDP\/TLS\/)?RTP\/S?AVPF?$/, "RTP/AVP")
    .replace(/AVPF$/, "AVP");
