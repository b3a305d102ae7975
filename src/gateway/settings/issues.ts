import type { z } from "zod";
import { fieldName, MESSAGES, type SettingError } from "./errors.ts";
import { bare, type FieldFacts, factsOf, type Text, text } from "./field.ts";
import { settingsSchema } from "./schema.ts";
import type { Complaint } from "./values.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What zod found, in the words of the manual; one unknown key is one error. */
export function errorsOf(issues: readonly Issue[], tree: unknown): SettingError[] {
  const errors = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => unknownKey([...issue.path, key], issue.path))
      : [errorOf(issue, tree)],
  );
  // A number may be both too small and odd: that is one error.
  const first = new Map<string, SettingError>();
  for (const error of errors) {
    const key = `${error.field} ${error.message.en}`;
    if (!first.has(key)) first.set(key, error);
  }
  return [...first.values()];
}

function errorOf(issue: Issue, tree: unknown): SettingError {
  const { path } = issue;
  const schema = schemaAt(path);
  const facts = schema && factsOf(schema);
  const found = valueAt(tree, path);
  const complaint =
    issue.code === "custom" ? (issue.params?.complaint as Complaint | undefined) : undefined;
  return {
    field: fieldName(path),
    value: facts?.secret && found !== undefined ? "•••" : found,
    allowed: complaint?.allowed ?? sizeAllowed(issue) ?? allowedOf(schema, facts),
    message: found === undefined ? MESSAGES.missing : (complaint?.message ?? messageOf(issue)),
  };
}

function messageOf(issue: Issue): Text {
  if (issue.code === "too_small" || issue.code === "too_big") return MESSAGES.range;
  return issue.code === "invalid_value" ? MESSAGES.choice : MESSAGES.syntax;
}

/** Lists say their size; numbers say their range by their facts. */
function sizeAllowed(issue: Issue): Text | undefined {
  if (issue.code === "too_big" && issue.origin === "array") {
    return text(`at most ${issue.maximum} entries`, `au plus ${issue.maximum} entrées`);
  }
  if (issue.code === "too_small" && issue.origin === "array") {
    return text(`at least ${issue.minimum} entry`, `au moins ${issue.minimum} entrée`);
  }
  return undefined;
}

function allowedOf(schema: z.core.$ZodType | undefined, facts: FieldFacts | undefined): Text {
  if (facts?.allowed) return facts.allowed;
  const kind = schema && bare(schema)._zod.def.type;
  if (kind === "array") return text("a list", "une liste");
  return keysOf(schema);
}

function keysOf(schema: z.core.$ZodType | undefined): Text {
  const def = schema && bare(schema)._zod.def;
  const keys = def?.type === "object" ? Object.keys(def.shape).join(", ") : "";
  return text(keys, keys);
}

function unknownKey(path: Path, parent: Path): SettingError {
  return {
    field: fieldName(path),
    // It may be a misspelt password: what it holds stays unseen.
    value: undefined,
    allowed: keysOf(schemaAt(parent)),
    message: MESSAGES.unknown,
  };
}

/** The schema of a field by its path, wrappings included. */
export function schemaAt(path: Path): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = settingsSchema;
  for (const step of path) {
    if (!schema) return undefined;
    const def: z.core.$ZodTypes["_zod"]["def"] = bare(schema)._zod.def;
    if (def.type === "array") schema = def.element;
    else schema = def.type === "object" ? def.shape[String(step)] : undefined;
  }
  return schema;
}

/** What the file holds at a path, own properties only. */
export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}
