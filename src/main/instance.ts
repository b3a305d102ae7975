import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

const FILE = "instance-id";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * What tells this gateway from all others, the same through all its starts (RFC 5626 §4.1). It is
 * pure chance, so that it says nothing of the machine; one that is lost or damaged is made anew.
 */
export async function keptInstance(directory: string): Promise<string> {
  const path = join(directory, FILE);
  const stored = await readFile(path, "latin1").catch(() => "");
  if (UUID.test(stored.trim())) return stored.trim();
  const instance = randomUUID();
  // Whole or not at all: half an id would be another gateway at the next start.
  await writeFile(`${path}.new`, `${instance}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return instance;
}
