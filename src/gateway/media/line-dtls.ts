import {
  attributeName,
  attributeValue,
  findAttribute,
  type MediaSection,
  parseFingerprint,
  parseSetup,
  printFingerprint,
  type Sdp,
  type Setup,
} from "#sdp";
import type { OurOrigin } from "./call-media-state.ts";
import type { DtlsEnd, StrongFingerprint } from "./command.ts";
import type { OwnHash, SrtpPolicy } from "./leg-voice.ts";

/** What a description says of a line's DTLS (RFC 5763 §5). */
export interface PeerDtls {
  readonly setup: Setup;
  readonly fingerprints: readonly StrongFingerprint[];
}

/** As many as the media plane looks at. */
const FINGERPRINTS_MAX = 8;

/** The line's own words count, else those of the whole description (RFC 8122 §5, RFC 4145 §4). */
export function dtlsOf(sdp: Sdp, section: MediaSection, absent: Setup): PeerDtls | undefined {
  const own = fingerprintsOf(section.lines);
  const fingerprints = own.isGiven ? own.strong : fingerprintsOf(sdp.session).strong;
  const said = findAttribute(section.lines, "setup") ?? findAttribute(sdp.session, "setup");
  const setup = said === undefined ? absent : parseSetup(said);
  if (setup === undefined || fingerprints.length === 0) return undefined;
  return { setup, fingerprints };
}

/**
 * Our end against an offer: active where we may choose, since the peer can hear us before it has
 * our answer (RFC 5763 §5); but who goes on keeps the part that it plays (RFC 8842 §5.3).
 */
export function answeringDtls(
  { setup, fingerprints }: PeerDtls,
  former: DtlsEnd | undefined,
): DtlsEnd | undefined {
  if (setup === "holdconn") return undefined;
  if (setup === "active") return { role: "passive", fingerprints };
  const goesOn = former !== undefined && sameFingerprints(former.fingerprints, fingerprints);
  return { role: setup === "actpass" && goesOn ? former.role : "active", fingerprints };
}

/** Our end as the answer to our "actpass" has it; undefined where it leaves open what it must not. */
export function agreedDtls({ setup, fingerprints }: PeerDtls): DtlsEnd | undefined {
  if (setup === "active") return { role: "passive", fingerprints };
  return setup === "passive" ? { role: "active", fingerprints } : undefined;
}

/** What a description of ours says: an offer lets the peer choose, an answer has chosen. */
export const dtlsLines = (
  policy: SrtpPolicy,
  setup: Setup,
  hash: OwnHash = "sha-256",
): string[] => [printFingerprint({ hash, value: policy.fingerprint(hash) }), `a=setup:${setup}`];

/** By which hash a leg was told of our certificate, m= line by m= line. */
export function hashesTold({ body }: OurOrigin): (OwnHash | undefined)[] {
  return body
    .split("\r\nm=")
    .slice(1)
    .map((part) => {
      const hash = /\r\na=fingerprint:(sha-256|sha-384) /.exec(part)?.[1];
      return hash as OwnHash | undefined;
    });
}

/**
 * How an offer tells of our certificate. A browser begins another association where the fingerprint
 * is another one (RFC 8842 §4), and else goes on with the one that it has: of a stream that is new to
 * a leg which had one before, as when a transfer moves it, the other hash is told.
 */
export const hashOf = (former: OwnHash | undefined, isFresh: boolean): OwnHash | undefined =>
  isFresh && former === "sha-256" ? "sha-384" : isFresh ? "sha-256" : former;

export const sameDtls = (a: DtlsEnd | undefined, b: DtlsEnd | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.role === b.role &&
    sameFingerprints(a.fingerprints, b.fingerprints));

const sameFingerprints = (
  a: readonly StrongFingerprint[],
  b: readonly StrongFingerprint[],
): boolean =>
  a.length === b.length &&
  a.every(({ hash, value }, i) => hash === b[i]!.hash && value === b[i]!.value);

/** Those of hashes to rely on: what is given in SHA-1 alone vouches for nothing. */
function fingerprintsOf(lines: readonly string[]) {
  const given = lines.filter((line) => attributeName(line) === "fingerprint");
  const strong: StrongFingerprint[] = [];
  for (const line of given) {
    const { hash, value } = parseFingerprint(attributeValue(line)) ?? {};
    if (!hash || !value || !isStrong(hash)) continue;
    if (strong.length < FINGERPRINTS_MAX) strong.push({ hash, value });
  }
  return { isGiven: given.length > 0, strong };
}

const isStrong = (hash: string): hash is StrongFingerprint["hash"] =>
  hash === "sha-256" || hash === "sha-384" || hash === "sha-512";
