import { readFileSync } from "node:fs";
import { type Machine, type SettingError, type Validation, validateSettings } from "#settings";
import { readYaml } from "./yaml-text.ts";

/** Reads and validates a settings file; that it can't be read is an error as any other. */
export function readSettings(path: string, machine?: Machine): Validation {
  const text = readText(path);
  return typeof text === "string" ? parseSettings(text, machine) : { errors: [text] };
}

/** Validates the text of a settings file: YAML (of which JSON is a part). */
export function parseSettings(text: string, machine?: Machine): Validation {
  const read = readYaml(text);
  return read.kind === "errors"
    ? { errors: read.errors }
    : validateSettings(read.value, machine, read.lines);
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
