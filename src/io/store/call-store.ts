import { chmodSync, closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { SavedCall } from "#port";
import { callOf, callText } from "./call-text.ts";
import type { Changes } from "./call-worker.ts";

const WORKER = new URL("call-worker.ts", import.meta.url);

const TABLE =
  "CREATE TABLE IF NOT EXISTS calls (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID";

/**
 * The calls that another process could go on with, in a file of SQLite. A thread of its own writes,
 * so that no call waits for a disk; what was handed over survives the end of the process, not of the
 * machine.
 */
export class CallStore {
  /** What the last process left. */
  readonly calls: readonly SavedCall[];
  /** Records that can't be read: of another version, or broken. */
  readonly unreadable: number;
  readonly #worker: Worker;
  #changes: Changes = [];
  #flushing: NodeJS.Immediate | undefined;

  /** Throws when the file can't be opened. `failed` hears why something couldn't be written. */
  constructor(file: string, failed: (why: string) => void) {
    // It has keys of media: nobody else may read it.
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
    const rows = rowsIn(file).map(({ id, text }) => ({ id, call: callOf(text) }));
    this.calls = rows.flatMap(({ call }) => call ?? []);
    const unreadable = rows.filter(({ call }) => call === undefined);
    this.unreadable = unreadable.length;
    this.#worker = new Worker(WORKER, { workerData: file });
    this.#worker.on("message", (why: string) => failed(why));
    this.#worker.on("error", (error) => failed(String(error)));
    this.#worker.unref();
    for (const { id } of unreadable) this.forget(id);
  }

  keep(call: SavedCall): void {
    this.#change({ id: call.id, text: callText(call) });
  }

  forget(id: string): void {
    this.#change({ id });
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    this.#flush();
    // Nothing else may keep the process alive by now.
    this.#worker.ref();
    const ended = new Promise((resolve) => this.#worker.once("exit", resolve));
    this.#worker.postMessage(undefined);
    await ended;
  }

  #change(change: Changes[number]): void {
    this.#changes.push(change);
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#changes.length > 0) this.#worker.postMessage(this.#changes);
    this.#changes = [];
  }
}

function rowsIn(file: string): { id: string; text: string }[] {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(TABLE);
    const rows = database.prepare("SELECT id, text FROM calls").all();
    return rows.map(({ id, text }) => ({ id: String(id), text: String(text) }));
  } finally {
    database.close();
  }
}
