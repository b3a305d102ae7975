import type { Cidr } from "./cidr.ts";
import type { AddressBytes } from "./ip-address.ts";

/** The address that was read last, as four words of 32 bits: an IPv4 address is the first of them. */
const read = new Int32Array(4);

/**
 * Addresses and blocks, each with a value. Looking one up by its text makes nothing that would have
 * to be collected, and touches as little memory as it can: it is asked for each packet of a flood.
 */
export class AddressTable<V> {
  /** Of IPv4 and of IPv6, the longest prefix first. */
  readonly #ipv4: Row<V>[] = [];
  readonly #ipv6: Row<V>[] = [];
  /** So that nobody can choose addresses that all fall into one place. */
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  get size(): number {
    return [...this.#ipv4, ...this.#ipv6].reduce((sum, { size }) => sum + size, 0);
  }

  /** The value of the longest block that the address lies in, among those shorter than `below`. */
  find(address: string, below = 129): V | undefined {
    const family = readAddress(address);
    if (family === 0) return undefined;
    const rows = family === 4 ? this.#ipv4 : this.#ipv6;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const value = row.prefix < below ? row.get() : undefined;
      if (value !== undefined) return value;
    }
    return undefined;
  }

  get(block: Cidr): V | undefined {
    readBytes(block.bytes);
    return this.#rowOf(block)?.get();
  }

  set(block: Cidr, value: V): void {
    const row = this.#rowOf(block) ?? this.#addRow(block);
    readBytes(block.bytes);
    row.set(value);
  }

  delete(block: Cidr): boolean {
    const row = this.#rowOf(block);
    readBytes(block.bytes);
    if (!row?.delete()) return false;
    if (row.size === 0) {
      const rows = this.#rows(block);
      rows.splice(rows.indexOf(row), 1);
    }
    return true;
  }

  clear(): void {
    this.#ipv4.length = 0;
    this.#ipv6.length = 0;
  }

  #rows({ bytes }: Cidr): Row<V>[] {
    return bytes.length === 4 ? this.#ipv4 : this.#ipv6;
  }

  #rowOf(block: Cidr): Row<V> | undefined {
    return this.#rows(block).find(({ prefix }) => prefix === block.prefix);
  }

  #addRow(block: Cidr): Row<V> {
    const rows = this.#rows(block);
    const row = new Row<V>(block.prefix, this.#seed);
    rows.push(row);
    rows.sort((one, other) => other.prefix - one.prefix);
    return row;
  }
}

const CAPACITY_MIN = 16;

/** All blocks of one length: a table with open places, of whose address all lies side by side. */
class Row<V> {
  readonly prefix: number;
  size = 0;
  readonly #seed: number;
  /** Four words a place. */
  #words = new Int32Array(4 * CAPACITY_MIN);
  /** Undefined: the place is free. */
  #values: (V | undefined)[] = new Array(CAPACITY_MIN).fill(undefined);
  #mask = CAPACITY_MIN - 1;

  constructor(prefix: number, seed: number) {
    this.prefix = prefix;
    this.#seed = seed;
  }

  /** Of the block that the address read last lies in. */
  get(): V | undefined {
    return this.#values[this.#placeOfRead()];
  }

  set(value: V): void {
    let at = this.#placeOfRead();
    if (this.#values[at] === undefined) {
      if (2 * (this.size + 1) > this.#mask + 1) {
        const [a, b, c, d] = this.#readMasked();
        this.#resize(2 * (this.#mask + 1));
        at = this.#place(a, b, c, d);
      }
      const place = 4 * at;
      [this.#words[place], this.#words[place + 1], this.#words[place + 2], this.#words[place + 3]] =
        this.#readMasked();
      this.size += 1;
    }
    this.#values[at] = value;
  }

  /** Those behind it move up, so that no search ends too early. */
  delete(): boolean {
    let free = this.#placeOfRead();
    if (this.#values[free] === undefined) return false;
    this.size -= 1;
    const words = this.#words;
    for (
      let at = (free + 1) & this.#mask;
      this.#values[at] !== undefined;
      at = (at + 1) & this.#mask
    ) {
      const place = 4 * at;
      const home = this.#home(
        words[place]!,
        words[place + 1]!,
        words[place + 2]!,
        words[place + 3]!,
      );
      // Whether its home lies beyond the free place, on the way round.
      if (((at - home) & this.#mask) < ((at - free) & this.#mask)) continue;
      words.copyWithin(4 * free, place, place + 4);
      this.#values[free] = this.#values[at];
      free = at;
    }
    this.#values[free] = undefined;
    if (this.#mask + 1 > CAPACITY_MIN && 8 * this.size < this.#mask + 1)
      this.#resize((this.#mask + 1) >> 1);
    return true;
  }

  #placeOfRead(): number {
    const { prefix } = this;
    return this.#place(
      read[0]! & maskWord(prefix, 0),
      read[1]! & maskWord(prefix, 1),
      read[2]! & maskWord(prefix, 2),
      read[3]! & maskWord(prefix, 3),
    );
  }

  #readMasked(): [number, number, number, number] {
    const { prefix } = this;
    return [
      read[0]! & maskWord(prefix, 0),
      read[1]! & maskWord(prefix, 1),
      read[2]! & maskWord(prefix, 2),
      read[3]! & maskWord(prefix, 3),
    ];
  }

  /** Where these words are, or the free place where they would be. */
  #place(a: number, b: number, c: number, d: number): number {
    const words = this.#words;
    let at = this.#home(a, b, c, d);
    for (; this.#values[at] !== undefined; at = (at + 1) & this.#mask) {
      const i = 4 * at;
      if (words[i] === a && words[i + 1] === b && words[i + 2] === c && words[i + 3] === d) break;
    }
    return at;
  }

  #home(a: number, b: number, c: number, d: number): number {
    const hash = mixed(mixed(mixed(mixed(this.#seed, a), b), c), d);
    return (hash ^ (hash >>> 15)) & this.#mask;
  }

  #resize(capacity: number): void {
    const [words, values] = [this.#words, this.#values];
    this.#words = new Int32Array(4 * capacity);
    this.#values = new Array(capacity).fill(undefined);
    this.#mask = capacity - 1;
    for (const [at, value] of values.entries()) {
      if (value === undefined) continue;
      const i = 4 * at;
      const place = this.#place(words[i]!, words[i + 1]!, words[i + 2]!, words[i + 3]!);
      this.#words.set(words.subarray(i, i + 4), 4 * place);
      this.#values[place] = value;
    }
  }
}

function mixed(hash: number, word: number): number {
  const next = Math.imul((hash ^ word) + 0x6d2b79f5, 0x5bd1e995);
  return Math.imul(next ^ (next >>> 15), 0x2c1b3c6d);
}

/** The bits of word `i` that a prefix of this length covers. */
function maskWord(prefix: number, i: number): number {
  const covered = prefix - 32 * i;
  if (covered >= 32) return -1;
  return covered <= 0 ? 0 : -1 << (32 - covered);
}

function readBytes(bytes: AddressBytes): void {
  read.fill(0);
  for (let i = 0; i < bytes.length; i++) read[i >> 2]! |= bytes[i]! << (24 - 8 * (i & 3));
}

const DOT = 0x2e;
const COLON = 0x3a;
const PERCENT = 0x25;

/** Reads what a socket says, which is well-formed; IPv4 in IPv6 counts as IPv4. 0 where it is none. */
function readAddress(text: string): 0 | 4 | 6 {
  read.fill(0);
  for (let i = 0; i < text.length && i < 5; i++) {
    if (text.charCodeAt(i) === COLON) return readIpv6(text);
  }
  return readIpv4(text, 0, 0) ? 4 : 0;
}

/** Four numbers up to 255 from `from` to the end, into one word. */
function readIpv4(text: string, from: number, word: number): boolean {
  let address = 0;
  let value = -1;
  let dots = 0;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (value < 0) return false;
      address = (address << 8) | value;
      value = -1;
      dots += 1;
      continue;
    }
    const digit = code - 0x30;
    if (digit < 0 || digit > 9) return false;
    value = value < 0 ? digit : value * 10 + digit;
    if (value > 255) return false;
  }
  if (dots !== 3 || value < 0) return false;
  read[word] = (address << 8) | value;
  return true;
}

/** Groups before and after "::" (RFC 4291 §2.2); a zone (RFC 4007 §11) ends the text. */
function readIpv6(text: string): 0 | 4 | 6 {
  let groups = 0;
  let gap = -1;
  let value = -1;
  let began = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : PERCENT;
    if (code === DOT) return endsDotted(text, began, groups, gap);
    if (code === COLON || code === PERCENT) {
      if (value >= 0) {
        if (groups >= 8) return 0;
        putGroup(groups++, value);
      }
      if (code === PERCENT) break;
      if (text.charCodeAt(i + 1) === COLON) {
        if (gap >= 0) return 0;
        gap = groups;
        i += 1;
      }
      value = -1;
      began = i + 1;
      continue;
    }
    const digit = hexOf(code);
    if (digit < 0) return 0;
    value = value < 0 ? digit : (value << 4) | digit;
    if (value > 0xffff) return 0;
  }
  return spread(groups, gap) ? familyRead() : 0;
}

/** The last 32 bits as IPv4: two groups more. */
function endsDotted(text: string, from: number, groups: number, gap: number): 0 | 4 | 6 {
  const [a, b, c, d] = [read[0]!, read[1]!, read[2]!, read[3]!];
  if (!readIpv4(text, from, 0)) return 0;
  const word = read[0]!;
  read[0] = a;
  read[1] = b;
  read[2] = c;
  read[3] = d;
  if (groups > 6) return 0;
  putGroup(groups, word >>> 16);
  putGroup(groups + 1, word & 0xffff);
  return spread(groups + 2, gap) ? familyRead() : 0;
}

const hexOf = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
};

function putGroup(group: number, value: number): void {
  read[group >> 1]! |= (group & 1) === 0 ? value << 16 : value;
}

const groupAt = (group: number): number =>
  (group & 1) === 0 ? read[group >> 1]! >>> 16 : read[group >> 1]! & 0xffff;

/** Moves what stands behind the gap to the end. */
function spread(groups: number, gap: number): boolean {
  if (gap < 0) return groups === 8;
  if (groups > 7) return false;
  const missing = 8 - groups;
  for (let group = 7; group >= gap; group--) {
    const value = group - missing >= gap ? groupAt(group - missing) : 0;
    read[group >> 1]! &= (group & 1) === 0 ? 0xffff : 0xffff_0000;
    putGroup(group, value);
  }
  return true;
}

/** IPv4-mapped (RFC 4291 §2.5.5.2) is the IPv4 address. */
function familyRead(): 4 | 6 {
  if (read[0] !== 0 || read[1] !== 0 || read[2] !== 0xffff) return 6;
  read[0] = read[3]!;
  read[2] = 0;
  read[3] = 0;
  return 4;
}
