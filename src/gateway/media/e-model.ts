/** What a codec makes of voice, for the E-model. */
export interface CodecRating {
  /** Its equipment impairment factor, on the scale of R. */
  readonly impairment: number;
  /** Its packet-loss robustness: how much loss, in percent, costs half of what is left. */
  readonly robustness: number;
  /** What it and its packets of usual length keep voice back. */
  readonly delayMs: number;
}

const rating = (impairment: number, robustness: number, delayMs: number): CodecRating => ({
  impairment,
  robustness,
  delayMs,
});

/** With concealment of losses, as any telephone of today has it. */
const G711 = rating(0, 25.1, 20);
/** No narrow band makes them worse than G.711; their robustness isn't in G.113: a cautious guess. */
const WIDE = rating(0, 20, 25);

/** By the name of SDP in lower case. */
const RATINGS: ReadonlyMap<string, CodecRating> = new Map([
  ["pcmu", G711],
  ["pcma", G711],
  ["l16", G711],
  // ITU-T G.113 appendix I: G.729A with voice activity detection, G.723.1 at 6.3 kbit/s, GSM-EFR.
  ["g729", rating(11, 19, 25)],
  ["g723", rating(15, 16.1, 37.5)],
  ["gsm-efr", rating(5, 10, 20)],
  // At its highest rate AMR is GSM-EFR.
  ["amr", rating(5, 10, 25)],
  // G.113 has their impairments; their robustness is that of their likes.
  ["gsm", rating(20, 10, 20)],
  ["g726-40", rating(2, 20, 20)],
  ["g726-32", rating(7, 20, 20)],
  ["g726-24", rating(25, 20, 20)],
  ["g726-16", rating(50, 20, 20)],
  ["g728", rating(7, 17, 20)],
  // RFC 3951's own codec hides losses best; the figures are those that measuring devices use.
  ["ilbc", rating(11, 32, 30)],
  ["g722", WIDE],
  ["opus", WIDE],
  ["amr-wb", WIDE],
]);

export const codecRating = (encoding: string): CodecRating | undefined => RATINGS.get(encoding);

/** Everything by default (ITU-T G.107 §7.7), without delay and without loss. */
const BEST = 93.2;
/** Beyond this a conversation suffers, and not only echo is heard. */
const TALK_MS = 177.3;
const WORST_IMPAIRMENT = 95;

/**
 * The transmission rating (ITU-T G.107), its parameters by default but for the codec, the loss of
 * packets (at random) and the delay from mouth to ear.
 */
export function rFactor(codec: CodecRating, lossPercent: number, oneWayMs: number): number {
  const { impairment, robustness } = codec;
  const byLoss = (WORST_IMPAIRMENT - impairment) * (lossPercent / (lossPercent + robustness));
  const byDelay = 0.024 * oneWayMs + 0.11 * Math.max(0, oneWayMs - TALK_MS);
  return Math.max(0, BEST - byDelay - impairment - byLoss);
}

/** The mean opinion score, from 1 (bad) to 5 (excellent), that goes with R (ITU-T G.107 annex B). */
export function mosOf(r: number): number {
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}
