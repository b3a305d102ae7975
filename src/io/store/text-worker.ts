import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/** What is to be written, in order: a text, or with no text its end. */
export type Changes = { readonly id: string; readonly text?: string }[];

export interface TextFile {
  readonly file: string;
  /** A name of ours: it is part of the statements. */
  readonly table: string;
}

const { file, table } = workerData as TextFile;
const database = new DatabaseSync(file);
// A process that ends loses nothing by this, a machine perhaps the last moments.
database.exec("PRAGMA synchronous = OFF");
// What is forgotten is overwritten: who comes by the file later opens no recorded call with it.
database.exec("PRAGMA secure_delete = ON");
const keep = database.prepare(`INSERT OR REPLACE INTO ${table} (id, text) VALUES (?, ?)`);
const forget = database.prepare(`DELETE FROM ${table} WHERE id = ?`);

function write(changes: Changes): void {
  database.exec("BEGIN");
  for (const { id, text } of changes) {
    if (text === undefined) forget.run(id);
    else keep.run(id, text);
  }
  database.exec("COMMIT");
}

parentPort!.on("message", (changes: Changes | undefined) => {
  if (!changes) {
    database.close();
    parentPort!.close();
    return;
  }
  try {
    write(changes);
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    parentPort!.postMessage(`${table} could not be written down: ${String(error)}`);
  }
});
