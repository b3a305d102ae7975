/** Chance as an argument: the world gives a secure one (`io`), a test a seeded one. */
export interface Random {
  /** A token of lower-case letters and digits; at least 5 bits of chance a character. */
  token(length: number): string;
  /** A whole number from 0 to `below` - 1. */
  integer(below: number): number;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** A repeatable Random for tests and simulation (mulberry32); never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    token(length) {
      let text = "";
      for (let i = 0; i < length; i++) text += ALPHABET[next() & 31];
      return text;
    },
    integer: (below) => next() % below,
  };
}
