import { type Message, printMessage } from "#sip-message";
import type { Destination } from "../flow.ts";
import type { Send } from "./event.ts";

/** Messages on their way out, in order. */
export class Outbox {
  #sends: Send[] = [];

  text(to: Destination, text: string, branch?: string): void {
    this.#sends.push({ to, text, branch });
  }

  message(to: Destination, message: Message, branch?: string): string {
    const text = printMessage(message);
    this.text(to, text, branch);
    return text;
  }

  drain(): Send[] {
    const sends = this.#sends;
    this.#sends = [];
    return sends;
  }
}
