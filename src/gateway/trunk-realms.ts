import type { Trunk } from "#settings";

/**
 * Whose challenges a trunk's credentials answer: those of the realms in its settings, or where none
 * is set of those that its registrar, and proxies before that, have asked for. A call's challenge may come from far behind the
 * operator, and would have the operator's password answered for (attack case C1).
 */
export class TrunkRealms {
  readonly #learnt = new Map<string, readonly string[]>();

  /** The settings' alone; undefined where they have none. */
  static configured({ credentials }: Trunk): readonly string[] | undefined {
    if (credentials?.realm === undefined) return undefined;
    return [credentials.realm, ...credentials.otherRealms];
  }

  /** Undefined while none is known: then any challenge of the trunk's peers is answered. */
  of(trunk: Trunk): readonly string[] | undefined {
    const learnt = this.#learnt.get(trunk.name);
    const others = trunk.credentials?.otherRealms ?? [];
    return TrunkRealms.configured(trunk) ?? (learnt && [...learnt, ...others]);
  }

  /** The realms that a trunk's REGISTER was accepted with: as many as one request answers. */
  learn({ name }: Trunk, realms: readonly string[]): void {
    this.#learnt.set(name, realms);
  }

  forget({ name }: Trunk): void {
    this.#learnt.delete(name);
  }
}
