import { type Text, text } from "./field.ts";

/** One thing that is wrong with the settings: which field, what it holds, what it may hold. */
export interface SettingError {
  /** As in "trunks[0].peers[1].port". */
  readonly field: string;
  readonly value: unknown;
  readonly allowed: Text;
  readonly message: Text;
  /** The line of the file, from 1, where there is one. */
  readonly line?: number;
}

/** Something that is allowed but probably not meant. */
export interface SettingWarning {
  readonly field: string;
  readonly message: Text;
}

/** The messages of the manual (§3.1) and their like. */
export const MESSAGES = {
  syntax: text("syntax error", "erreur syntaxe"),
  range: text("out of range", "hors bornes"),
  choice: text("not allowed", "valeur non admise"),
  missing: text("missing", "champ obligatoire"),
  unknown: text("unknown setting", "paramètre inconnu"),
  conflict: text("conflicts with another setting", "incompatible avec un autre paramètre"),
  duplicate: text("duplicate", "doublon"),
  notAvailable: text("not available yet", "pas encore disponible"),
} as const satisfies Record<string, Text>;

/** One line for a terminal or a log. */
export function printError(error: SettingError, language: keyof Text = "en"): string {
  const value = error.value === undefined ? "" : ` ${shown(error.value)}:`;
  const word = language === "en" ? "allowed" : "admis";
  const colon = language === "en" ? ":" : " :";
  const line =
    error.line === undefined ? "" : ` (${language === "en" ? "line" : "ligne"} ${error.line})`;
  return `${error.field}:${value} ${error.message[language]}; ${word}${colon} ${error.allowed[language]}${line}`;
}

const SHOWN_MAX = 60;

/** A value as an error shows it: short, and on one line. */
function shown(value: unknown): string {
  const print = typeof value === "string" && value !== "" ? value : JSON.stringify(value);
  const clean = print.replace(/[\u0000-\u001f\u007f-\u009f]/g, "·");
  return clean.length > SHOWN_MAX ? `${clean.slice(0, SHOWN_MAX - 1)}…` : clean;
}

/** A path of zod as a field's name. */
export function fieldName(path: readonly PropertyKey[]): string {
  let name = "";
  for (const step of path) {
    if (typeof step === "number") name += `[${step}]`;
    else name += name === "" ? String(step) : `.${String(step)}`;
  }
  return name === "" ? "(file)" : name;
}
