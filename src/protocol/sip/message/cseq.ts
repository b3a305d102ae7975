import { digits, isToken, skipSpace, tokenEnd } from "./lexis.ts";

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** RFC 3261 §8.1.1.5: less than 2^31. */
const CSEQ_MAX = 0x7fff_ffff;

export const parseCSeq = (value: string): CSeq | undefined => parseCSeqIn(value, 0, value.length);

/** Reads the CSeq that stands from `start` to `end` of a text. */
export function parseCSeqIn(text: string, start: number, end: number): CSeq | undefined {
  const numberEnd = tokenEnd(text, start, end);
  const number = digits(text, start, numberEnd, CSEQ_MAX);
  const at = skipSpace(text, numberEnd, end);
  if (number < 0 || at === numberEnd || !isToken(text, at, end)) return undefined;
  return { number, method: text.slice(at, end) };
}
