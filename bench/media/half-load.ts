import type { Relay } from "./relay.ts";
import type { Talk } from "./talkers.ts";

// The highest load is looked for from here, by doubling while nothing is lost, then between.
const CALLS_FIRST = 125;
const CALLS_MAX = 8000;
const HALVINGS = 3;
const SEARCH_S = 2;
/** What else the machine does may cost a packet once. */
const TRIES = 2;
const PACKETS_PER_S = 100;
/** Where half of the packets wait longer than this, in µs, more come than go: buffers hide the loss. */
const QUEUE_US = 5000;
/** Talkers that send less than this share of what is due are themselves at their end. */
const PACE = 0.98;

/** Has so many calls speak through a relay. */
export type Speak = (relay: Relay, calls: number, seconds: number) => Promise<Talk>;

export interface HighestLoad {
  readonly calls: number;
  /** Whose end it was. */
  readonly limitedBy: "relay" | "talkers" | "search";
}

/** The most calls that a relay carries without losing a packet, or having it wait in a queue. */
export async function highestLoad(relay: Relay, speak: Speak): Promise<HighestLoad> {
  let limitedBy: HighestLoad["limitedBy"] = "search";
  const carries = async (calls: number): Promise<boolean> => {
    for (let tries = TRIES; tries > 0; tries--) {
      const { sent, heard, delayUs } = await speak(relay, calls, SEARCH_S);
      const inTime = sent >= PACE * calls * PACKETS_PER_S * SEARCH_S;
      if (inTime && heard >= sent && delayUs[0] < QUEUE_US) return true;
      limitedBy = inTime ? "relay" : "talkers";
    }
    return false;
  };
  let carried = 0;
  let tooMany = CALLS_FIRST;
  while (tooMany <= CALLS_MAX && (await carries(tooMany))) {
    carried = tooMany;
    tooMany *= 2;
  }
  for (let left = HALVINGS; left > 0 && carried > 0 && tooMany <= CALLS_MAX; left--) {
    const middle = Math.round((carried + tooMany) / 2);
    if (await carries(middle)) carried = middle;
    else tooMany = middle;
  }
  return { calls: carried, limitedBy };
}
