/** A value that never shows in a log, a dump or JSON: it prints as •••. */
export class Secret<T> {
  readonly #value: T;
  constructor(value: T) {
    this.#value = value;
  }
  /** The one way to the value: easy to search for in a review. */
  reveal(): T {
    return this.#value;
  }
  toString(): string {
    return "•••";
  }
  toJSON(): string {
    return "•••";
  }
}
