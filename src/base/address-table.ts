import type { Cidr } from "./cidr.ts";
import type { AddressBytes } from "./ip-address.ts";

interface Kept<V> {
  readonly words: readonly [number, number, number, number];
  value: V;
  next: Kept<V> | undefined;
}

/** All blocks of one length. */
interface Row<V> {
  readonly prefix: number;
  readonly byHash: Map<number, Kept<V>>;
  size: number;
}

/** The address that was read last, as four words of 32 bits: an IPv4 address is the first of them. */
const read = new Int32Array(4);

/**
 * Addresses and blocks, each with a value. Looking one up by its text makes nothing that would have
 * to be collected, however many there are: it is asked for each packet of a flood.
 */
export class AddressTable<V> {
  /** Of IPv4 and of IPv6, the longest prefix first. */
  readonly #ipv4: Row<V>[] = [];
  readonly #ipv6: Row<V>[] = [];
  /** So that nobody can choose addresses that all fall into one place. */
  readonly #seed: number;
  #size = 0;

  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  get size(): number {
    return this.#size;
  }

  /** The value of the longest block that the address lies in, among those shorter than `below`. */
  find(address: string, below = 129): V | undefined {
    const family = readAddress(address);
    if (family === 0) return undefined;
    const rows = family === 4 ? this.#ipv4 : this.#ipv6;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (row.prefix >= below) continue;
      const kept = this.#keptIn(row);
      if (kept) return kept.value;
    }
    return undefined;
  }

  get(block: Cidr): V | undefined {
    const row = this.#rowOf(block);
    if (!row) return undefined;
    readBytes(block.bytes);
    return this.#keptIn(row)?.value;
  }

  set(block: Cidr, value: V): void {
    const row = this.#rowOf(block) ?? this.#addRow(block);
    readBytes(block.bytes);
    const known = this.#keptIn(row);
    if (known) {
      known.value = value;
      return;
    }
    const words = maskedWords(row.prefix);
    const hash = this.#hash(...words);
    row.byHash.set(hash, { words, value, next: row.byHash.get(hash) });
    row.size += 1;
    this.#size += 1;
  }

  delete(block: Cidr): boolean {
    const row = this.#rowOf(block);
    if (!row) return false;
    readBytes(block.bytes);
    const kept = this.#keptIn(row);
    if (!kept) return false;
    this.#unchain(row, kept);
    row.size -= 1;
    this.#size -= 1;
    if (row.size === 0) {
      const rows = this.#rows(block);
      rows.splice(rows.indexOf(row), 1);
    }
    return true;
  }

  clear(): void {
    this.#ipv4.length = 0;
    this.#ipv6.length = 0;
    this.#size = 0;
  }

  #unchain(row: Row<V>, kept: Kept<V>): void {
    const hash = this.#hash(...kept.words);
    const first = row.byHash.get(hash);
    if (first === kept) {
      if (kept.next) row.byHash.set(hash, kept.next);
      else row.byHash.delete(hash);
      return;
    }
    let before = first;
    while (before && before.next !== kept) before = before.next;
    if (before) before.next = kept.next;
  }

  #rows({ bytes }: Cidr): Row<V>[] {
    return bytes.length === 4 ? this.#ipv4 : this.#ipv6;
  }

  #rowOf(block: Cidr): Row<V> | undefined {
    return this.#rows(block).find(({ prefix }) => prefix === block.prefix);
  }

  #addRow(block: Cidr): Row<V> {
    const rows = this.#rows(block);
    const row: Row<V> = { prefix: block.prefix, byHash: new Map(), size: 0 };
    rows.push(row);
    rows.sort((one, other) => other.prefix - one.prefix);
    return row;
  }

  /** What a row has of the address that was read last. */
  #keptIn({ prefix, byHash }: Row<V>): Kept<V> | undefined {
    const a = read[0]! & maskWord(prefix, 0);
    const b = read[1]! & maskWord(prefix, 1);
    const c = read[2]! & maskWord(prefix, 2);
    const d = read[3]! & maskWord(prefix, 3);
    let kept = byHash.get(this.#hash(a, b, c, d));
    for (; kept; kept = kept.next) {
      const { words } = kept;
      if (words[0] === a && words[1] === b && words[2] === c && words[3] === d) return kept;
    }
    return undefined;
  }

  /** 30 bits: whole numbers of that size need no memory of their own. */
  #hash(a: number, b: number, c: number, d: number): number {
    let hash = mixed(this.#seed, a);
    hash = mixed(hash, b);
    hash = mixed(hash, c);
    hash = mixed(hash, d);
    return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
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

const maskedWords = (prefix: number): [number, number, number, number] => [
  read[0]! & maskWord(prefix, 0),
  read[1]! & maskWord(prefix, 1),
  read[2]! & maskWord(prefix, 2),
  read[3]! & maskWord(prefix, 3),
];

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
