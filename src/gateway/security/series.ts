import { after, BoundedMap, type Instant, ownText } from "#base";

/** Sources that are watched; of more, those seen first are forgotten. */
const SOURCES_MAX = 4_096;
/** What one may name: a telephone with the wrong address names itself, and whom it calls. */
const NAMES_MAX = 10;
const NAME_LENGTH_MAX = 32;
/** Slow scanners wait between two names; as long as this they hardly do. */
const WINDOW_MS = 600_000;

interface Named {
  readonly names: Set<string>;
  readonly ends: Instant;
}

/** Tells who names one user or number after the other, and not the same ones again. */
export class Series {
  readonly #sources = new BoundedMap<string, Named>(SOURCES_MAX);

  get size(): number {
    return this.#sources.size;
  }

  /** Notes what a source names; whether that is one more than any may. */
  goesOn(source: string, text: string, now: Instant): boolean {
    const { names } = this.#namedBy(source, now);
    const name = text.slice(0, NAME_LENGTH_MAX);
    if (names.has(name)) return false;
    if (names.size >= NAMES_MAX) return true;
    names.add(ownText(name));
    return false;
  }

  /** Whether this would be one more than any may name; nothing is noted. */
  wouldGoOn(source: string, text: string, now: Instant): boolean {
    const known = this.#sources.get(source);
    if (!known || known.ends <= now || known.names.size < NAMES_MAX) return false;
    return !known.names.has(text.slice(0, NAME_LENGTH_MAX));
  }

  #namedBy(source: string, now: Instant): Named {
    const known = this.#sources.get(source);
    if (known && known.ends > now) return known;
    const named: Named = { names: new Set(), ends: after(now, WINDOW_MS) };
    this.#sources.set(source, named);
    return named;
  }
}
