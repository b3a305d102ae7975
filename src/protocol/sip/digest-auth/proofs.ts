import { parseCredentials, Request } from "#sip-message";
import { readDigestChallenge } from "./digest-challenge.ts";

/** Realms that one request is answered to: of proxies that ask one after the other (RFC 3261 §22.3). */
const REALMS_MAX = 3;

/** Stale nonces of one request that are made good: a server that calls each one stale is given up. */
const RENEWALS_MAX = 2;

const FIELDS = ["authorization", "proxy-authorization"] as const;

/** A request that goes again with a proof, and knows how often one took the place of another. */
class ProvedRequest extends Request {
  renewals = 0;
}

const renewalsOf = (request: Request): number =>
  request instanceof ProvedRequest ? request.renewals : 0;

/**
 * Of a 401's or 407's challenges those that the request has not answered before: a second one of the
 * same realm says that the credentials are wrong, unless it says that a nonce other than this new one
 * was too old (`stale`, RFC 7616 §3.3).
 */
export function openChallenges(request: Request, challenges: readonly string[]): string[] {
  const answered = noncesAnswered(request);
  const mayRenew = renewalsOf(request) < RENEWALS_MAX;
  return challenges.filter((value) => {
    const challenge = readDigestChallenge(value);
    if (!challenge) return false;
    const { realm, nonce, isStale } = challenge;
    if (!answered.has(realm)) return answered.size < REALMS_MAX;
    return isStale && mayRenew && answered.get(realm) !== nonce;
  });
}

/**
 * The request as it goes again, with one more proof in place of what its realm had before: with the
 * next CSeq, and without a Via, since its branch is a new one (RFC 3261 §22.2).
 */
export function withProof(
  request: Request,
  field: (typeof FIELDS)[number],
  proof: string,
): Request {
  const { method, uri, body, cseq } = request;
  const headers = request.headers.copy();
  const again = new ProvedRequest(method, uri, headers, body);
  const realm = realmOf(proof);
  const isRenewal = realm !== undefined && noncesAnswered(request).has(realm);
  again.renewals = renewalsOf(request) + (isRenewal ? 1 : 0);
  for (const name of isRenewal ? FIELDS : []) {
    const kept = headers.all(name).filter((value) => realmOf(value) !== realm);
    headers.delete(name);
    for (const value of kept) headers.add(name, value);
  }
  headers.delete("via");
  headers.set("cseq", `${cseq.number + 1} ${method}`);
  headers.add(field, proof);
  return again;
}

const realmOf = (proof: string): string | undefined => parseCredentials(proof)?.params.get("realm");

function noncesAnswered({ headers }: Request): ReadonlyMap<string, string | undefined> {
  const nonces = new Map<string, string | undefined>();
  for (const value of FIELDS.flatMap((name) => headers.all(name))) {
    const params = parseCredentials(value)?.params;
    const realm = params?.get("realm");
    if (realm !== undefined) nonces.set(realm, params?.get("nonce"));
  }
  return nonces;
}
