import { answerDigest, type DigestCredentials } from "#sip";
import { Request, type Response } from "#sip-message";
import type { Switchboard } from "./setup.ts";

/**
 * The request again, with the answer to a peer's 401 or 407 (RFC 3261 §22.2); undefined where the
 * credentials are not for that realm, so that nobody makes us answer for another (attack case C1).
 */
export function answerChallenge(
  board: Switchboard,
  credentials: DigestCredentials | undefined,
  request: Request,
  response: Response,
): Request | undefined {
  if (!credentials) return undefined;
  const proxy = response.status === 407;
  const challenges = response.headers.all(proxy ? "proxy-authenticate" : "www-authenticate");
  const answer = answerDigest({
    challenges,
    credentials,
    request,
    random: board.random,
    hash: board.hash,
  });
  if (answer === undefined) return undefined;
  // RFC 3261 §22.2: the same request, with the next CSeq and a branch of its own.
  const retry = new Request(request.method, request.uri, request.headers.copy(), request.body);
  retry.headers.delete("via");
  retry.headers.set("cseq", `${request.cseq.number + 1} ${request.method}`);
  retry.headers.set(proxy ? "proxy-authorization" : "authorization", answer);
  return retry;
}
