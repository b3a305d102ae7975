import { existsSync, renameSync } from "node:fs";
import type { Remembered } from "#port";
import { TextStore } from "./text-store.ts";

/** Small records by their names, as they survive a restart; what they say is the gateway's business. */
export class RememberedStore {
  /** What the last process left, in no order. */
  readonly records: readonly Remembered[];
  readonly #texts: TextStore;

  /**
   * `failed` hears why something couldn't be read or written. A file that is none of SQLite is put
   * aside: calls don't wait for what was remembered.
   */
  static open(file: string, failed: (why: string) => void): RememberedStore {
    try {
      return new RememberedStore(file, failed);
    } catch (error) {
      failed(`nothing is remembered, ${file} is put aside: ${String(error)}`);
      for (const end of ["", "-wal", "-shm"])
        if (existsSync(file + end)) renameSync(file + end, `${file}.broken${end}`);
      return new RememberedStore(file, failed);
    }
  }

  private constructor(file: string, failed: (why: string) => void) {
    this.#texts = new TextStore({ file, table: "remembered" }, failed);
    this.records = this.#texts.lines.map(({ id, text }) => ({ name: id, text }));
  }

  remember({ name, text }: Remembered): void {
    if (text === undefined) this.#texts.forget(name);
    else this.#texts.keep(name, text);
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#texts.close();
  }
}
