import type { MediaCommand, StreamCounters } from "#media";
import { addon } from "#native";
import { Channel, inherited } from "./channel.ts";
import type { MediaListener, MediaPlane } from "./media-plane.ts";

/** A plane on a thread of this process: for tests, and where one process is enough. */
export interface InProcessPlane extends MediaPlane {
  /** Moves the clock, when it is manual. */
  advance(ms: number): void;
}

export async function startInProcess(
  options: { readonly manualClock?: boolean } = {},
): Promise<InProcessPlane> {
  const [ours, theirs] = addon().socketPair();
  const ended = addon().run(theirs, options.manualClock ?? false);
  let listener: MediaListener = () => {};
  const channel = new Channel(inherited(ours), (event) => listener(event));
  const { callsMax, fingerprint, fingerprint384 } = await channel.ready;
  return {
    callsMax,
    fingerprint,
    fingerprint384,
    perform: (command: MediaCommand) => channel.perform(command),
    onEvent: (next: MediaListener) => {
      listener = next;
    },
    counters: (ids?: readonly string[]): Promise<StreamCounters[]> => channel.counters(ids),
    advance: (ms: number) => channel.advance(ms),
    close: async () => {
      await Promise.all([channel.close(), ended]);
    },
  };
}
