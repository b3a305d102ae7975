import { chmodSync, closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { Changes, TextFile } from "./text-worker.ts";

const WORKER = new URL("text-worker.ts", import.meta.url);

interface Line {
  readonly id: string;
  readonly text: string;
}

/**
 * Texts by their names, in a file of SQLite. A thread of its own writes, so that no call waits for a
 * disk; what was handed over survives the end of the process, not of the machine.
 */
export class TextStore {
  /** What the last process left. */
  readonly lines: readonly Line[];
  readonly #place: TextFile;
  readonly #failed: (why: string) => void;
  /** Begun with the first change. */
  #worker: Worker | undefined;
  #changes: Changes = [];
  #flushing: NodeJS.Immediate | undefined;

  /** Throws when the file can't be opened. `failed` hears why something couldn't be written. */
  constructor(place: TextFile, failed: (why: string) => void) {
    this.#place = place;
    this.#failed = failed;
    // It may have keys of media, or tell who calls whom: nobody else may read it.
    closeSync(openSync(place.file, "a", 0o600));
    chmodSync(place.file, 0o600);
    this.lines = linesIn(place);
  }

  keep(id: string, text: string): void {
    this.#change({ id, text });
  }

  forget(id: string): void {
    this.#change({ id });
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    this.#flush();
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = undefined;
    // Nothing else may keep the process alive by now.
    worker.ref();
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage(undefined);
    await ended;
  }

  #change(change: Changes[number]): void {
    this.#changes.push(change);
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#changes.length > 0) {
      this.#worker ??= this.#begin();
      this.#worker.postMessage(this.#changes);
    }
    this.#changes = [];
  }

  #begin(): Worker {
    const worker = new Worker(WORKER, { workerData: this.#place });
    worker.on("message", (why: string) => this.#failed(why));
    worker.on("error", (error) => this.#failed(String(error)));
    worker.unref();
    return worker;
  }
}

function linesIn({ file, table }: TextFile): Line[] {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID`,
    );
    const rows = database.prepare(`SELECT id, text FROM ${table}`).all();
    return rows.map(({ id, text }) => ({ id: String(id), text: String(text) }));
  } finally {
    database.close();
  }
}
