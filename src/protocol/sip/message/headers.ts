import { type HeaderKey, type HeaderName, knownName, unknownName } from "./header-names.ts";
import { splitList } from "./lexis.ts";

/**
 * The header fields of one message, in order. A field is put in by any spelling of its name, and
 * asked for by its key: lower case, long form (`headerKey` makes one of any spelling).
 */
export class Headers {
  // Two arrays, no map: a message has a dozen fields, and a scan of a dozen beats hashing them.
  #names: HeaderName[] = [];
  #values: string[] = [];

  /** How many fields there are. */
  get size(): number {
    return this.#names.length;
  }

  /** The first field's value. */
  get(name: HeaderKey): string | undefined {
    const i = this.#indexOf(name, 0);
    return i < 0 ? undefined : this.#values[i];
  }

  has(name: HeaderKey): boolean {
    return this.#indexOf(name, 0) >= 0;
  }

  /** The value of each field of that name, in order. */
  all(name: HeaderKey): string[] {
    const found: string[] = [];
    for (let i = this.#indexOf(name, 0); i >= 0; i = this.#indexOf(name, i + 1)) {
      found.push(this.#values[i]!);
    }
    return found;
  }

  /** All values of that name, those that commas separate cut apart where the header is a list. */
  list(name: HeaderKey): string[] {
    const lines = this.all(name);
    if (lines.length === 0) return lines;
    const { id, isList } = this.#names[this.#indexOf(name, 0)]!;
    // A name that nobody knows may be a list.
    if (!isList && id >= 0) return lines;
    return lines.length === 1 ? splitList(lines[0]!) : lines.flatMap(splitList);
  }

  /** One field of that name, in the place of the first. */
  set(name: HeaderKey, value: string): void {
    const first = this.#indexOf(name, 0);
    if (first < 0) {
      this.add(name, value);
      return;
    }
    this.#values[first] = oneLine(value);
    for (let i = this.#indexOf(name, first + 1); i >= 0; i = this.#indexOf(name, i)) {
      this.#names.splice(i, 1);
      this.#values.splice(i, 1);
    }
  }

  /** Changes the first field of that name alone (a stack's top Via); appends where there is none. */
  setFirst(name: HeaderKey, value: string): void {
    const i = this.#indexOf(name, 0);
    if (i < 0) this.add(name, value);
    else this.#values[i] = oneLine(value);
  }

  /** Appends a field. */
  add(name: string, value: string): void {
    this.append(knownName(name) ?? unknownName(name), oneLine(value));
  }

  /** Puts a field before all others. */
  prepend(name: string, value: string): void {
    this.#names.unshift(knownName(name) ?? unknownName(name));
    this.#values.unshift(oneLine(value));
  }

  delete(name: HeaderKey): void {
    for (let i = this.#indexOf(name, 0); i >= 0; i = this.#indexOf(name, i)) {
      this.#names.splice(i, 1);
      this.#values.splice(i, 1);
    }
  }

  /** All fields with their canonical names ("Call-ID"); unknown ones keep their own spelling. */
  entries(): Iterable<readonly [name: string, value: string]> {
    return this.#names.map((name, i) => [name.print, this.#values[i]!] as const);
  }

  /** Visits all fields. Quicker than `entries`. */
  each(visit: (name: HeaderName, value: string) => void): void {
    for (let i = 0; i < this.#names.length; i++) visit(this.#names[i]!, this.#values[i]!);
  }

  /** Appends all fields of that name of another message, unchanged. */
  addAllFrom(other: Headers, name: HeaderKey): void {
    for (let i = other.#indexOf(name, 0); i >= 0; i = other.#indexOf(name, i + 1)) {
      this.append(other.#names[i]!, other.#values[i]!);
    }
  }

  copy(): Headers {
    const copy = new Headers();
    copy.#names = this.#names.slice();
    copy.#values = this.#values.slice();
    return copy;
  }

  /** Appends a value that is known to be one line: what `parseMessage` reads, another message's. */
  append(name: HeaderName, value: string): void {
    this.#names.push(name);
    this.#values.push(value);
  }

  /** The fields, each on a new line, but for Content-Length, which is the printer's to say. */
  print(): string {
    let text = "";
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i]!;
      if (name === CONTENT_LENGTH) continue;
      text += name.label;
      text += this.#values[i]!;
    }
    return text;
  }

  /** How many values the field at hand's name has at most in this message (RFC 3261 §7.3.1). */
  mostValues(): number {
    const counts = new Map<string, number>();
    let most = 0;
    for (let i = 0; i < this.#names.length; i++) {
      const { key, isList } = this.#names[i]!;
      const values = isList ? splitList(this.#values[i]!).length : 1;
      const count = (counts.get(key) ?? 0) + values;
      counts.set(key, count);
      if (count > most) most = count;
    }
    return most;
  }

  #indexOf(name: HeaderKey, from: number): number {
    const names = this.#names;
    for (let i = from; i < names.length; i++) if (names[i]!.key === name) return i;
    return -1;
  }
}

const CONTENT_LENGTH = knownName("content-length")!;

/**
 * A value can never end its line: what a peer smuggles past an escape (a Refer-To with %0D%0A)
 * stays a value.
 */
export function oneLine(value: string): string {
  if (!value.includes("\r") && !value.includes("\n") && !value.includes("\0")) return value;
  let clean = "";
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    clean += code === 0x0d || code === 0x0a || code === 0 ? " " : value.charAt(i);
  }
  return clean;
}
