import { assert, type Instant, type Random } from "#base";

/** Pairs of ports, by index: the even port is twice the index. */
const PAIRS = 32_768;
const NONE = -1;

type PairState = typeof OUTSIDE | typeof FREE | typeof HELD;
const OUTSIDE = 0;
const FREE = 1;
const HELD = 2;

/**
 * The ports for media, in pairs: an even one for RTP and the next for RTCP (RFC 3550 §11). The
 * pair that has been free longest is taken first, and none before its quarantine is over, so
 * that a stale stream can't enter a new call (attack case E6). Every step is O(1).
 */
export class PortPool {
  readonly #state = new Uint8Array(PAIRS);
  // The free pairs as a doubly linked list, the one that has been free longest at its head.
  readonly #before = new Int32Array(PAIRS).fill(NONE);
  readonly #behind = new Int32Array(PAIRS).fill(NONE);
  readonly #usableAt = new Float64Array(PAIRS);
  #head = NONE;
  #tail = NONE;
  #first = 0;
  #last = NONE;
  #held = 0;
  readonly #random: Random | undefined;
  readonly #quarantineMs: number;

  constructor(options: {
    portMin: number;
    portMax: number;
    quarantineMs?: number;
    random?: Random;
  }) {
    this.#random = options.random;
    this.#quarantineMs = options.quarantineMs ?? 10_000;
    this.resize(options.portMin, options.portMax);
  }

  /** Pairs in use, also those that a smaller range has left outside. */
  get held(): number {
    return this.#held;
  }

  /** Pairs in the range. */
  get capacity(): number {
    return this.#last - this.#first + 1;
  }

  /** Whether the port lies in the range of our own media. */
  covers(port: number): boolean {
    const pair = port >> 1;
    return pair >= this.#first && pair <= this.#last;
  }

  /** Takes `count` pairs, all or none; the even port of each. */
  take(count: number, now: Instant): number[] | undefined {
    let last = this.#head;
    for (let i = 0; i < count; i++) {
      // The list is in the order of release, so what follows can't be usable earlier.
      if (last === NONE || this.#usableAt[last]! > now) return undefined;
      last = this.#behind[last]!;
    }
    return Array.from({ length: count }, () => this.#hold(this.#head));
  }

  /** Takes this very pair, as a call does that outlived a restart; false when it is in use. */
  claim(port: number): boolean {
    const pair = port >> 1;
    if (port % 2 !== 0 || pair < 0 || pair >= PAIRS || this.#state[pair] === HELD) return false;
    this.#hold(pair);
    return true;
  }

  /** Gives a pair back by its even port. */
  release(port: number, now: Instant): void {
    const pair = port >> 1;
    assert(port % 2 === 0 && this.#state[pair] === HELD, "only a port that is held is released");
    this.#held--;
    if (!this.covers(port)) {
      this.#state[pair] = OUTSIDE;
      return;
    }
    this.#usableAt[pair] = now + this.#quarantineMs;
    this.#append(pair);
  }

  /**
   * Changes the range. Ports in use stay so until they are released; new ones come first, in an
   * order that nobody can guess when there is chance.
   */
  resize(portMin: number, portMax: number): void {
    const first = (portMin + 1) >> 1;
    const last = (portMax - 1) >> 1;
    assert(first >= 1 && last < PAIRS && first <= last, "the range holds at least one pair");
    for (let pair = this.#first; pair <= this.#last; pair++) {
      if (this.#state[pair] === FREE && (pair < first || pair > last)) this.#remove(pair, OUTSIDE);
    }
    const fresh: number[] = [];
    for (let pair = first; pair <= last; pair++) {
      if (this.#state[pair] === OUTSIDE) fresh.push(pair);
    }
    this.#first = first;
    this.#last = last;
    for (let i = fresh.length - 1; i >= 0; i--) {
      const chosen = this.#random?.integer(i + 1) ?? i;
      const pair = fresh[chosen]!;
      fresh[chosen] = fresh[i]!;
      this.#usableAt[pair] = 0;
      this.#prepend(pair);
    }
  }

  #hold(pair: number): number {
    if (this.#state[pair] === FREE) this.#remove(pair, HELD);
    else this.#state[pair] = HELD;
    this.#held++;
    return pair * 2;
  }

  #append(pair: number): void {
    this.#state[pair] = FREE;
    this.#before[pair] = this.#tail;
    this.#behind[pair] = NONE;
    if (this.#tail === NONE) this.#head = pair;
    else this.#behind[this.#tail] = pair;
    this.#tail = pair;
  }

  #prepend(pair: number): void {
    this.#state[pair] = FREE;
    this.#before[pair] = NONE;
    this.#behind[pair] = this.#head;
    if (this.#head === NONE) this.#tail = pair;
    else this.#before[this.#head] = pair;
    this.#head = pair;
  }

  #remove(pair: number, state: PairState): void {
    const before = this.#before[pair]!;
    const behind = this.#behind[pair]!;
    if (before === NONE) this.#head = behind;
    else this.#behind[before] = behind;
    if (behind === NONE) this.#tail = before;
    else this.#before[behind] = before;
    this.#state[pair] = state;
  }
}
