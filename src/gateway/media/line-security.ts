import { type Random, Secret } from "#base";
import {
  attributeName,
  attributeValue,
  type CryptoAttribute,
  type MediaLine,
  type MediaSection,
  parseCrypto,
  printCrypto,
  type Sdp,
} from "#sdp";
import type { OurOrigin } from "./call-media-state.ts";
import type { DtlsEnd, SrtpKey, SrtpSuite, StreamEnd } from "./command.ts";
import type { LegVoice, SrtpPolicy } from "./leg-voice.ts";
import { agreedDtls, answeringDtls, dtlsOf, type PeerDtls } from "./line-dtls.ts";
import { type MediaRefusal, refusal } from "./media-facts.ts";
import { hasFeedback, profileKind, profileNamed } from "./profile.ts";

/** What protects the two ends of a line. */
export interface LineSecurity {
  /** The offerer's end: how its stream is protected, and the tag that our answer repeats. */
  readonly offerer: Protected;
  /** What the other leg is offered: keys, or that DTLS makes them. */
  readonly proposals: Proposals;
  readonly dtls: boolean;
}

/** One end by what is agreed there: keys of the description, or DTLS, or nothing. */
export interface Protected extends Pick<StreamEnd, "srtp" | "dtls"> {
  readonly tag?: number;
  readonly spelt?: string;
}

/** A key by its tag. */
export interface TaggedKey {
  readonly tag: number;
  readonly key: SrtpKey;
  /** As its peer writes the suite, where that isn't its name. */
  readonly spelt?: string;
}

/** What an offer says of a line's protection that we take: one of its keys, or DTLS. */
export type Protection = TaggedKey | PeerDtls;

/** What an offer of ours proposes for one line; the answer picks one by its tag. */
export type Proposals = readonly TaggedKey[];

const BYTES_OF: Readonly<Record<SrtpSuite, number>> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AES_256_CM_HMAC_SHA1_80: 46,
  AES_256_CM_HMAC_SHA1_32: 46,
  AEAD_AES_128_GCM: 28,
  AEAD_AES_256_GCM: 44,
};

/** As drafts of RFC 6188 had them, and software still has. */
const FORMER_NAMES: ReadonlyMap<string, SrtpSuite> = new Map([
  ["AES_CM_256_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80"],
  ["AES_CM_256_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_32"],
]);

/** The suite of a name, where it is one of ours. */
const suiteNamed = (name: string): SrtpSuite | undefined =>
  Object.hasOwn(BYTES_OF, name) ? (name as SrtpSuite) : FORMER_NAMES.get(name);

/** What is proposed for a type of encryption, in this order. */
export const SUITES_OF: Readonly<Record<"aes-128" | "aes-256", readonly SrtpSuite[]>> = {
  "aes-128": ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_32"],
  // The last is what every telephone has: better than a call that is refused.
  "aes-256": ["AES_256_CM_HMAC_SHA1_80", "AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80"],
};

/**
 * Reads the protection that an offer describes for one line, held against what its leg must be.
 * Keys are in the order of its preference (RFC 4568 §5.1.1): the first of the strength wanted, else
 * the first that we have. Where it leaves keys or DTLS to us (RFC 8643), it gets what we offer.
 */
export function protectionOf(
  sdp: Sdp,
  section: MediaSection,
  voice: LegVoice,
  policy: SrtpPolicy | undefined,
): Protection | MediaRefusal | undefined {
  const { protocol } = section.line;
  const kind = profileKind(protocol) ?? "plain";
  if (voice.encryption === "off" || !policy) {
    return kind === "plain" ? undefined : refusal("media-encryption-not-available", protocol);
  }
  const key = kind === "dtls" ? undefined : offeredKey(section, voice, policy.suites);
  const dtls = offeredDtls(sdp, section, policy);
  const chosen = voice.exchange === "sdes" ? (key ?? dtls) : (dtls ?? key);
  if (chosen) return chosen;
  const noKeys = voice.keysInSdp ? "no-crypto" : "keys-without-tls";
  if (kind === "plain") {
    const isRequired = voice.encryption === "required";
    return isRequired ? refusal("media-encryption-required", noKeys) : undefined;
  }
  const missing = kind === "dtls" ? missingDtls(section, policy) : missingKey(section, voice);
  return refusal("media-encryption-not-available", missing);
}

function missingKey(section: MediaSection, { keysInSdp }: LegVoice): string {
  if (!keysInSdp) return "keys-without-tls";
  const isSuiteOurs = ({ suite }: CryptoAttribute): boolean => suiteNamed(suite) !== undefined;
  const isOnlyChanged = cryptosOf(section).some((one) => isSuiteOurs(one) && changesPackets(one));
  return isOnlyChanged ? "crypto-parameters" : "no-crypto-suite-in-common";
}

const missingDtls = ({ line }: MediaSection, policy: SrtpPolicy): string =>
  policy.fingerprint() === "" ? line.protocol : "no-fingerprint-to-rely-on";

function offeredKey(
  section: MediaSection,
  { keysInSdp }: LegVoice,
  wanted: readonly SrtpSuite[],
): TaggedKey | undefined {
  if (!keysInSdp) return undefined;
  const usable = cryptosOf(section).flatMap((crypto) => usableOf(crypto) ?? []);
  return usable.find(({ key }) => key.suite === wanted[0]) ?? usable[0];
}

function offeredDtls(sdp: Sdp, section: MediaSection, policy: SrtpPolicy): PeerDtls | undefined {
  if (policy.fingerprint() === "") return undefined;
  const dtls = dtlsOf(sdp, section, "active");
  return dtls && dtls.setup !== "holdconn" ? dtls : undefined;
}

/** What the answer to our proposals agrees on; nothing where it declines them. */
export function agreedProtection(
  sdp: Sdp,
  section: MediaSection,
  voice: LegVoice,
  { proposals, dtls }: Pick<LineSecurity, "proposals" | "dtls">,
): Protected | MediaRefusal {
  const kind = profileKind(section.line.protocol) ?? "plain";
  const theirs = dtls ? dtlsOf(sdp, section, "passive") : undefined;
  if (theirs) {
    const ours = agreedDtls(theirs);
    return ours ? { dtls: ours } : refusal("bad-sdp", "answer-with-setup");
  }
  if (kind === "dtls") return refusal("bad-sdp", "answer-without-fingerprint");
  for (const crypto of cryptosOf(section)) {
    const suite = suiteNamed(crypto.suite);
    const ours = proposals.find(({ tag, key }) => tag === crypto.tag && key.suite === suite);
    if (!ours) continue;
    const inbound = usableOf(crypto)?.key;
    // It will send what we can't read, whatever its profile.
    if (!inbound)
      return refusal(
        "bad-sdp",
        changesPackets(crypto) ? "answer-with-crypto-parameters" : "answer-with-bad-key",
      );
    return { srtp: { inbound, outbound: ours.key } };
  }
  if (kind === "srtp") return refusal("bad-sdp", "answer-without-key");
  const isRequired = voice.encryption === "required";
  return isRequired ? refusal("media-encryption-required", "answered-plain") : {};
}

/** Whether DTLS is what the leg is offered. */
export const offersDtls = (voice: LegVoice, policy: SrtpPolicy | undefined): boolean =>
  voice.encryption !== "off" &&
  voice.exchange !== "sdes" &&
  !!policy &&
  policy.fingerprint() !== "";

/** New keys, one for each suite, or that of a stream which goes on: its peer knows it. */
export function proposalsOf(
  voice: LegVoice,
  policy: SrtpPolicy | undefined,
  former: SrtpKey | undefined,
): Proposals {
  const { encryption, exchange, keysInSdp } = voice;
  if (!policy || encryption === "off" || exchange !== "sdes" || !keysInSdp) return [];
  if (former) return [{ tag: 1, key: former }];
  return policy.suites.map((suite, i) => ({ tag: i + 1, key: policy.newKey(suite) }));
}

/** The offerer's end: our key stays where the stream and its suite go on, and so does our part in DTLS. */
export function answering(
  theirs: Protection | undefined,
  policy: SrtpPolicy,
  former: StreamEnd | undefined,
): Protected {
  if (!theirs) return {};
  if ("setup" in theirs) {
    const dtls = answeringDtls(theirs, former?.dtls);
    return dtls ? { dtls } : {};
  }
  const { tag, key, spelt } = theirs;
  const ours = former?.srtp?.outbound;
  const outbound = ours?.suite === key.suite ? ours : policy.newKey(key.suite);
  return { tag, ...(spelt && { spelt }), srtp: { inbound: key, outbound } };
}

/** A key by chance. Ours have no name (MKI) and no end: a call is over before. */
export function newKey(suite: SrtpSuite, random: Random): SrtpKey {
  const bytes = Uint8Array.from({ length: BYTES_OF[suite] }, () => random.integer(256));
  return { suite, keySalt: new Secret(base64(bytes)) };
}

/** The end as a peer has it that answered what it was told already; maybe with a key anew. */
export function rekeyed(sdp: Sdp, section: MediaSection, { srtp, dtls }: Protected): Protected {
  if (dtls) return { dtls: redone(sdp, section, dtls) };
  for (const crypto of srtp ? cryptosOf(section) : []) {
    const theirs = usableOf(crypto);
    if (srtp && theirs?.key.suite === srtp.outbound.suite) {
      return { srtp: { ...srtp, inbound: theirs.key } };
    }
  }
  return srtp ? { srtp } : {};
}

const redone = (sdp: Sdp, section: MediaSection, former: DtlsEnd): DtlsEnd => {
  const theirs = dtlsOf(sdp, section, former.role === "active" ? "passive" : "active");
  return (theirs && agreedDtls(theirs)) ?? former;
};

/** What a description of ours says of a line's protection. */
export interface ToldSecurity {
  readonly protocol: string;
  /** Its a=crypto lines. */
  readonly cryptos: readonly string[];
}

/** What a leg was told of a line before, and whether its peer names SRTP by its profile. */
export interface Before {
  readonly protocol: string | undefined;
  readonly namesSrtp: boolean;
}

/**
 * To the answerer: SRTP where it must be, else the plain profile with what makes keys for those who
 * can (RFC 8643). A browser takes its own profile alone, as may who has named SRTP's by itself; what
 * a leg was told goes on.
 */
export function proposed(
  offered: MediaLine,
  { proposals, dtls }: LineSecurity,
  { encryption, exchange }: LegVoice,
  { protocol: former, namesSrtp }: Before,
): ToldSecurity {
  const secure = dtls ? "dtls" : "srtp";
  const isBrowser = dtls && exchange === "webrtc";
  const wasSure = namesSrtp || (former !== undefined && profileKind(former) === secure);
  const isKeyed = dtls || proposals.length > 0;
  const isSure = encryption === "required" || isBrowser || (isKeyed && wasSure);
  const feedback = isBrowser || (former ? hasFeedback(former) : wantsFeedback(offered.protocol));
  return {
    protocol: profileNamed(offered.protocol, isSure ? secure : "plain", feedback),
    cryptos: proposals.map(cryptoLine),
  };
}

/** Remembers whether a peer names SRTP by its profiles, where its description has RTP in use. */
export function hearProfiles({ media }: Sdp, told: OurOrigin): void {
  const kinds = media.flatMap(({ line }) => (line.port > 0 && profileKind(line.protocol)) || []);
  if (kinds.length > 0) told.namesSrtp = kinds.some((kind) => kind !== "plain");
}

/** A browser has no profile without it, and telephones often none with it (RFC 5124 §3). */
const wantsFeedback = (protocol: string): boolean =>
  hasFeedback(protocol) && profileKind(protocol) !== "dtls";

/** To the offerer: the profile that it named, and our key under its tag. */
export const answeredWith = (
  protocol: string,
  { offerer: { tag, srtp, spelt } }: LineSecurity,
): ToldSecurity => ({
  protocol,
  cryptos:
    srtp && tag !== undefined
      ? [cryptoLine({ tag, key: srtp.outbound, ...(spelt && { spelt }) })]
      : [],
});

/** The a=crypto line of a key. */
const cryptoLine = ({ tag, key, spelt = key.suite }: TaggedKey): string =>
  printCrypto({
    tag,
    suite: spelt,
    keys: [{ keySalt: key.keySalt }],
    sessionParameters: [],
  });

const cryptosOf = (section: MediaSection): CryptoAttribute[] =>
  section.lines
    .filter((line) => attributeName(line) === "crypto")
    .flatMap((line) => parseCrypto(attributeValue(line)) ?? []);

/** Whether a parameter asks for packets that look otherwise (RFC 4568 §6.3); a hint at the window of replays doesn't. */
const changesPackets = ({ sessionParameters }: CryptoAttribute): boolean =>
  !sessionParameters.every((parameter) => /^(?:WSH=\d+|KDR=0)$/.test(parameter));

/** A crypto attribute that we can do: a suite of ours, one key of its length, ordinary packets. */
function usableOf(crypto: CryptoAttribute): TaggedKey | undefined {
  const { tag, suite: name, keys } = crypto;
  const suite = suiteNamed(name);
  if (!suite || keys.length !== 1 || changesPackets(crypto)) return undefined;
  const { keySalt, mki } = keys[0]!;
  if (base64Bytes(keySalt.reveal()) !== BYTES_OF[suite]) return undefined;
  return {
    tag,
    key: { suite, keySalt, ...(mki && { mki }) },
    ...(name !== suite && { spelt: name }),
  };
}

/** How many bytes a base64 text holds, with its padding or, as some write it, without. */
const base64Bytes = (text: string): number => Math.floor((text.replace(/=+$/, "").length * 3) / 4);

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
