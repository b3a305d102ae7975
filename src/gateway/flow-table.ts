import type { Flow } from "#sip";

/** Who registered by a flow: on a connection that two trunks share, several. */
export class FlowTable<R extends { readonly trunk: { readonly name: string } }> {
  readonly #byFlow = new Map<string, readonly R[]>();

  add(flow: string, one: R): void {
    this.#byFlow.set(flow, [...this.by(flow), one]);
  }

  delete(flow: string, one: R): void {
    const left = this.by(flow).filter((other) => other !== one);
    if (left.length > 0) this.#byFlow.set(flow, left);
    else this.#byFlow.delete(flow);
  }

  by(flow: string): readonly R[] {
    return this.#byFlow.get(flow) ?? NOBODY;
  }

  /** The one trunk that registered by it; of several none, since it can't tell them apart. */
  trunkOf({ id }: Flow): string | undefined {
    // Each message asks; most gateways have no such flow.
    if (this.#byFlow.size === 0) return undefined;
    const [first, ...others] = this.by(id);
    const isOnes = others.every(({ trunk }) => trunk.name === first?.trunk.name);
    return isOnes ? first?.trunk.name : undefined;
  }
}

const NOBODY: readonly never[] = [];
