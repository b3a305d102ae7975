import { after, type Instant, type Timer } from "#base";
import type { Switchboard, Wakeable } from "#calls";
import type { Side } from "#sip";

/** How often the names whose addresses are trusted as sources are looked up again. */
const INTERVAL_MS = 60_000;

/** Whose addresses it learns. */
export interface NamedSources {
  /** With the side whose peers they name. */
  readonly names: readonly { readonly side: Side; readonly host: string }[];
  learn(name: string, addresses: readonly string[]): void;
}

/** Keeps the source addresses of peers that the settings give by name. */
export class NameWatch implements Wakeable {
  readonly #board: Switchboard;
  readonly #sources: NamedSources;
  #alarm: Timer<unknown> | undefined;

  constructor(board: Switchboard, sources: NamedSources, now: Instant) {
    this.#board = board;
    this.#sources = sources;
    this.look(now);
  }

  wake(_why: string, now: Instant): void {
    this.look(now);
  }

  /** A name that can't be resolved just now keeps the addresses that it had. */
  look(now: Instant): void {
    this.#board.cancelAlarm(this.#alarm);
    const { names } = this.#sources;
    if (names.length === 0) return;
    for (const { side, host } of names) {
      const learn = (targets: readonly { address: string }[]) => {
        if (targets.length > 0)
          this.#sources.learn(
            host,
            targets.map(({ address }) => address),
          );
      };
      this.#board.resolve({ side, host, secure: false }, learn, now);
    }
    this.#alarm = this.#board.alarm(after(now, INTERVAL_MS), this, "names");
  }
}

/** What is learnt of a name counts for who is served, and for who is never denied. */
export const peerSources = (
  served: NamedSources,
  trusted: { learn(side: Side, name: string, addresses: readonly string[], now: Instant): void },
  now: () => Instant,
): NamedSources => ({
  get names() {
    return served.names;
  },
  learn(name, addresses) {
    served.learn(name, addresses);
    for (const { side, host } of served.names)
      if (host === name) trusted.learn(side, name, addresses, now());
  },
});
