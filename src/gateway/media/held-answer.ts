import { networkAddress } from "#sdp";
import type { LegVoice } from "./leg-voice.ts";

/** The voice of a leg that nobody is in: nothing of it ever leaves us. */
export const NOBODY: LegVoice = { encryption: "off", exchange: "sdes", keysInSdp: false };

/** What nobody answers to a description of ours: all of it, and that no media is to flow yet. */
export function heldAnswer(offer: string): string {
  const lines = offer.split("\r\n").flatMap((line) => {
    if (/^a=(?:sendrecv|sendonly|recvonly|inactive)$/.test(line)) return [];
    if (/^m=/.test(line)) return [line, "a=inactive"];
    if (!line.startsWith("c=")) return line;
    return `c=${networkAddress(line.includes("IP6") ? "::" : "0.0.0.0")}`;
  });
  return lines.join("\r\n");
}
