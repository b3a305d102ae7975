import type { Hash } from "#base";
import type { DigestAlgorithm } from "./algorithm.ts";
import type { Qop } from "./digest-challenge.ts";

/** What goes into the `response` of credentials. All texts are of one character a byte. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly user: string;
  readonly realm: string;
  readonly password: string;
  readonly nonce: string;
  readonly qop: Qop | undefined;
  /** Eight hex digits. */
  readonly nonceCount: string;
  readonly cnonce: string;
  readonly method: string;
  readonly uri: string;
  readonly body: string;
}

/** RFC 7616 §3.4.1 to §3.4.3. */
export function digestResponse(input: DigestInput, hash: Hash): string {
  const { algorithm, user, realm, password, nonce, qop, nonceCount, cnonce } = input;
  const h = (text: string): string => hash(algorithm.hash, text);
  const secret = h(`${user}:${realm}:${password}`);
  const a1 = algorithm.isSession ? h(`${secret}:${nonce}:${cnonce}`) : secret;
  const body = qop === "auth-int" ? `:${h(input.body)}` : "";
  const a2 = h(`${input.method}:${input.uri}${body}`);
  if (qop === undefined) return h(`${a1}:${nonce}:${a2}`);
  return h(`${a1}:${nonce}:${nonceCount}:${cnonce}:${qop}:${a2}`);
}

/** Counts go in eight hex digits (RFC 7616 §3.4). */
export const nonceCountText = (count: number): string => count.toString(16).padStart(8, "0");
