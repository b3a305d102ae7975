import { readFileSync, statSync } from "node:fs";
import { CertificateError, isCurrent, readIdentity } from "#certificates";
import {
  fieldName,
  MESSAGES,
  type SettingError,
  type Settings,
  type SettingWarning,
  type Text,
} from "#settings";

const PEM: Text = { en: "a PEM file that can be read", fr: "un fichier PEM lisible" };

type TlsField = "certificateFile" | "keyFile" | "authoritiesFile";

/** Settings, or what is sound of a file with errors. */
interface NamesTlsFiles {
  readonly tls?: { readonly [Field in TlsField]?: string | undefined } | undefined;
}

/** Whoever may read the key can pass for us: it is meant for one user. */
const READ_BY_OTHERS = 0o044;

/** What is not wrong with the files, but open to misuse. */
export function tlsFileWarnings({ tls: { keyFile } }: Settings): SettingWarning[] {
  const mode =
    keyFile === undefined ? 0 : (statSync(keyFile, { throwIfNoEntry: false })?.mode ?? 0);
  if ((mode & READ_BY_OTHERS) === 0) return [];
  const digits = (mode & 0o777).toString(8).padStart(4, "0");
  const message = {
    en: `${keyFile}: readable by others than its owner (mode ${digits}): chmod 600 it`,
    fr: `${keyFile} : lisible par d’autres que son propriétaire (mode ${digits}) : faire chmod 600`,
  };
  return [{ field: fieldName(["tls", "keyFile"]), message }];
}

/**
 * Whether the files that the settings name are there, and the key is that of the certificate; of a
 * current one, where a time is given.
 */
export function tlsFileErrors({ tls = {} }: NamesTlsFiles, now?: Date): SettingError[] {
  const errors: SettingError[] = [];
  const complain = (field: TlsField, en: string, fr: string): void => {
    const path = fieldName(["tls", field]);
    errors.push({ field: path, value: tls[field], allowed: PEM, message: { en, fr } });
  };
  const read = (field: TlsField): string | undefined => {
    const path = tls[field];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, "utf8");
    } catch (thrown) {
      const { code = "unknown" } = thrown as NodeJS.ErrnoException;
      complain(field, `cannot be read (${code})`, `illisible (${code})`);
      return undefined;
    }
  };
  const [certificate, key] = [read("certificateFile"), read("keyFile")];
  const authorities = read("authoritiesFile");
  if (authorities !== undefined && !authorities.includes("-----BEGIN CERTIFICATE-----")) {
    complain("authoritiesFile", MESSAGES.syntax.en, MESSAGES.syntax.fr);
  }
  if (certificate === undefined || key === undefined) return errors;
  try {
    const identity = readIdentity(certificate, key);
    if (now && !isCurrent(identity, now)) {
      const from = identity.notBefore.toISOString();
      const to = identity.notAfter.toISOString();
      complain(
        "certificateFile",
        `valid only from ${from} to ${to}`,
        `valable seulement du ${from} au ${to}`,
      );
    }
  } catch (thrown) {
    if (!(thrown instanceof CertificateError)) throw thrown;
    complain(
      thrown.field === "key" ? "keyFile" : "certificateFile",
      thrown.message,
      thrown.message,
    );
  }
  return errors;
}
