import { encodeUtf8, type Hash, type Random, type Secret } from "#base";
import { printCredentials, type Request } from "#sip-message";
import { type DigestChallenge, strongestChallenge } from "./digest-challenge.ts";
import { digestResponse, nonceCountText } from "./digest-response.ts";

/** What answers a challenge; with realms set, challenges of these alone (attack case C1). */
export interface DigestCredentials {
  readonly user: string;
  readonly password: Secret<string>;
  readonly realms?: readonly string[];
}

/** Who answers, for which request, and with what. */
export interface DigestAnswer {
  readonly credentials: DigestCredentials;
  readonly request: Request;
  readonly random: Random;
  readonly hash: Hash;
  /** How often this nonce is used with this answer; 1 for a fresh one. */
  readonly nonceCount?: number;
}

export interface DigestQuestion extends DigestAnswer {
  /** The values of WWW-Authenticate or Proxy-Authenticate. */
  readonly challenges: readonly string[];
}

const CNONCE_LENGTH = 16;

/** The value of (Proxy-)Authorization, or undefined where no challenge may or can be answered. */
export function answerDigest(question: DigestQuestion): string | undefined {
  const challenge = answerableChallenge(question.challenges, question.credentials);
  return challenge && answerChallenge(challenge, question);
}

/** The challenge that these credentials are for; of several the one with the strongest hash. */
export function answerableChallenge(
  challenges: readonly string[],
  { realms }: DigestCredentials,
): DigestChallenge | undefined {
  return strongestChallenge(challenges, realms?.map(encodeUtf8));
}

/**
 * The answer to a challenge, to the same one again with the next count: a registrar that said 401
 * once needs to say it no more (RFC 7616 §3.4, RFC 3261 §22.3).
 */
export function answerChallenge(challenge: DigestChallenge, answer: DigestAnswer): string {
  const { credentials, request, random, hash, nonceCount: count = 1 } = answer;
  const { realm, nonce, opaque, algorithm, algorithmText, qop } = challenge;
  const { method, uri, body } = request;
  const user = encodeUtf8(credentials.user);
  const password = encodeUtf8(credentials.password.reveal());
  const nonceCount = nonceCountText(count);
  const cnonce = qop || algorithm.isSession ? random.token(CNONCE_LENGTH) : "";
  const input = { algorithm, user, realm, password, nonce, qop, nonceCount, cnonce };
  const params = new Map([
    ["username", user],
    ["realm", realm],
    ["nonce", nonce],
    ["uri", uri],
    ["response", digestResponse({ ...input, method, uri, body }, hash)],
  ]);
  if (algorithmText !== undefined) params.set("algorithm", algorithmText);
  if (opaque !== undefined) params.set("opaque", opaque);
  if (qop !== undefined) params.set("qop", qop).set("nc", nonceCount);
  if (cnonce !== "") params.set("cnonce", cnonce);
  return printCredentials({ scheme: "digest", params });
}
