import type { Destination } from "../flow.ts";
import type { Send } from "./event.ts";

/** Messages on their way out, in order. */
export class Outbox {
  #sends: Send[] = [];

  put(to: Destination, text: string, branch?: string): void {
    this.#sends.push({ to, text, branch });
  }

  drain(): Send[] {
    const sends = this.#sends;
    if (sends.length > 0) this.#sends = [];
    return sends;
  }
}
