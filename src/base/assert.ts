/** A broken invariant of ours, never a peer's bad input. Caught in one place, `io/loop`. */
export class BrokenInvariant extends Error {
  override name = "BrokenInvariant";
}

/** Throws BrokenInvariant unless `condition`; `held` says what must hold. */
export function assert(condition: unknown, held: string): asserts condition {
  if (!condition) throw new BrokenInvariant(held);
}

/** The end of an exhaustive `switch`: the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new BrokenInvariant(`unexpected ${JSON.stringify(value)}`);
}
