import type { Draft } from "./draft.ts";
import { fieldName, MESSAGES, type SettingError } from "./errors.ts";
import { type Text, text } from "./field.ts";
import { valueAt } from "./issues.ts";
import { modeRules } from "./mode-rules.ts";
import { socketRules } from "./socket-rules.ts";
import { trunkRules } from "./trunk-rules.ts";

/** The machine that the settings are for. */
export interface Machine {
  readonly addresses: readonly string[];
  /** The same with their cards and prefix lengths, for the rule of §2.1. */
  readonly cards?: readonly Card[];
}

export interface Card {
  readonly card: string;
  readonly address: string;
  readonly prefix: number;
}

/** What the rules look at: the draft, the file as it was written, and the machine where it is known. */
export interface Scene {
  readonly draft: Draft;
  readonly written: (...path: readonly PropertyKey[]) => unknown;
  readonly machine: Machine | undefined;
  /** Reports what is wrong at a path, and what is allowed there in English and French. */
  readonly report: (path: readonly PropertyKey[], message: Text, en: string, fr?: string) => void;
}

export type Rule = (scene: Scene) => void;

/** What no single field can say. Each rule reads what is there, and reports all that it finds. */
const RULES: readonly Rule[] = [...modeRules, ...socketRules, ...trunkRules, sessionIntervals];

/** RFC 4028 §5: nobody asks for less than it accepts. */
function sessionIntervals({ draft, report }: Scene): void {
  for (const side of ["public", "private"] as const) {
    const { intervalS = 0, minIntervalS = 0 } = draft.sessionTimer?.[side] ?? {};
    if (intervalS >= minIntervalS || intervalS === 0) continue;
    report(["sessionTimer", side, "intervalS"], MESSAGES.range, `${minIntervalS}–86400`);
  }
}

export function ruleErrors(
  draft: Draft,
  tree: unknown,
  machine: Machine | undefined,
): SettingError[] {
  const errors: SettingError[] = [];
  const scene: Scene = {
    draft,
    machine,
    written: (...path) => valueAt(tree, path),
    report(path, message, en, fr = en) {
      errors.push({
        field: fieldName(path),
        // What is wrong may be a default, beside what was written.
        value: valueAt(tree, path) ?? valueAt(draft, path),
        allowed: text(en, fr),
        message,
      });
    },
  };
  for (const rule of RULES) rule(scene);
  return errors;
}
