import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Identity, isCurrent, readIdentity } from "./identity.ts";
import { selfSigned } from "./self-signed.ts";

/** The name of the certificate that a gateway has before the operator gives it one. */
export const DEFAULT_NAME = "defaultGW";

const DAY_MS = 86_400_000;
const VALID_DAYS = 365;
/** Made anew this long before its end, so that a gateway that runs on never serves a dead one. */
const RENEW_DAYS = 30;
/** A peer's clock may be behind ours. */
const SKEW_MS = 3_600_000;

export interface DefaultIdentityOptions {
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  readonly now: Date;
}

/**
 * The self-signed certificate kept in `directory`: the stored one while it serves, else a new one
 * for a year. Certificate and key lie in one file, so they can't be of two pairs; only its owner
 * may read it.
 */
export async function defaultIdentity(
  directory: string,
  options: DefaultIdentityOptions,
): Promise<Identity> {
  const path = join(directory, `${DEFAULT_NAME}.pem`);
  const stored = await readStored(path);
  const soon = new Date(options.now.getTime() + RENEW_DAYS * DAY_MS);
  if (stored && isCurrent(stored, options.now) && isCurrent(stored, soon)) {
    await chmod(path, 0o600);
    return stored;
  }
  const { names, addresses, now } = options;
  const { certificate, key } = selfSigned({
    commonName: DEFAULT_NAME,
    ...(names && { names }),
    ...(addresses && { addresses }),
    notBefore: new Date(now.getTime() - SKEW_MS),
    notAfter: new Date(now.getTime() + VALID_DAYS * DAY_MS),
  });
  await mkdir(directory, { recursive: true });
  await replaceFile(path, certificate + key.reveal());
  return readIdentity(certificate, key.reveal());
}

/** The stored identity; none when the file is missing or damaged, for a new one is no loss. */
async function readStored(path: string): Promise<Identity | undefined> {
  try {
    const text = await readFile(path, "utf8");
    return readIdentity(text, text);
  } catch {
    return undefined;
  }
}

/** Whole or not at all, and never readable by others, not even for a moment. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  // Made anew: what others may have put in its place is not written to.
  await rm(draft, { force: true });
  const file = await open(draft, "wx", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
