/** Milliseconds since the Unix epoch; always an argument, never read from a clock in the pure rings. */
export type Instant = number & { readonly __brand: "Instant" };

export const instant = (ms: number): Instant => ms as Instant;

export const after = (from: Instant, ms: number): Instant => (from + ms) as Instant;
