import type { Hash, Random, Secret } from "#base";
import { type AuthFields, parseChallenge, printCredentials, type Request } from "#sip-message";

/** What answers a challenge; with a realm set, challenges of that realm alone (attack case C1). */
export interface DigestCredentials {
  readonly user: string;
  readonly password: Secret<string>;
  readonly realm?: string;
}

export interface DigestQuestion {
  /** The values of WWW-Authenticate or Proxy-Authenticate. */
  readonly challenges: readonly string[];
  readonly credentials: DigestCredentials;
  readonly request: Request;
  readonly random: Random;
  readonly hash: Hash;
  /** How often this nonce has been used, this time included; 1 for a fresh one. */
  readonly nonceCount?: number;
}

/** Algorithms by strength, the strongest first (RFC 8760 §2.1). */
const ALGORITHMS = [
  { name: "SHA-512-256", hash: "sha512-256" },
  { name: "SHA-256", hash: "sha256" },
  { name: "MD5", hash: "md5" },
] as const;

interface Chosen {
  readonly params: ReadonlyMap<string, string>;
  readonly algorithm: (typeof ALGORITHMS)[number];
  readonly isSession: boolean;
  readonly qop: "auth" | "auth-int" | undefined;
}

/** The value of (Proxy-)Authorization, or undefined where no challenge may or can be answered. */
export function answerDigest(question: DigestQuestion): string | undefined {
  const { credentials, request, random, hash, nonceCount = 1 } = question;
  const chosen = strongest(question.challenges, credentials);
  if (!chosen) return undefined;
  const { params, algorithm, isSession, qop } = chosen;
  const h = (text: string): string => hash(algorithm.hash, text);
  const [realm, nonce] = [params.get("realm") ?? "", params.get("nonce") ?? ""];
  const cnonce = random.token(16);
  const nc = nonceCount.toString(16).padStart(8, "0");
  const secret = h(`${credentials.user}:${realm}:${credentials.password.reveal()}`);
  const a1 = isSession ? h(`${secret}:${nonce}:${cnonce}`) : secret;
  const body = qop === "auth-int" ? `:${h(request.body)}` : "";
  const a2 = h(`${request.method}:${request.uri}${body}`);
  const response = qop ? h(`${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}`) : h(`${a1}:${nonce}:${a2}`);
  const fields = new Map([
    ["username", credentials.user],
    ["realm", realm],
    ["nonce", nonce],
    ["uri", request.uri],
    ["response", response],
    ["algorithm", isSession ? `${algorithm.name}-sess` : algorithm.name],
  ]);
  if (qop) for (const [name, value] of [["cnonce", cnonce], ["qop", qop], ["nc", nc]] as const) fields.set(name, value);
  else if (isSession) fields.set("cnonce", cnonce);
  const opaque = params.get("opaque");
  if (opaque !== undefined) fields.set("opaque", opaque);
  return printCredentials({ scheme: "Digest", params: fields });
}

/** Of the challenges that can be answered, the one whose algorithm is strongest. */
function strongest(values: readonly string[], credentials: DigestCredentials): Chosen | undefined {
  let best: Chosen | undefined;
  for (const value of values) {
    const challenge = parseChallenge(value);
    const chosen = challenge && answerable(challenge, credentials);
    if (!chosen) continue;
    if (!best || rank(chosen) < rank(best)) best = chosen;
  }
  return best;
}

const rank = (chosen: Chosen): number => ALGORITHMS.indexOf(chosen.algorithm);

function answerable({ scheme, params }: AuthFields, credentials: DigestCredentials): Chosen | undefined {
  if (scheme !== "digest" || !params.has("nonce")) return undefined;
  if (credentials.realm !== undefined && params.get("realm") !== credentials.realm) return undefined;
  const name = (params.get("algorithm") ?? "MD5").toUpperCase();
  const isSession = name.endsWith("-SESS");
  const plain = isSession ? name.slice(0, -5) : name;
  const algorithm = ALGORITHMS.find((candidate) => candidate.name === plain);
  if (!algorithm) return undefined;
  const offered = params.get("qop")?.toLowerCase().split(",").map((qop) => qop.trim());
  // RFC 7616 §3.4: of a qop list one must be known; without a list the old form is meant.
  if (offered && !offered.includes("auth") && !offered.includes("auth-int")) return undefined;
  const qop = offered && (offered.includes("auth") ? "auth" : "auth-int");
  return { params, algorithm, isSession, qop };
}
