import { createHash, randomFillSync } from "node:crypto";
import type { Hash, Random } from "#base";

const ALPHABET = Buffer.from("abcdefghijklmnopqrstuvwxyz234567", "latin1");

/** Bytes drawn at a time: one system call serves hundreds of tokens. */
const POOL_BYTES = 16_384;

/** Secure chance from the system, five bits a character. */
export function secureRandom(): Random {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  const byte = (): number => {
    if (at === POOL_BYTES) {
      randomFillSync(pool);
      at = 0;
    }
    return pool[at++]!;
  };
  return {
    token(length) {
      // One flat string: tokens are kept for as long as their call.
      const text = Buffer.allocUnsafe(length);
      for (let i = 0; i < length; i++) text[i] = ALPHABET[byte() & 31]!;
      return text.toString("latin1");
    },
    integer(below) {
      const word = ((byte() << 24) | (byte() << 16) | (byte() << 8) | byte()) >>> 0;
      return word % below;
    },
  };
}

const NAMES = { md5: "md5", sha256: "sha256", "sha512-256": "sha512-256" } as const;

export const systemHash: Hash = (algorithm, text) =>
  createHash(NAMES[algorithm]).update(text, "latin1").digest("hex");
