import type { Destination, Flow } from "#sip";
import type { Refusal, SocketEvents } from "./configuration.ts";

export type Recorded =
  | { readonly kind: "received"; readonly flow: Flow; readonly text: string }
  | { readonly kind: "closed"; readonly flow: Flow; readonly why: string }
  | {
      readonly kind: "send-failed";
      readonly to: Destination;
      readonly tag: string | undefined;
      readonly why: string;
    }
  | { readonly kind: "keep-alive"; readonly flow: Flow }
  | { readonly kind: "pong"; readonly flow: Flow }
  | { readonly kind: "stun"; readonly flow: Flow; readonly text: string }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "warning"; readonly text: string };

type OfKind<K extends Recorded["kind"]> = Extract<Recorded, { kind: K }>;

/** For tests: keeps what sockets tell, so that a test waits for an event and never for a time. */
export class RecordedEvents implements SocketEvents {
  readonly #kept: Recorded[] = [];
  #waiting: { kind: Recorded["kind"]; resolve: (recorded: Recorded) => void }[] = [];

  /** Takes the oldest event of a kind, or the next that comes. */
  next<K extends Recorded["kind"]>(kind: K): Promise<OfKind<K>> {
    const at = this.#kept.findIndex((recorded) => recorded.kind === kind);
    if (at >= 0) return Promise.resolve(this.#kept.splice(at, 1)[0] as OfKind<K>);
    return new Promise((resolve) => {
      this.#waiting.push({ kind, resolve: (recorded) => resolve(recorded as OfKind<K>) });
    });
  }

  /** What nobody took yet. */
  get left(): readonly Recorded[] {
    return this.#kept;
  }

  received(flow: Flow, text: string): void {
    this.#record({ kind: "received", flow, text });
  }

  closed(flow: Flow, why: string): void {
    this.#record({ kind: "closed", flow, why });
  }

  sendFailed(to: Destination, tag: string | undefined, why: string): void {
    this.#record({ kind: "send-failed", to, tag, why });
  }

  keepAlive(flow: Flow): void {
    this.#record({ kind: "keep-alive", flow });
  }

  pong(flow: Flow): void {
    this.#record({ kind: "pong", flow });
  }

  stun(flow: Flow, text: string): void {
    this.#record({ kind: "stun", flow, text });
  }

  refused(refusal: Refusal): void {
    this.#record({ kind: "refused", refusal });
  }

  warning(text: string): void {
    this.#record({ kind: "warning", text });
  }

  #record(recorded: Recorded): void {
    const at = this.#waiting.findIndex(({ kind }) => kind === recorded.kind);
    if (at < 0) this.#kept.push(recorded);
    else this.#waiting.splice(at, 1)[0]!.resolve(recorded);
  }
}
