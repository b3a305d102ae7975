import { z } from "zod";
import type { Secret } from "#base";
import { bare } from "./field.ts";
import { type FileSettings, settingsSchema } from "./schema.ts";

type Partly<T> = T extends string | number | boolean | undefined | Secret<string>
  ? T
  : T extends readonly (infer E)[]
    ? readonly (Partly<E> | undefined)[]
    : { readonly [K in keyof T]?: Partly<T[K]> | undefined };

/**
 * What of a file is right in itself, with its defaults: a field with an error of its own is absent.
 * So the rules between fields report in the same round as the fields (§3.1: all errors at once).
 */
export type Draft = Partly<FileSettings>;

export function draftOf(tree: unknown): Draft {
  return (partly(settingsSchema, tree) ?? {}) as Draft;
}

function partly(schema: z.core.$ZodType, value: unknown): unknown {
  const whole = z.safeParse(schema, value);
  if (whole.success) return whole.data;
  const def = bare(schema)._zod.def;
  if (def.type === "array" && Array.isArray(value)) {
    return value.map((element: unknown) => partly(def.element, element));
  }
  if (def.type !== "object" || typeof value !== "object" || value === null) return undefined;
  const fields = Object.entries(def.shape).map(([key, inner]) => [
    key,
    partly(inner, Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined),
  ]);
  return Object.fromEntries(fields.filter(([, inner]) => inner !== undefined));
}
