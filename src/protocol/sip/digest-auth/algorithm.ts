import type { Hash } from "#base";

/** The hashes of digest authentication, the strongest first (RFC 7616 §3.2, RFC 8760 §2.1). */
export const ALGORITHMS = [
  { name: "SHA-512-256", hash: "sha512-256" },
  { name: "SHA-256", hash: "sha256" },
  { name: "MD5", hash: "md5" },
] as const;

export interface DigestAlgorithm {
  readonly name: (typeof ALGORITHMS)[number]["name"];
  readonly hash: Parameters<Hash>[0];
  /** The "-sess" form, whose secret is bound to the nonces. */
  readonly isSession: boolean;
}

/** Reads "SHA-256", "md5-sess"…; undefined for one that nobody here computes. */
export function parseAlgorithm(text: string): DigestAlgorithm | undefined {
  const upper = text.toUpperCase();
  const isSession = upper.endsWith("-SESS");
  const name = isSession ? upper.slice(0, -"-SESS".length) : upper;
  const found = ALGORITHMS.find((algorithm) => algorithm.name === name);
  return found && { ...found, isSession };
}

/** 0 for the strongest. */
export const weakness = ({ name }: DigestAlgorithm): number =>
  ALGORITHMS.findIndex((algorithm) => algorithm.name === name);
