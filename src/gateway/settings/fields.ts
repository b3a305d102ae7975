import { z } from "zod";
import { bare, type FieldFacts, factsOf, unwrapped } from "./field.ts";
import { settingsSchema } from "./schema.ts";

/** One line of the settings' documentation. */
export interface FieldRow {
  /** As in "trunks[].peers[].port". */
  readonly field: string;
  readonly depth: number;
  readonly kind: "field" | "group" | "list";
  readonly facts?: FieldFacts;
  /** Of a list of plain values, what each is. */
  readonly element?: FieldFacts;
  /** As one would write it; absent where there is none. */
  readonly preset?: string;
  readonly required: boolean;
}

/** Every field of the schema, in its order: what documentation, API and forms are made from. */
export function describeFields(): FieldRow[] {
  return [...rowsOf(settingsSchema, "", 0)];
}

/** The schema of a settings document, for an API; forms take labels from `facts`. */
export function settingsJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(settingsSchema, {
    io: "input",
    unrepresentable: "any",
    // zod leaves out the defaults of fields that are read before they are checked.
    override({ zodSchema, jsonSchema }) {
      const def = (zodSchema as z.core.$ZodTypes)._zod.def;
      if (def.type === "default")
        jsonSchema.default = def.defaultValue as z.core.JSONSchema.JSONSchema["default"];
    },
  });
}

function* rowsOf(schema: z.core.$ZodType, name: string, depth: number): Generator<FieldRow> {
  const def = bare(schema)._zod.def;
  if (name !== "") yield rowOf(schema, name, depth, def.type);
  const deeper = name === "" ? 0 : depth + 1;
  if (def.type === "array") {
    const inner = bare(def.element)._zod.def;
    if (inner.type === "object") yield* fieldsOf(inner.shape, `${name}[]`, deeper);
  }
  if (def.type === "object") yield* fieldsOf(def.shape, name, deeper);
}

function* fieldsOf(
  shape: Readonly<Record<string, z.core.$ZodType>>,
  name: string,
  depth: number,
): Generator<FieldRow> {
  for (const [key, inner] of Object.entries(shape)) {
    yield* rowsOf(inner, name === "" ? key : `${name}.${key}`, depth);
  }
}

function rowOf(schema: z.core.$ZodType, field: string, depth: number, type: string): FieldRow {
  const kind = type === "object" ? "group" : type === "array" ? "list" : "field";
  const facts = factsOf(schema);
  const element =
    kind === "list" ? factsOf((bare(schema)._zod.def as z.core.$ZodArrayDef).element) : undefined;
  const preset = presetOf(schema);
  return {
    field,
    depth,
    kind,
    required: preset === undefined && (schema as z.core.$ZodTypes)._zod.optin === undefined,
    ...(facts === undefined ? {} : { facts }),
    ...(element === undefined ? {} : { element }),
    ...(preset === undefined ? {} : { preset }),
  };
}

function presetOf(schema: z.core.$ZodType): string | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (def.type === "default") return written(def.defaultValue);
  const inner = def.type === "prefault" ? undefined : unwrapped(schema);
  return inner && presetOf(inner);
}

function written(value: unknown): string {
  if (typeof value === "boolean") return String(value) === "true" ? "yes" : "no";
  if (Array.isArray(value)) return `[${value.join(", ")}]`;
  return value === "" ? '""' : String(value);
}
