import { type Denied, type DenyList, deniedOf } from "#security";
import { TextStore } from "./text-store.ts";

const nameOf = (list: DenyList, id: string): string => `${list} ${id}`;

/** The deny lists, as they survive a restart. */
export class DeniedStore {
  /** What the last process left, in no order. */
  readonly entries: readonly Denied[];
  readonly #texts: TextStore;

  /** Throws when the file can't be opened. `failed` hears why something couldn't be written. */
  constructor(file: string, failed: (why: string) => void) {
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
