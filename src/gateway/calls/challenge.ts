import { decodeUtf8 } from "#base";
import { answerDigest, type DigestCredentials, readDigestChallenge } from "#sip";
import { parseCredentials, Request, type Response } from "#sip-message";
import type { Switchboard } from "./setup.ts";

/** Realms that one request is answered to: of proxies that ask one after the other (RFC 3261 §22.3). */
const REALMS_MAX = 3;

/**
 * The request again, with the answer to a peer's 401 or 407 (RFC 3261 §22.2); undefined where the
 * credentials are not for that realm, so that nobody makes us answer for another (attack case C1), or
 * where it was answered before: then they are wrong.
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
  const answered = realmsAnswered(request);
  if (answered.length >= REALMS_MAX) return undefined;
  const challenges = asked.filter((value) => {
    const realm = readDigestChallenge(value)?.realm;
    return realm !== undefined && !answered.includes(realm);
  });
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
  // RFC 3261 §22.2: the same request, with the next CSeq and a branch of its own.
  const retry = new Request(request.method, request.uri, request.headers.copy(), request.body);
  retry.headers.delete("via");
  retry.headers.set("cseq", `${request.cseq.number + 1} ${request.method}`);
  retry.headers.add(proxy ? "proxy-authorization" : "authorization", answer);
  return retry;
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

const realmsAnswered = ({ headers }: Request): (string | undefined)[] =>
  [...headers.all("authorization"), ...headers.all("proxy-authorization")].map((value) =>
    parseCredentials(value)?.params.get("realm"),
  );
