import { decodeUtf8 } from "#base";
import {
  answerDigest,
  type DigestCredentials,
  openChallenges,
  readDigestChallenge,
  withProof,
} from "#sip";
import type { Request, Response } from "#sip-message";
import type { Switchboard } from "./setup.ts";

/**
 * The request again, with the answer to a peer's 401 or 407 (RFC 3261 §22.2); undefined where the
 * credentials are not for that realm, so that nobody makes us answer for another (attack case C1), or
 * where it was answered before: then they are wrong, but for a nonce that was too old.
 */
export function answerChallenge(
  board: Switchboard,
  credentials: DigestCredentials | undefined,
  request: Request,
  response: Response,
): Request | undefined {
  if (!credentials) return undefined;
  const proxy = response.status === 407;
  const asked = response.headers.all(proxy ? "proxy-authenticate" : "www-authenticate");
  const challenges = openChallenges(request, asked);
  const answer = answerDigest({
    challenges,
    credentials,
    request,
    random: board.random,
    hash: board.hash,
  });
  if (answer === undefined) {
    if (challenges.length > 0) tell(board, credentials, request.method, challenges[0]!);
    return undefined;
  }
  return withProof(request, proxy ? "proxy-authorization" : "authorization", answer);
}

/** The operator of the gateway may have to name one realm more in the settings. */
function tell(
  board: Switchboard,
  { user, realms }: DigestCredentials,
  method: string,
  challenge: string,
): void {
  const realm = readDigestChallenge(challenge)?.realm;
  if (realm === undefined || !realms || realms.includes(decodeUtf8(realm))) return;
  const fact = { kind: "challenge-unanswered", method, user, realm: decodeUtf8(realm) } as const;
  board.emit({ kind: "fact", fact });
}
