import { BoundedMap } from "#base";

/** The counts that each nonce has been used with: none twice (RFC 7616 §3.4, attack case C2). */
export class NonceCounts {
  readonly #highest: BoundedMap<string, number>;

  /** Of more nonces than `noncesMax` the oldest are forgotten. */
  constructor(noncesMax: number) {
    this.#highest = new BoundedMap(noncesMax);
  }

  /** False for a count that this nonce has had, or has gone past. */
  accepts(nonce: string, count: number): boolean {
    if (count <= (this.#highest.get(nonce) ?? 0)) return false;
    this.#highest.set(nonce, count);
    return true;
  }
}
