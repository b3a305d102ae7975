/** The numbers of an address: 4 bytes (IPv4) or 16 (IPv6). */
export type AddressBytes = readonly number[];

/** Reads an IPv4 or IPv6 text (IPv6 with or without brackets, no zone); undefined when it is none. */
export function parseAddress(text: string): AddressBytes | undefined {
  if (text.charCodeAt(0) === 0x5b /* [ */) {
    return text.endsWith("]") ? parseIpv6(text.slice(1, -1)) : undefined;
  }
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

export const isAddress = (text: string): boolean =>
  isIpv4(text) || parseAddress(text) !== undefined;

export const isIpv6 = (text: string): boolean => text.includes(":") && isAddress(text);

/** One text for each address: IPv4 dotted, IPv6 as RFC 5952 §4; IPv4-mapped IPv6 becomes IPv4. */
export function printAddress(bytes: AddressBytes): string {
  if (bytes.length === 4) return bytes.join(".");
  if (isMapped(bytes)) return bytes.slice(12).join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!);
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** The canonical text of an address, or undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  // An IPv4 address has one spelling, so this asks for no number: most addresses come by here.
  if (isIpv4(text)) return text;
  const bytes = parseAddress(text);
  return bytes && printAddress(bytes);
}

/** An address as it stands in a URI or a Via: IPv6 in brackets (RFC 3261 §25.1 IPv6reference). */
export const hostText = (address: string): string =>
  address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;

export const hostPort = (address: string, port: number): string => `${hostText(address)}:${port}`;

export type AddressKind =
  | "unspecified"
  | "loopback"
  | "link-local"
  | "private"
  | "multicast"
  | "broadcast"
  | "global";

export function addressKind(bytes: AddressBytes): AddressKind {
  return bytes.length === 4 ? ipv4Kind(bytes) : ipv6Kind(bytes);
}

function ipv4Kind([a, b, c, d]: AddressBytes): AddressKind {
  if (a === 0) return "unspecified";
  if (a === 127) return "loopback";
  if (a === 169 && b === 254) return "link-local";
  if (a === 10 || (a === 192 && b === 168) || (a === 172 && (b! & 0xf0) === 16)) return "private";
  if (a! >= 224 && a! < 240) return "multicast";
  if (a === 255 && b === 255 && c === 255 && d === 255) return "broadcast";
  return "global";
}

function ipv6Kind(bytes: AddressBytes): AddressKind {
  if (isMapped(bytes)) return ipv4Kind(bytes.slice(12));
  if (bytes.every((byte) => byte === 0)) return "unspecified";
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "loopback";
  if (bytes[0] === 0xff) return "multicast";
  if (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80) return "link-local";
  if ((bytes[0]! & 0xfe) === 0xfc) return "private";
  return "global";
}

const isMapped = (bytes: AddressBytes): boolean =>
  bytes[10] === 0xff && bytes[11] === 0xff && bytes.slice(0, 10).every((byte) => byte === 0);

function parseIpv4(text: string): AddressBytes | undefined {
  return isIpv4(text) ? text.split(".").map(Number) : undefined;
}

const DOT = 0x2e;
const ZERO = 0x30;

/** Four numbers up to 255 between three dots, none with a zero in front. */
function isIpv4(text: string): boolean {
  if (text.length > 15) return false;
  let dots = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0) return false;
      dots++;
      digits = 0;
      value = 0;
    } else {
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return false;
      value = value * 10 + digit;
      digits++;
      if (value > 255) return false;
    }
  }
  return dots === 3 && digits > 0;
}

function parseIpv6(text: string): AddressBytes | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!);
  const tail = halves.length === 2 ? groupsOf(halves[1]!) : [];
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** The bytes of one half of an IPv6 text; the last group may be a dotted IPv4 (RFC 4291 §2.2). */
function groupsOf(half: string): number[] | undefined {
  if (half === "") return [];
  const bytes: number[] = [];
  const groups = half.split(":");
  for (const [i, group] of groups.entries()) {
    if (group.includes(".")) {
      const dotted = i === groups.length - 1 ? parseIpv4(group) : undefined;
      if (!dotted) return undefined;
      bytes.push(...dotted);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let i = 0; i < groups.length; i++) {
    let length = 0;
    while (groups[i + length] === 0) length++;
    if (length > best.length) best = { start: i, length };
    i += length;
  }
  return best;
}
