import { readFileSync, statSync } from "node:fs";
import {
  type FaultsOf,
  type Machine,
  type SettingError,
  type Settings,
  type SettingWarning,
  type Text,
  type Validation,
  validateSettings,
} from "#settings";
import { FILE_BYTES_MAX, readYaml } from "./yaml-text.ts";

/** Reads and validates a settings file; that it can't be read is an error as any other. */
export function readSettings(path: string, machine?: Machine, faultsOf?: FaultsOf): Validation {
  const text = readText(path);
  if (typeof text !== "string") return { errors: [text] };
  const result = parseSettings(text, machine, faultsOf);
  if (!result.settings || !isOpenToOthers(path, result.settings)) return result;
  return { ...result, warnings: [...result.warnings, OPEN_TO_OTHERS] };
}

const OPEN_TO_OTHERS: SettingWarning = {
  field: "(file)",
  message: {
    en: "holds passwords, and others than its owner can read it: chmod 600",
    fr: "contient des mots de passe, et d’autres que son propriétaire peuvent le lire : chmod 600",
  },
};

const isOpenToOthers = (path: string, { trunks }: Settings): boolean =>
  trunks.some(({ credentials }) => credentials) && (statSync(path).mode & 0o077) !== 0;

/** Validates the text of a settings file: YAML (of which JSON is a part). */
export function parseSettings(text: string, machine?: Machine, faultsOf?: FaultsOf): Validation {
  const read = readYaml(text);
  return read.kind === "errors"
    ? { errors: read.errors }
    : validateSettings(read.value, machine, read.lines, faultsOf);
}

const READABLE: Text = { en: "a YAML file that can be read", fr: "un fichier YAML lisible" };
const SHORT_ENOUGH: Text = {
  en: `at most ${FILE_BYTES_MAX / 1024 ** 2} MiB`,
  fr: `au plus ${FILE_BYTES_MAX / 1024 ** 2} Mio`,
};

function readText(path: string): string | SettingError {
  const refused = (en: string, fr: string, allowed = READABLE): SettingError => ({
    field: "(file)",
    value: path,
    allowed,
    message: { en, fr },
  });
  try {
    if (statSync(path).size > FILE_BYTES_MAX)
      return refused("too large", "trop volumineux", SHORT_ENOUGH);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
    // One of comments alone was begun, and is told what is missing.
    if (text.trim() === "") return refused("is empty", "est vide");
    if (!text.includes("\0")) return text;
  } catch (thrown) {
    const { code = "unknown" } = thrown as NodeJS.ErrnoException;
    if (code === "EISDIR") return refused("is a directory", "est un répertoire");
    if (code !== "ERR_ENCODING_INVALID_ENCODED_DATA")
      return refused(`cannot be read (${code})`, `illisible (${code})`);
  }
  return refused("is not text in UTF-8", "n’est pas du texte en UTF-8");
}
