import type { SavedCall } from "#port";
import { callOf, callText } from "./call-text.ts";
import { TextStore } from "./text-store.ts";

/** The calls that another process could go on with. */
export class CallStore {
  /** What the last process left. */
  readonly calls: readonly SavedCall[];
  /** Records that can't be read: of another version, or broken. */
  readonly unreadable: number;
  readonly #texts: TextStore;

  /** Throws when the file can't be opened. `failed` hears why something couldn't be written. */
  constructor(file: string, failed: (why: string) => void) {
    this.#texts = new TextStore({ file, table: "calls" }, failed);
    const rows = this.#texts.lines.map(({ id, text }) => ({ id, call: callOf(text) }));
    this.calls = rows.flatMap(({ call }) => call ?? []);
    const unreadable = rows.filter(({ call }) => call === undefined);
    this.unreadable = unreadable.length;
    for (const { id } of unreadable) this.forget(id);
  }

  keep(call: SavedCall): void {
    this.#texts.keep(call.id, callText(call));
  }

  forget(id: string): void {
    this.#texts.forget(id);
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#texts.close();
  }
}
