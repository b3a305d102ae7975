import { z } from "zod";

/** One text in the product's two languages. */
export interface Text {
  readonly en: string;
  readonly fr: string;
}

/** What forms, the API's description, the errors and the documentation know about a field. */
export interface FieldFacts {
  /** The label of the page: English, and French as in the manual. */
  readonly label: Text;
  readonly description: string;
  readonly unit?: string;
  /** What may be written, where type and range alone don't say it. */
  readonly allowed?: Text;
  /** Where the manual or an RFC speaks of it. */
  readonly see?: string;
  /** Its value never appears in an error or a log. */
  readonly secret?: boolean;
}

export const text = (en: string, fr: string): Text => ({ en, fr });

/** Shortens the tables of the schema: English label, French label, English description. */
export function about(
  en: string,
  fr: string,
  description: string,
  more: Omit<FieldFacts, "label" | "description"> = {},
): FieldFacts {
  return { label: { en, fr }, description, ...more };
}

/** What zod keeps beside a schema; `title` and `description` are those of JSON Schema. */
export const labelled = (facts: FieldFacts) => ({
  title: facts.label.en,
  description: facts.description,
  facts,
});

export const described = <S extends z.ZodType>(schema: S, facts: FieldFacts): S =>
  schema.meta(labelled(facts)) as S;

/** The facts of a schema or of what it wraps. */
export function factsOf(schema: z.core.$ZodType): FieldFacts | undefined {
  const own = z.globalRegistry.get(schema)?.facts as FieldFacts | undefined;
  if (own) return own;
  const inner = unwrapped(schema);
  return inner && factsOf(inner);
}

/** What lies under an optional, a default, a preprocessing step, or undefined. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case "optional":
    case "default":
    case "prefault":
    case "nullable":
    case "readonly":
      return def.innerType;
    case "pipe":
      return (def.in as z.core.$ZodTypes)._zod.def.type === "transform" ? def.out : def.in;
    default:
      return undefined;
  }
}

/** The schema without its wrappings. */
export function bare(schema: z.core.$ZodType): z.core.$ZodTypes {
  const inner = unwrapped(schema);
  return inner ? bare(inner) : (schema as z.core.$ZodTypes);
}
