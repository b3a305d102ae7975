/** The fingerprint of a DTLS certificate (RFC 8122 §5). */
export interface Fingerprint {
  /** In lower case: "sha-256". */
  readonly hash: string;
  /** Pairs of upper-case hex digits with colons. */
  readonly value: string;
}

export const SETUPS = ["active", "passive", "actpass", "holdconn"] as const;
/** Who opens the DTLS association (RFC 4145 §4, RFC 5763 §5). */
export type Setup = (typeof SETUPS)[number];

const BYTES_OF: Readonly<Record<string, number>> = {
  "sha-1": 20,
  "sha-224": 28,
  "sha-256": 32,
  "sha-384": 48,
  "sha-512": 64,
};

/** Reads the value of a=fingerprint; hashes too weak to vouch for anything aren't known. */
export function parseFingerprint(value: string): Fingerprint | undefined {
  const [name, text, more] = value.trim().split(/ +/);
  const hash = name!.toLowerCase();
  const bytes = Object.hasOwn(BYTES_OF, hash) ? BYTES_OF[hash]! : 0;
  if (!text || more !== undefined || bytes === 0) return undefined;
  if (text.length !== bytes * 3 - 1 || !/^[0-9a-f]{2}(?::[0-9a-f]{2})*$/i.test(text)) {
    return undefined;
  }
  return { hash, value: text.toUpperCase() };
}

export const printFingerprint = ({ hash, value }: Fingerprint): string =>
  `a=fingerprint:${hash} ${value}`;

/** Reads the value of a=setup. */
export const parseSetup = (value: string): Setup | undefined =>
  SETUPS.find((setup) => setup === value.trim().toLowerCase());
