// The RTP profiles of m= lines: plain, with SRTP (RFC 3711), over DTLS (RFC 5764), each with or
// without feedback (RFC 4585, RFC 5124).

/** What a profile says of protection. */
export type ProfileKind = "plain" | "srtp" | "dtls";

const PROFILE = /^(UDP\/TLS\/)?RTP\/(S?)AVP(F?)$/i;

/** Undefined for what is no RTP profile of these. */
export function profileKind(protocol: string): ProfileKind | undefined {
  const [found, dtls, secure] = PROFILE.exec(protocol) ?? [];
  if (found === undefined) return undefined;
  if (dtls) return secure ? "dtls" : undefined;
  return secure ? "srtp" : "plain";
}

export const hasFeedback = (protocol: string): boolean => /\/S?AVPF$/i.test(protocol);

/** A profile by its name; where `protocol` is none of these it stays as it is. */
export function profileNamed(protocol: string, kind: ProfileKind, feedback: boolean): string {
  if (profileKind(protocol) === undefined) return protocol;
  const f = feedback ? "F" : "";
  if (kind === "plain") return `RTP/AVP${f}`;
  return kind === "srtp" ? `RTP/SAVP${f}` : `UDP/TLS/RTP/SAVP${f}`;
}
