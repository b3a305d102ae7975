import { type Random, Secret } from "#base";
import {
  attributeName,
  attributeValue,
  type CryptoAttribute,
  type MediaSection,
  parseCrypto,
  printCrypto,
} from "#sdp";
import type { Side } from "#sip";
import type { SrtpKey, SrtpKeys, SrtpSuite } from "./command.ts";
import { type MediaRefusal, refusal } from "./media-facts.ts";

/** What the settings ask of a side's voice and video: "preferred" takes either, and offers both. */
export type VoiceEncryption = "required" | "preferred" | "off";

/** The same of one leg; "unkeyed": it must be protected, and its signalling can't carry keys. */
export type LegVoice = VoiceEncryption | "unkeyed";

/** SRTP with its keys in SDP, as the settings want it. */
export interface SrtpPolicy {
  readonly voice: Readonly<Record<Side, VoiceEncryption>>;
  /** What is proposed, in this order. */
  readonly suites: readonly SrtpSuite[];
  /** A key by chance. */
  newKey(suite: SrtpSuite): SrtpKey;
}

/** What protects the two ends of a line. */
export interface LineSecurity {
  /** The offerer's end: the tag that our answer repeats, and the keys. Absent: plain. */
  readonly offerer?: { readonly tag: number; readonly keys: SrtpKeys };
  /** What the other leg is offered. */
  readonly proposals: Proposals;
}

/** Keys travel under TLS alone (attack case E7). */
export function legVoice(policy: SrtpPolicy | undefined, side: Side, tls: boolean): LegVoice {
  const voice = policy?.voice[side] ?? "off";
  if (tls) return voice;
  return voice === "required" ? "unkeyed" : "off";
}

/** What a description says of a line's protection: one of its keys that we take, or none. */
export interface Protection {
  readonly tag: number;
  readonly key: SrtpKey;
}

/** What an offer of ours proposes for one line; the answer picks one by its tag. */
export type Proposals = readonly Protection[];

const BYTES_OF: Readonly<Record<SrtpSuite, number>> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AES_256_CM_HMAC_SHA1_80: 46,
  AES_256_CM_HMAC_SHA1_32: 46,
  AEAD_AES_128_GCM: 28,
  AEAD_AES_256_GCM: 44,
};

/** What is proposed for a type of encryption, in this order. */
export const SUITES_OF: Readonly<Record<"aes-128" | "aes-256", readonly SrtpSuite[]>> = {
  "aes-128": ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_32"],
  // The last is what every telephone has: better than a call that is refused.
  "aes-256": ["AES_256_CM_HMAC_SHA1_80", "AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80"],
};

/** Whether the m= line's profile says SRTP (RFC 3711 §12, RFC 5124). */
const isSecureProfile = (protocol: string): boolean => /\/SAVPF?$/i.test(protocol);

/** The same profile with SRTP or without it; the F of feedback stays. */
const profileOf = (protocol: string, secure: boolean): string =>
  protocol.replace(/\/S?(AVPF?)$/i, secure ? "/S$1" : "/$1");

/**
 * Reads the protection that a peer describes for one line, held against what its leg must be. An
 * offer's keys are in the order of its preference (RFC 4568 §5.1.1): the first of the strength
 * wanted, else the first that we have.
 */
export function protectionOf(
  section: MediaSection,
  voice: LegVoice,
  wanted: readonly SrtpSuite[],
): Protection | MediaRefusal | undefined {
  const secure = isSecureProfile(section.line.protocol);
  if (voice === "unkeyed") return refusal("media-encryption-required", "keys-without-tls");
  if (voice === "off") {
    return secure ? refusal("media-encryption-not-available", section.line.protocol) : undefined;
  }
  const usable = cryptosOf(section).flatMap((crypto) => usableOf(crypto) ?? []);
  const chosen = usable.find(({ key }) => key.suite === wanted[0]) ?? usable[0];
  if (chosen) return chosen;
  if (secure) return refusal("media-encryption-not-available", "no-crypto-suite-in-common");
  return voice === "required" ? refusal("media-encryption-required", "no-crypto") : undefined;
}

/** What the answer to our proposals agrees on; undefined where it declines them. */
export function agreedProtection(
  section: MediaSection,
  voice: LegVoice,
  proposals: Proposals,
): SrtpKeys | MediaRefusal | undefined {
  for (const crypto of cryptosOf(section)) {
    const theirs = usableOf(crypto);
    const ours = proposals.find(({ tag }) => tag === crypto.tag);
    if (theirs && ours?.key.suite === theirs.key.suite) {
      return { inbound: theirs.key, outbound: ours.key };
    }
  }
  if (isSecureProfile(section.line.protocol)) return refusal("bad-sdp", "answer-without-key");
  return voice === "required" ? refusal("media-encryption-required", "answered-plain") : undefined;
}

/** New keys, one for each suite, or that of a stream which goes on: its peer knows it. */
export function proposalsOf(
  voice: LegVoice,
  policy: SrtpPolicy | undefined,
  former: SrtpKey | undefined,
): Proposals {
  if (!policy || voice === "off" || voice === "unkeyed") return [];
  if (former) return [{ tag: 1, key: former }];
  return policy.suites.map((suite, i) => ({ tag: i + 1, key: policy.newKey(suite) }));
}

/** The keys of the offerer's end: ours stays where the stream goes on, and its peer's suite too. */
export function answering(
  theirs: Protection | undefined,
  policy: SrtpPolicy | undefined,
  former: SrtpKey | undefined,
): LineSecurity["offerer"] {
  if (!theirs || !policy) return undefined;
  const { suite } = theirs.key;
  const outbound = former?.suite === suite ? former : policy.newKey(suite);
  return { tag: theirs.tag, keys: { inbound: theirs.key, outbound } };
}

/** A key by chance. Ours have no name (MKI) and no end: a call is over before. */
export function newKey(suite: SrtpSuite, random: Random): SrtpKey {
  const bytes = Uint8Array.from({ length: BYTES_OF[suite] }, () => random.integer(256));
  return { suite, keySalt: new Secret(base64(bytes)) };
}

/** The keys as a peer has them that answered what it was told already; maybe with a key anew. */
export function rekeyed(section: MediaSection, keys: SrtpKeys): SrtpKeys {
  for (const crypto of cryptosOf(section)) {
    const theirs = usableOf(crypto);
    if (theirs?.key.suite === keys.outbound.suite) return { ...keys, inbound: theirs.key };
  }
  return keys;
}

/** What a description of ours says of a line's protection. */
export interface ToldSecurity {
  readonly protocol: string;
  /** Its a=crypto lines. */
  readonly cryptos: readonly string[];
}

/** To the answerer: SRTP where it must be, else the plain profile with keys for those who can. */
export const proposed = (
  protocol: string,
  { proposals }: LineSecurity,
  voice: LegVoice,
): ToldSecurity => ({
  protocol: profileOf(protocol, voice === "required"),
  cryptos: proposals.map(cryptoLine),
});

/** To the offerer: the profile that it named, and our key under its tag. */
export const answeredWith = (protocol: string, { offerer }: LineSecurity): ToldSecurity => ({
  protocol,
  cryptos: offerer ? [cryptoLine({ tag: offerer.tag, key: offerer.keys.outbound })] : [],
});

/** The a=crypto line of a key. */
const cryptoLine = ({ tag, key }: Protection): string =>
  printCrypto({
    tag,
    suite: key.suite,
    keys: [{ keySalt: key.keySalt }],
    sessionParameters: [],
  });

const cryptosOf = (section: MediaSection): CryptoAttribute[] =>
  section.lines
    .filter((line) => attributeName(line) === "crypto")
    .flatMap((line) => parseCrypto(attributeValue(line)) ?? []);

/**
 * A crypto attribute that we can do: a suite of ours, one key of its length, and no parameter that
 * changes how packets look (RFC 4568 §6.3). A hint at the window of replays is none.
 */
function usableOf({
  tag,
  suite,
  keys,
  sessionParameters,
}: CryptoAttribute): Protection | undefined {
  if (!Object.hasOwn(BYTES_OF, suite) || keys.length !== 1) return undefined;
  if (!sessionParameters.every((parameter) => /^(?:WSH=\d+|KDR=0)$/.test(parameter))) {
    return undefined;
  }
  const { keySalt, mki } = keys[0]!;
  const known = suite as SrtpSuite;
  if (base64Bytes(keySalt.reveal()) !== BYTES_OF[known]) return undefined;
  return { tag, key: { suite: known, keySalt, ...(mki && { mki }) } };
}

/** How many bytes a base64 text holds, with its padding or, as some write it, without. */
const base64Bytes = (text: string): number => Math.floor((text.replace(/=+$/, "").length * 3) / 4);

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
