import { after, type Instant, instant } from "./instant.ts";

/**
 * Lets the first few events of each span of time be told and counts the rest: whoever can cause an
 * event at will must not fill a log with it.
 */
export class Sampler {
  readonly #max: number;
  readonly #spanMs: number;
  #ends = instant(Number.NEGATIVE_INFINITY);
  #told = 0;
  #untold = 0;

  constructor(max: number, spanMs: number) {
    this.#max = max;
    this.#spanMs = spanMs;
  }

  /** How many went untold before this one, which is to be told; undefined where it is not. */
  take(now: Instant): number | undefined {
    if (now >= this.#ends) {
      this.#ends = after(now, this.#spanMs);
      this.#told = 0;
    }
    if (this.#told >= this.#max) {
      this.#untold++;
      return undefined;
    }
    this.#told++;
    const untold = this.#untold;
    this.#untold = 0;
    return untold;
  }
}
