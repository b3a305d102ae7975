import { digits, isToken, skipSpace, tokenEnd } from "./lexis.ts";

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** RFC 3261 §8.1.1.5: less than 2^31. */
const CSEQ_MAX = 0x7fff_ffff;

export function parseCSeq(value: string): CSeq | undefined {
  const end = value.length;
  const numberEnd = tokenEnd(value, 0, end);
  const number = digits(value, 0, numberEnd, CSEQ_MAX);
  const at = skipSpace(value, numberEnd, end);
  if (number < 0 || at === numberEnd || !isToken(value, at, end)) return undefined;
  return { number, method: value.slice(at) };
}
