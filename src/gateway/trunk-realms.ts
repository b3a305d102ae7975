import type { Trunk } from "#settings";

/**
 * Whose challenges a trunk's credentials answer: those of the realms in its settings, or where none
 * is set of the realm that its registrar has. A call's challenge may come from far behind the
 * operator, and would have the operator's password answered for (attack case C1).
 */
export class TrunkRealms {
  readonly #learnt = new Map<string, string>();

  /** The settings' alone; undefined where they have none. */
  static configured({ credentials }: Trunk): readonly string[] | undefined {
    if (credentials?.realm === undefined) return undefined;
    return [credentials.realm, ...credentials.otherRealms];
  }

  /** Undefined while none is known: then any challenge of the trunk's peers is answered. */
  of(trunk: Trunk): readonly string[] | undefined {
    const learnt = this.#learnt.get(trunk.name);
    const others = trunk.credentials?.otherRealms ?? [];
    return (
      TrunkRealms.configured(trunk) ?? (learnt === undefined ? undefined : [learnt, ...others])
    );
  }

  /** The realm that a trunk's REGISTER was accepted with. */
  learn({ name }: Trunk, realm: string): void {
    this.#learnt.set(name, realm);
  }

  forget({ name }: Trunk): void {
    this.#learnt.delete(name);
  }
}
