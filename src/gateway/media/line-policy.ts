import { isRtp, type MediaLine } from "#sdp";
import type { Stream } from "./command.ts";
import type { MediaFacts, MediaRefusal } from "./media-facts.ts";
import { refusal } from "./media-facts.ts";
import { profileKind } from "./profile.ts";

/** What we make of an m= line in use: RTP, opaque UDP, or a named refusal. */
export function kindOfLine(line: MediaLine, facts: MediaFacts): Stream["kind"] | MediaRefusal {
  const protocol = line.protocol.toUpperCase();
  if (/TLS/.test(protocol) && profileKind(protocol) !== "dtls") {
    return refusal("media-encryption-not-available", line.protocol);
  }
  if (/^(?:TCP|SCTP)\b|\bMSRP\b/.test(protocol)) {
    return refusal("media-not-allowed", line.protocol);
  }
  if (line.portCount !== 1) return refusal("media-not-allowed", "port-count");
  if (isRtp(protocol)) return "rtp";
  return facts.opaque ? "opaque" : refusal("media-not-allowed", line.protocol);
}

export const isVoice = ({ media }: MediaLine): boolean => /^audio$/i.test(media);

/** The class of service: fax is as urgent as voice, the rest goes with video. */
export const dscpOf = (line: MediaLine, facts: MediaFacts): number =>
  /^(?:audio|image)$/i.test(line.media) ? facts.dscp.audio : facts.dscp.video;
