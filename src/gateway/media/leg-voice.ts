import type { Side } from "#sip";
import type { Role, SrtpKey, SrtpSuite, Stream, StreamEnd } from "./command.ts";

/** What the settings ask of a side's voice and video: "preferred" takes either, and offers both. */
export type VoiceEncryption = "required" | "preferred" | "off";

/**
 * How an offer of ours agrees on keys: they stand in the description (RFC 4568), or DTLS makes them
 * (RFC 5763), or all is as browsers have it: DTLS over a pair that ICE finds, on one port, with
 * feedback (RFC 8834). What a peer offers may be any of them.
 */
export type KeyExchange = "sdes" | "dtls" | "webrtc";

/** What the voice and video of one leg must be. */
export interface LegVoice {
  readonly encryption: VoiceEncryption;
  readonly exchange: KeyExchange;
  /** Whether keys may stand in its descriptions: under TLS alone (attack case E7). */
  readonly keysInSdp: boolean;
}

/** What our certificate is told by. */
export type OwnHash = "sha-256" | "sha-384";

/** SRTP as the settings want it, and what of it is ours. */
export interface SrtpPolicy {
  readonly voice: Readonly<Record<Side, VoiceEncryption>>;
  readonly exchange: Readonly<Record<Side, KeyExchange>>;
  /** What is proposed, in this order. */
  readonly suites: readonly SrtpSuite[];
  /** A key by chance. */
  newKey(suite: SrtpSuite): SrtpKey;
  /** Of our certificate as it is now, by SHA-256 unless another hash is asked for; "" where there is no DTLS. */
  fingerprint(hash?: OwnHash): string;
}

/** What a leg's voice must be by the settings of its side; `exchange` is its trunk's own. */
export const legVoice = (
  policy: SrtpPolicy | undefined,
  side: Side,
  tls: boolean,
  exchange: KeyExchange | undefined,
): LegVoice => ({
  encryption: policy?.voice[side] ?? "off",
  exchange: exchange ?? policy?.exchange[side] ?? "sdes",
  keysInSdp: tls,
});

/** It must be protected, and nothing that we could offer there would be. */
export const isUnkeyed = ({ encryption, exchange, keysInSdp }: LegVoice): boolean =>
  encryption === "required" && exchange === "sdes" && !keysInSdp;

/** The leg's voice as it is offered on: by what its peer has shown that it can, and only that. */
export function voiceInUse(voice: LegVoice, role: Role, agreed: readonly Stream[]): LegVoice {
  const ends = agreed.filter(({ kind }) => kind === "rtp").map((stream) => stream.ends[role]);
  if (ends.length === 0) return voice;
  return { ...voice, exchange: exchangeOf(ends, voice.exchange) };
}

function exchangeOf(ends: readonly StreamEnd[], usual: KeyExchange): KeyExchange {
  const byDtls = ends.filter(({ dtls }) => dtls);
  if (byDtls.length > 0) return byDtls.some(({ ice }) => ice) ? "webrtc" : "dtls";
  if (ends.some(({ srtp }) => srtp)) return "sdes";
  // Whoever agreed on plain RTP is no browser.
  return usual === "webrtc" ? "dtls" : usual;
}

/** Whether a stream is tied to its ports: another pair and another association are none of its own. */
export const isRooted = ({ ends: { caller, callee } }: Stream): boolean =>
  [caller, callee].some(({ ice, dtls, bundle }) => (ice ?? dtls ?? bundle) !== undefined);
