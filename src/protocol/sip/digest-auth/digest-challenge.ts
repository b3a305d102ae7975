import { type AuthFields, parseChallenge, printChallenge } from "#sip-message";
import { type DigestAlgorithm, parseAlgorithm, weakness } from "./algorithm.ts";

export type Qop = "auth" | "auth-int";

/** A challenge that can be answered (RFC 7616 §3.3). Plain data: it may be answered again. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly algorithm: DigestAlgorithm;
  /** As the challenger spells it; undefined where it means MD5 without saying so. */
  readonly algorithmText: string | undefined;
  /** Undefined for the form of RFC 2069, without cnonce and count. */
  readonly qop: Qop | undefined;
  /** The answer was right, but its nonce too old: the same password will do. */
  readonly isStale: boolean;
}

/** Reads WWW-Authenticate or Proxy-Authenticate; undefined for what can't be answered. */
export function readDigestChallenge(value: string): DigestChallenge | undefined {
  const fields = parseChallenge(value);
  return fields?.scheme === "digest" ? challengeOf(fields) : undefined;
}

/** Of several challenges, and of certain realms where these are given, the one with the strongest hash. */
export function strongestChallenge(
  values: readonly string[],
  realms: readonly string[] | undefined,
): DigestChallenge | undefined {
  let best: DigestChallenge | undefined;
  for (const value of values) {
    const challenge = readDigestChallenge(value);
    if (!challenge || (realms && !realms.includes(challenge.realm))) continue;
    // Of equals the first: the challenger's order is its preference (RFC 8760 §2.4).
    if (!best || weakness(challenge.algorithm) < weakness(best.algorithm)) best = challenge;
  }
  return best;
}

/** The values of WWW-Authenticate or Proxy-Authenticate: one for each hash, as RFC 8760 §2.3 asks. */
export function digestChallenges(
  realm: string,
  nonce: string,
  algorithms: readonly DigestAlgorithm["name"][],
  isStale = false,
): string[] {
  return algorithms.map((algorithm) => {
    const params = new Map([
      ["realm", realm],
      ["nonce", nonce],
      ["algorithm", algorithm],
      ["qop", "auth"],
    ]);
    if (isStale) params.set("stale", "true");
    return printChallenge({ scheme: "digest", params });
  });
}

function challengeOf({ params }: AuthFields): DigestChallenge | undefined {
  const nonce = params.get("nonce");
  const realm = params.get("realm");
  const algorithmText = params.get("algorithm");
  const algorithm = parseAlgorithm(algorithmText ?? "MD5");
  if (nonce === undefined || realm === undefined || !algorithm) return undefined;
  const offered = params.get("qop")?.toLowerCase().split(",");
  const qop = offered && chosenQop(offered.map((name) => name.trim()));
  // Of a list something must be known (RFC 7616 §3.3); without one the old form is meant.
  if (offered && !qop) return undefined;
  const isStale = params.get("stale")?.toLowerCase() === "true";
  const opaque = params.get("opaque");
  return { realm, nonce, opaque, algorithm, algorithmText, qop, isStale };
}

/** The body may be changed on its way by whoever may change it: "auth" where there is a choice. */
function chosenQop(offered: readonly string[]): Qop | undefined {
  if (offered.includes("auth")) return "auth";
  return offered.includes("auth-int") ? "auth-int" : undefined;
}
