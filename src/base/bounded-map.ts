import { ChurnMap } from "./churn-map.ts";

/** A Map that never holds more than `max` entries: the oldest leaves when a new one comes. */
export class BoundedMap<K, V> {
  readonly #entries = new ChurnMap<K, V>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** Returns the key and value that had to leave, if one had to. */
  set(key: K, value: V): readonly [K, V] | undefined {
    const full = this.#entries.size >= this.#max && !this.#entries.has(key);
    let evicted: readonly [K, V] | undefined;
    if (full) {
      evicted = this.#entries[Symbol.iterator]().next().value;
      if (evicted) this.#entries.delete(evicted[0]);
    }
    this.#entries.set(key, value);
    return evicted;
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#entries[Symbol.iterator]();
  }
}
