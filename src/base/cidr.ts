import { type AddressBytes, parseAddress, printAddress } from "./ip-address.ts";

/** A block of addresses: the first `prefix` bits of `bytes` count. */
export interface Cidr {
  readonly bytes: AddressBytes;
  readonly prefix: number;
}

/** Reads "192.0.2.0/24", "2001:db8::/32" or one address; bits beyond the prefix become zero. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const mapped = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const bytes = mapped && parseAddress(printAddress(mapped));
  if (!bytes) return undefined;
  const bits = bytes.length * 8;
  if (slash < 0) return { bytes, prefix: bits };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return undefined;
  const prefix = Number(length);
  return { bytes: bytes.map((byte, i) => byte & maskByte(prefix, i)), prefix };
}

export const printCidr = (block: Cidr): string => `${printAddress(block.bytes)}/${block.prefix}`;

/** Whether the address (IPv4-mapped IPv6 read as IPv4 by the caller) lies in the block. */
export function cidrContains(block: Cidr, address: AddressBytes): boolean {
  if (address.length !== block.bytes.length) return false;
  for (let i = 0; i * 8 < block.prefix; i++) {
    if ((address[i]! & maskByte(block.prefix, i)) !== block.bytes[i]) return false;
  }
  return true;
}

/** The bits of byte `i` that a prefix of this length covers. */
function maskByte(prefix: number, i: number): number {
  const covered = Math.min(8, Math.max(0, prefix - i * 8));
  return (0xff << (8 - covered)) & 0xff;
}
