import { existsSync, renameSync } from "node:fs";
import { type Denied, type DenyList, deniedOf } from "#security";
import { TextStore } from "./text-store.ts";

const nameOf = (list: DenyList, id: string): string => `${list} ${id}`;

/** The deny lists, as they survive a restart. */
export class DeniedStore {
  /** What the last process left, in no order. */
  readonly entries: readonly Denied[];
  readonly #texts: TextStore;

  /**
   * `failed` hears why something couldn't be read or written. A file that is none of SQLite is put
   * aside: who was denied will show it again, and calls don't wait for that.
   */
  static open(file: string, failed: (why: string) => void): DeniedStore {
    try {
      return new DeniedStore(file, failed);
    } catch (error) {
      failed(`the deny lists begin anew, ${file} is put aside: ${String(error)}`);
      for (const end of ["", "-wal", "-shm"])
        if (existsSync(file + end)) renameSync(file + end, `${file}.broken${end}`);
      return new DeniedStore(file, failed);
    }
  }

  private constructor(file: string, failed: (why: string) => void) {
    this.#texts = new TextStore({ file, table: "denied" }, failed);
    const rows = this.#texts.lines.map(({ id, text }) => ({ id, denied: read(text) }));
    this.entries = rows.flatMap(({ denied }) => denied ?? []);
    for (const { id, denied } of rows) {
      const isWhole = denied !== undefined && nameOf(denied.list, denied.id) === id;
      if (!isWhole) this.#texts.forget(id);
    }
  }

  keep(denied: Denied): void {
    this.#texts.keep(nameOf(denied.list, denied.id), JSON.stringify(denied));
  }

  forget(list: DenyList, id: string): void {
    this.#texts.forget(nameOf(list, id));
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#texts.close();
  }
}

function read(text: string): Denied | undefined {
  try {
    return deniedOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
