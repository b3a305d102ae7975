import { readFileSync } from "node:fs";
import { type Machine, type SettingError, type Validation, validateSettings } from "#settings";

/** Reads and validates a settings file; that it can't be read is an error as any other. */
export function readSettings(path: string, machine?: Machine): Validation {
  const text = readText(path);
  return typeof text === "string" ? validateSettings(text, machine) : { errors: [text] };
}

function readText(path: string): string | SettingError {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    const { code = "unknown" } = thrown as NodeJS.ErrnoException;
    return {
      field: "(file)",
      value: path,
      allowed: { en: "a YAML file that can be read", fr: "un fichier YAML lisible" },
      message: { en: `cannot be read (${code})`, fr: `illisible (${code})` },
    };
  }
}
