import { encodeUtf8, type Instant, type Secret } from "#base";
import { parseCredentials, parseUri, type Request, sameUri } from "#sip-message";
import { type DigestAlgorithm, parseAlgorithm } from "./algorithm.ts";
import { digestResponse } from "./digest-response.ts";
import { areSame, type NonceKey, nonceTime } from "./nonce.ts";

/** What an Authorization is worth. */
export type DigestVerdict =
  /** No credentials for this realm: challenge. */
  | { readonly kind: "absent" }
  | { readonly kind: "malformed" }
  /** An old nonce of ours, or one that isn't ours: challenge with `stale`. */
  | { readonly kind: "stale"; readonly user: string }
  /** A wrong password or an unknown user: who asks must not learn which (attack case C3). */
  | { readonly kind: "wrong"; readonly user: string }
  /** The caller still sees that the count is new (`NonceCounts`). */
  | {
      readonly kind: "right";
      readonly user: string;
      readonly nonce: string;
      readonly nonceCount: number;
    };

export interface DigestCheck extends NonceKey {
  readonly nonceAgeMaxMs: number;
  /** The hashes that we asked for: nobody may answer with a weaker one. */
  readonly algorithms: readonly DigestAlgorithm["name"][];
  /** Undefined for a user that doesn't exist. */
  readonly passwordOf: (user: string) => Secret<string> | undefined;
}

/** Judges the values of (Proxy-)Authorization of a request. */
export function checkDigest(
  values: readonly string[],
  request: Request,
  check: DigestCheck,
  now: Instant,
): DigestVerdict {
  for (const value of values) {
    const fields = parseCredentials(value);
    if (!fields) return { kind: "malformed" };
    if (fields.scheme !== "digest" || fields.params.get("realm") !== check.realm) continue;
    return judge(fields.params, request, check, now);
  }
  return { kind: "absent" };
}

function judge(
  params: ReadonlyMap<string, string>,
  request: Request,
  check: DigestCheck,
  now: Instant,
): DigestVerdict {
  const answer = readAnswer(params, request, check);
  if (!answer) return { kind: "malformed" };
  const { user, nonce, nonceCount } = answer;
  const made = nonceTime(check, nonce);
  if (made === undefined || now - made > check.nonceAgeMaxMs) return { kind: "stale", user };
  if (!isRight(answer, request, check)) return { kind: "wrong", user };
  return { kind: "right", user, nonce, nonceCount: Number.parseInt(nonceCount, 16) };
}

interface Answer {
  readonly algorithm: DigestAlgorithm;
  readonly user: string;
  readonly nonce: string;
  readonly nonceCount: string;
  readonly cnonce: string;
  readonly uri: string;
  readonly response: string;
}

/** Our challenges ask for qop "auth": an answer without it, or with another, answers none of them. */
function readAnswer(
  params: ReadonlyMap<string, string>,
  request: Request,
  { algorithms }: DigestCheck,
): Answer | undefined {
  const algorithm = parseAlgorithm(params.get("algorithm") ?? "MD5");
  const [user, nonce, cnonce] = [params.get("username"), params.get("nonce"), params.get("cnonce")];
  const [uri, response, nonceCount] = [params.get("uri"), params.get("response"), params.get("nc")];
  if (!algorithm || algorithm.isSession || !algorithms.includes(algorithm.name)) return undefined;
  if (user === undefined || nonce === undefined || uri === undefined) return undefined;
  if (response === undefined || cnonce === undefined || params.get("qop") !== "auth")
    return undefined;
  if (nonceCount === undefined || !/^[0-9a-f]{8}$/i.test(nonceCount)) return undefined;
  // An answer for one address is none for another (RFC 7616 §3.4.6).
  if (!isSameTarget(uri, request.uri)) return undefined;
  return { algorithm, user, nonce, nonceCount, cnonce, uri, response };
}

function isSameTarget(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [parseUri(a), parseUri(b)];
  return one !== undefined && other !== undefined && sameUri(one, other);
}

/** As much work for a user that doesn't exist as for one that does. */
function isRight(answer: Answer, { method, body }: Request, check: DigestCheck): boolean {
  const { hash, realm } = check;
  const password = check.passwordOf(answer.user);
  const input = { ...answer, realm, method, body, qop: "auth" as const };
  const secret = password === undefined ? check.secret : password;
  const expected = digestResponse({ ...input, password: encodeUtf8(secret.reveal()) }, hash);
  const isMatch = areSame(answer.response.toLowerCase(), expected);
  return isMatch && password !== undefined;
}
