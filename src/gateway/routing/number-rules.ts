import { assert } from "#base";
import { type NumberRule, type SafePattern, safePattern } from "#settings";
import { rewriteE164 } from "./e164.ts";
import { isNumber } from "./numbers.ts";

export type WhichNumber = "called" | "calling";

interface CompiledRule {
  readonly rule: NumberRule;
  readonly pattern: SafePattern | undefined;
}

/** The number rules of one direction of a trunk: the first that fits a number is applied. */
export class NumberRules {
  readonly #rules: Readonly<Record<WhichNumber, readonly CompiledRule[]>>;

  constructor(rules: readonly NumberRule[]) {
    const compiled = rules.map((rule) => ({ rule, pattern: compilePattern(rule.pattern) }));
    const about = (which: WhichNumber): CompiledRule[] =>
      compiled.filter(({ rule }) => rule.number === which || rule.number === "both");
    this.#rules = { called: about("called"), calling: about("calling") };
  }

  apply(which: WhichNumber, number: string): string {
    for (const compiled of this.#rules[which]) {
      const changed = applyRule(compiled, number);
      if (changed !== undefined) return changed;
    }
    return number;
  }
}

/** The settings have proved the pattern safe. */
export function compilePattern(text: string | undefined): SafePattern | undefined {
  if (text === undefined) return undefined;
  const pattern = safePattern(text);
  assert(pattern.kind === "pattern", "patterns of valid settings compile");
  return pattern;
}

/** The number as the rule makes it, or undefined where the rule doesn't fit. */
function applyRule({ rule, pattern }: CompiledRule, number: string): string | undefined {
  if (pattern) {
    if (rule.replace !== undefined) return pattern.replace(number, rule.replace);
    if (!pattern.match(number)) return undefined;
  } else if (!isNumber(number)) {
    // A rule for all numbers leaves names alone.
    return undefined;
  }
  if (rule.prefix !== undefined && !number.startsWith(rule.prefix)) return undefined;
  const stripped = number.slice(rule.strip);
  // A strip that leaves nothing would call nobody: the rule is not meant for so short a number.
  if (stripped === "") return undefined;
  return rule.prepend + (rule.e164 ? rewriteE164(stripped, rule.e164) : stripped);
}
