import { createCipheriv, createHmac, timingSafeEqual } from "node:crypto";

// SRTP as a party of these tests speaks it: AES_CM_128_HMAC_SHA1_80, one source, fewer than 65,536
// packets, so that its rollover counter is 0.

const HEADER = 12;
const TAG = 10;
const SALT = 14;
const ROLLOVER = Buffer.alloc(4);

/** The two labels of RTP's keys that derivation needs beside the salt's (RFC 3711 §4.3.1). */
const LABEL = { encryption: 0, authentication: 1, salt: 2 } as const;

export class Srtp {
  readonly #key: Buffer;
  readonly #authentication: Buffer;
  readonly #salt: Buffer;

  /** Of a master key and its salt, in base64 as descriptions have them. */
  constructor(keySalt: string) {
    const bytes = Buffer.from(keySalt, "base64");
    const derive = (label: number, size: number): Buffer => {
      const iv = Buffer.concat([bytes.subarray(16, 16 + SALT), Buffer.alloc(2)]);
      iv[7]! ^= label;
      return keyStream(bytes.subarray(0, 16), iv, Buffer.alloc(size));
    };
    this.#key = derive(LABEL.encryption, 16);
    this.#authentication = derive(LABEL.authentication, 20);
    this.#salt = derive(LABEL.salt, SALT);
  }

  seal(packet: Buffer): Buffer {
    const sealed = Buffer.concat([packet.subarray(0, HEADER), this.#crypt(packet)]);
    return Buffer.concat([sealed, this.#tag(sealed)]);
  }

  /** Undefined when it isn't authentic. */
  open(packet: Buffer): Buffer | undefined {
    if (packet.length < HEADER + TAG) return undefined;
    const sealed = packet.subarray(0, -TAG);
    if (!timingSafeEqual(this.#tag(sealed), packet.subarray(-TAG))) return undefined;
    return Buffer.concat([sealed.subarray(0, HEADER), this.#crypt(sealed)]);
  }

  #tag(packet: Buffer): Buffer {
    const tag = createHmac("sha1", this.#authentication).update(packet).update(ROLLOVER).digest();
    return tag.subarray(0, TAG);
  }

  #crypt(packet: Buffer): Buffer {
    const iv = Buffer.concat([this.#salt, Buffer.alloc(2)]);
    for (let i = 0; i < 4; i++) iv[4 + i]! ^= packet[8 + i]!;
    for (let i = 0; i < 2; i++) iv[12 + i]! ^= packet[2 + i]!;
    return keyStream(this.#key, iv, packet.subarray(HEADER));
  }
}

const keyStream = (key: Buffer, iv: Buffer, text: Buffer): Buffer =>
  createCipheriv("aes-128-ctr", key, iv).update(text);
