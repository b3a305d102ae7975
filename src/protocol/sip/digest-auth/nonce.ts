import { type Hash, type Instant, instant, type Random, type Secret } from "#base";

/** What makes and knows the nonces of one challenger. */
export interface NonceKey {
  readonly secret: Secret<string>;
  readonly realm: string;
  readonly hash: Hash;
  /**
   * Whom it is made for: from anywhere else it is none of ours, so that it can't be played again
   * from there (attack case C2), and an answer to it shows that its address isn't forged. The
   * address alone: behind a NAT ports change.
   */
  readonly place?: string;
}

const CHANCE_LENGTH = 8;
const SEAL_LENGTH = 32;

/**
 * A nonce that says when it was made, sealed, so that nothing is kept for those who were asked and
 * never came back (RFC 7616 §5.4; attack case D1).
 */
export function createNonce(key: NonceKey, now: Instant, random: Random): string {
  const plain = `${Math.floor(now).toString(36)}.${random.token(CHANCE_LENGTH)}`;
  return `${plain}.${seal(key, plain)}`;
}

/** When a nonce of ours was made; undefined for one that we didn't make. */
export function nonceTime(key: NonceKey, nonce: string): Instant | undefined {
  const dot = nonce.lastIndexOf(".");
  if (dot < 0 || !areSame(nonce.slice(dot + 1), seal(key, nonce.slice(0, dot)))) return undefined;
  return instant(Number.parseInt(nonce, 36));
}

function seal({ secret, realm, hash, place }: NonceKey, plain: string): string {
  const told = place === undefined ? realm : `${realm} ${place}`;
  const text = `${secret.reveal()}:${plain}:${told}:${secret.reveal()}`;
  return hash("sha256", text).slice(0, SEAL_LENGTH);
}

/** Compares in a time that says nothing of where two texts differ. */
export function areSame(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
