import { createHash, randomFillSync } from "node:crypto";
import type { Hash, Random } from "#base";

const ALPHABET = Buffer.from("abcdefghijklmnopqrstuvwxyz234567", "latin1");

/** Bytes drawn at a time: one system call serves hundreds of tokens. */
const POOL_BYTES = 16_384;
const TOKEN_MAX = 64;

/** Secure chance from the system, five bits a character. */
export function secureRandom(): Random {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  const word = Buffer.allocUnsafeSlow(TOKEN_MAX);
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
      if (length > TOKEN_MAX) throw new RangeError(`a token has at most ${TOKEN_MAX} characters`);
      for (let i = 0; i < length; i++) word[i] = ALPHABET[byte() & 31]!;
      return word.toString("latin1", 0, length);
    },
    integer(below) {
      const drawn = ((byte() << 24) | (byte() << 16) | (byte() << 8) | byte()) >>> 0;
      return drawn % below;
    },
  };
}

const NAMES = { md5: "md5", sha256: "sha256", "sha512-256": "sha512-256" } as const;

export const systemHash: Hash = (algorithm, text) =>
  createHash(NAMES[algorithm]).update(text, "latin1").digest("hex");
