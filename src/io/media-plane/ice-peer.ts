import { createHmac, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { LoopbackPeer } from "./loopback-peer.ts";

const COOKIE = 0x2112_a442;
const HEADER = 20;
const ATTRIBUTE = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const;

/** What a test says of a check; the rest is as a browser has it. */
export interface CheckWish {
  readonly username: string;
  readonly password: string;
  readonly nominates?: boolean;
  readonly controlled?: boolean;
}

/** A connectivity check of the controlling side (RFC 8445 §7.2.2), for tests. */
export function stunCheck(wish: CheckWish): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(0x0001, 0);
  header.writeUInt32BE(COOKIE, 4);
  randomBytes(12).copy(header, 8);
  const role = wish.controlled ? ATTRIBUTE.iceControlled : ATTRIBUTE.iceControlling;
  const plain = [
    header,
    attribute(ATTRIBUTE.username, Buffer.from(wish.username)),
    attribute(ATTRIBUTE.priority, Buffer.from([0x6e, 0, 1, 0xff])),
    attribute(role, Buffer.alloc(8, 1)),
    ...(wish.nominates ? [attribute(ATTRIBUTE.useCandidate, Buffer.alloc(0))] : []),
  ];
  const unsigned = withLength(Buffer.concat(plain), 24);
  const tag = createHmac("sha1", wish.password).update(unsigned).digest();
  const signed = Buffer.concat([unsigned, attribute(ATTRIBUTE.messageIntegrity, tag)]);
  const marked = withLength(signed, 8);
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE((crc32(marked) ^ 0x5354_554e) >>> 0);
  return Buffer.concat([marked, attribute(ATTRIBUTE.fingerprint, mark)]);
}

/** What a lite agent says, its integrity checked: the port that it saw, or why not. */
export interface StunAnswer {
  readonly mappedPort?: number;
  readonly error?: number;
  readonly authentic: boolean;
}

export function readStunAnswer(bytes: Buffer, password: string): StunAnswer {
  let authentic = false;
  let mappedPort: number | undefined;
  let error: number | undefined;
  for (let at = HEADER; at < bytes.length; ) {
    const [type, length] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)];
    const value = bytes.subarray(at + 4, at + 4 + length);
    if (type === ATTRIBUTE.xorMappedAddress) mappedPort = value.readUInt16BE(2) ^ (COOKIE >>> 16);
    if (type === ATTRIBUTE.errorCode) error = value[2]! * 100 + value[3]!;
    if (type === ATTRIBUTE.messageIntegrity) {
      const before = Buffer.from(bytes.subarray(0, at));
      before.writeUInt16BE(at + 24 - HEADER, 2);
      authentic = createHmac("sha1", password).update(before).digest().equals(value);
    }
    at += 4 + ((length + 3) & ~3);
  }
  return {
    authentic,
    ...(mappedPort === undefined ? {} : { mappedPort }),
    ...(error === undefined ? {} : { error }),
  };
}

/** Sends a check and waits for its answer. */
export async function checkFrom(
  peer: LoopbackPeer,
  end: { readonly localAddress: string; readonly port: number },
  wish: CheckWish,
): Promise<StunAnswer> {
  await peer.send(stunCheck(wish), end);
  return readStunAnswer((await peer.next()).bytes, wish.password);
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + ((value.length + 3) & ~3));
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

/** The message with the length that it has when so many bytes follow. */
function withLength(message: Buffer, more: number): Buffer {
  message.writeUInt16BE(message.length + more - HEADER, 2);
  return message;
}
