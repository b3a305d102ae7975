import { chmod, mkdir, stat } from "node:fs/promises";

/** Group and others. */
const OTHERS = 0o077;

/**
 * Makes the data directory, or takes others' rights from one that is there: it holds the private
 * key, and nobody else has any business in it. `log` hears what was changed, or couldn't be.
 */
export async function prepareDataDirectory(
  path: string,
  log: (line: string) => void,
): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { mode } = await stat(path);
  if ((mode & OTHERS) === 0) return;
  const rights = (mode & 0o777).toString(8);
  try {
    await chmod(path, mode & 0o700);
    log(`${path}: others had rights in it (${rights}): taken from them`);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    log(`warning: ${path}: others have rights in it (${rights}), and keep them (${code})`);
  }
}
