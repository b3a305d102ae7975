import { Buffer } from "node:buffer";

// The part of DER (ITU-T X.690 §10) that a certificate needs: each function makes one value.

/** A value with its tag and its length in the shortest form. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);

export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);

export const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]));

/** A whole number of any size, not negative, from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const shortest = first < 0 ? Buffer.from([0]) : bytes.subarray(first);
  // A leading one bit would make it negative.
  return shortest[0]! & 0x80 ? der(0x02, Buffer.from([0]), shortest) : der(0x02, shortest);
}

export const bits = (bytes: Uint8Array, unused = 0): Buffer =>
  der(0x03, Buffer.from([unused]), bytes);

export const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);

export const text = (value: string): Buffer => der(0x0c, Buffer.from(value, "utf8"));

/** An object identifier, as `2.5.4.3`. */
export function identifier(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  return der(0x06, Buffer.from([first! * 40 + second!, ...rest.flatMap(base128)]));
}

/** The moment, to the second: two digits of year until 2049, four from then on (RFC 5280 §4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = at
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:T]/g, "");
  const short = at.getUTCFullYear() >= 1950 && at.getUTCFullYear() < 2050;
  return short ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

/** A value under a number that the context gives a meaning: built of values, or bare. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer =>
  der(0xa0 | number, ...parts);

export const implicit = (number: number, bytes: Uint8Array): Buffer => der(0x80 | number, bytes);

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function base128(value: number): number[] {
  const groups = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    groups.unshift(0x80 | (rest % 128));
  }
  return groups;
}
