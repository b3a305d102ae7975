import { hostPort, printAddress, type Random } from "#base";

/** An answer to a binding request, as far as a keep-alive needs it. */
export interface StunAnswer {
  readonly transactionId: string;
  /** Where our datagrams come from, as the other end sees it; undefined in an error or without one. */
  readonly mapped: string | undefined;
}

const COOKIE = "\x21\x12\xa4\x42";
const HEADER_BYTES = 20;
const ID_BYTES = 12;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const BINDING_ERROR = 0x0111;
const MAPPED_ADDRESS = 0x0001;
const XOR_MAPPED_ADDRESS = 0x0020;
/** Longer ones are no answers to a request that has no attributes. */
const BYTES_MAX = 548;

/** Told from SIP by its first byte, which is below 4 in STUN and a letter in SIP (RFC 5626 §8). */
export const isStun = (text: string): boolean => text.charCodeAt(0) < 4;

/** 96 bits of chance: who isn't on the way can't guess them (RFC 5389 §6). */
export function newStunId(random: Random): string {
  let id = "";
  for (let i = 0; i < ID_BYTES; i++) id += String.fromCharCode(random.integer(256));
  return id;
}

/** One character a byte, as all that leaves by a SIP socket. */
export const bindingRequest = (transactionId: string): string =>
  `${word(BINDING_REQUEST)}${word(0)}${COOKIE}${transactionId}`;

/** Undefined for all that is no well-formed answer to a binding request (RFC 5389 §7.3). */
export function parseStunAnswer(text: string): StunAnswer | undefined {
  if (text.length < HEADER_BYTES || text.length > BYTES_MAX) return undefined;
  const type = wordAt(text, 0);
  if (type !== BINDING_SUCCESS && type !== BINDING_ERROR) return undefined;
  const isWhole = wordAt(text, 2) === text.length - HEADER_BYTES && text.length % 4 === 0;
  if (!isWhole || text.slice(4, 8) !== COOKIE) return undefined;
  const transactionId = text.slice(8, HEADER_BYTES);
  return { transactionId, mapped: type === BINDING_SUCCESS ? mappedIn(text) : undefined };
}

function mappedIn(text: string): string | undefined {
  let plain: string | undefined;
  for (let at = HEADER_BYTES; at + 4 <= text.length; ) {
    const [type, length] = [wordAt(text, at), wordAt(text, at + 2)];
    const value = text.slice(at + 4, at + 4 + length);
    if (value.length < length) return undefined;
    // Its masked form passes translators that rewrite addresses wherever they see them (§15.2).
    if (type === XOR_MAPPED_ADDRESS) return addressIn(value, text.slice(4, HEADER_BYTES));
    if (type === MAPPED_ADDRESS) plain ??= addressIn(value, "");
    at += 4 + ((length + 3) & ~3);
  }
  return plain;
}

function addressIn(value: string, mask: string): string | undefined {
  const family = value.charCodeAt(1);
  const length = family === 1 ? 4 : family === 2 ? 16 : 0;
  if (length === 0 || value.length !== 4 + length) return undefined;
  const byte = (at: number, by: number): number =>
    value.charCodeAt(at) ^ (mask === "" ? 0 : mask.charCodeAt(by));
  const port = (byte(2, 0) << 8) | byte(3, 1);
  const bytes = Array.from({ length }, (_, i) => byte(4 + i, i));
  return hostPort(printAddress(bytes), port);
}

const word = (value: number): string => String.fromCharCode(value >> 8, value & 255);
const wordAt = (text: string, at: number): number =>
  (text.charCodeAt(at) << 8) | text.charCodeAt(at + 1);
