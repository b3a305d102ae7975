import { type Draft, draftOf } from "./draft.ts";
import { MESSAGES, type SettingError, type SettingWarning } from "./errors.ts";
import { text } from "./field.ts";
import { errorsOf } from "./issues.ts";
import { type Machine, ruleErrors } from "./rules.ts";
import { settingsSchema } from "./schema.ts";
import { type Settings, settled } from "./settings.ts";
import { warningsOf } from "./warnings.ts";

/** On which line of a file each field stands, by its name as in errors. */
export type Lines = ReadonlyMap<string, number>;

/** What the world finds wrong, such as files that settings name: told with all other errors. */
export type FaultsOf = (draft: Draft) => readonly SettingError[];

export type Validation =
  | {
      readonly settings: Settings;
      readonly warnings: readonly SettingWarning[];
      readonly errors?: undefined;
    }
  | { readonly errors: readonly SettingError[]; readonly settings?: undefined };

/**
 * Validates settings as plain data, from a file (`lines` tell where each field stands) or an API:
 * all errors at once, or the whole settings with their defaults. Without a machine, IP2 and IP3 may
 * be any address.
 */
export function validateSettings(
  source: unknown,
  machine?: Machine,
  lines?: Lines,
  faultsOf: FaultsOf = () => [],
): Validation {
  const tree = present(source);
  const parsed = settingsSchema.safeParse(tree);
  const draft = parsed.success ? parsed.data : draftOf(tree);
  const errors = parsed.success ? [] : errorsOf(parsed.error.issues, tree);
  errors.push(...ruleErrors(draft, tree, machine), ...faultsOf(draft));
  if (!parsed.success || errors.length > 0) return { errors: located(errors, lines ?? new Map()) };
  const settings = settled(parsed.data);
  return { settings, warnings: warningsOf(parsed.data, settings, machine) };
}

/** What is valid but can't be run yet, by name; nothing for what can. */
export function notRunnableYet(settings: Settings): readonly SettingError[] {
  const unlike = (field: string, value: string, only: string): SettingError[] =>
    value === only
      ? []
      : [{ field, value, allowed: onlyFor(only), message: MESSAGES.notAvailable }];
  return [...unlike("mode", settings.mode, "standard")];
}

const onlyFor = (value: string) =>
  text(`only ${value}, for now`, `${value} seulement, pour le moment`);

/** In the order of the file, with the line of the field or of what should have held it. */
function located(errors: readonly SettingError[], lines: Lines): SettingError[] {
  const lineOf = (field: string): number | undefined => {
    for (let name = field; name !== ""; name = parentOf(name)) {
      const line = lines.get(name);
      if (line !== undefined) return line;
    }
    return undefined;
  };
  const withLines = errors.map((error) => {
    const line = lineOf(error.field);
    return line === undefined ? error : { ...error, line };
  });
  return withLines.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Always shorter, whatever signs a key of the file holds. */
const parentOf = (field: string): string =>
  field.slice(0, Math.max(0, field.lastIndexOf("."), field.lastIndexOf("[")));

/** What JSON and callers write as undefined or null is absent. */
function present(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(present);
  if (
    typeof value !== "object" ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, present(inner)]));
}
