/** Reads a frame's payload, little-endian. */
export class Payload {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the next value begins, in the bytes given. */
  get at(): number {
    return this.#at;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#step(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#step(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#step(4));
  }

  /** A count, or a figure that needn't be whole. */
  count(): number {
    return this.#bytes.readDoubleLE(this.#step(8));
  }

  text(): string {
    const length = this.u8();
    const start = this.#step(length);
    return this.#bytes.toString("latin1", start, start + length);
  }

  #step(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    return at;
  }
}
