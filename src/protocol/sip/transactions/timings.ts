/** The three times that all timers of RFC 3261 §17 derive from, in milliseconds. */
export interface Timings {
  readonly t1Ms: number;
  readonly t2Ms: number;
  readonly t4Ms: number;
}

export const TIMINGS: Timings = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000 };

/** Timers B, F, H, J, L and M (RFC 3261 table 4, RFC 6026 §7). */
export const patienceMs = (timings: Timings): number => 64 * timings.t1Ms;

/** When timer E of who asks has come to T2: from then on a 100 is due (RFC 4320 §4.1). */
export function tryingMs({ t1Ms, t2Ms }: Timings): number {
  let waited = 0;
  for (let e = t1Ms; e < t2Ms; e *= 2) waited += e;
  return waited;
}

/** Timer D: long enough for the server's last retransmission (RFC 3261 §17.1.1.2). */
export const timerDMs = (timings: Timings): number => Math.max(32_000, patienceMs(timings));

/** An `expiresAt` that never comes. */
export const NEVER = Number.POSITIVE_INFINITY;
