import type { Role } from "#media";
import type { LegTerms, SavedTerms } from "#port";
import type { Side } from "#sip";

/** Whose peers a call's legs are: those that it began with, or that have joined it. */
export class CallTerms {
  #saved: SavedTerms;

  constructor(saved: SavedTerms) {
    this.#saved = saved;
  }

  get saved(): SavedTerms {
    return this.#saved;
  }

  /** Whether we perform transfers of its legs. */
  get mayTransfer(): boolean {
    const { referRules } = this.#saved;
    return referRules.public === "perform" || referRules.private === "perform";
  }

  of(role: Role, side: Side): LegTerms {
    const { trunk, referRules, joined } = this.#saved;
    return joined[role] ?? { trunk, referRule: referRules[side] };
  }

  join(role: Role, terms: LegTerms): void {
    this.#saved = { ...this.#saved, joined: { ...this.#saved.joined, [role]: terms } };
  }
}
