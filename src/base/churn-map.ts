/** Removals between two rebuilds, beside as many as there are entries. */
const REMOVALS_MIN = 64;
/** A larger one isn't copied, which would take the loop milliseconds: what it has lives long. */
const REBUILT_MAX = 4_096;

/**
 * A Map whose entries come and go. V8's own links each table that it has outgrown to the next one:
 * once one of them has become old, all later ones live until the old heap is collected, and all
 * that they ever held with them. Each young collection then copies every call that is over. So the
 * table is given up before, for a fresh one without a link.
 */
export class ChurnMap<K, V> {
  #entries = new Map<K, V>();
  #removals = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V): void {
    this.#entries.set(key, value);
  }

  delete(key: K): boolean {
    if (!this.#entries.delete(key)) return false;
    const { size } = this.#entries;
    if (++this.#removals <= size + REMOVALS_MIN || size > REBUILT_MAX) return true;
    this.#removals = 0;
    this.#entries = new Map(this.#entries);
    return true;
  }

  clear(): void {
    this.#removals = 0;
    this.#entries = new Map();
  }

  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }

  /** What is removed meanwhile may still come. */
  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#entries.entries();
  }
}
