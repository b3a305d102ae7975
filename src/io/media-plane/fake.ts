import type { MediaCommand, MediaEvent, Stream, StreamCounters } from "#media";
import { type MediaListener, type MediaPlane, noCounters } from "./media-plane.ts";

/** A plane without sockets, for tests: it remembers what it was told, and says what it is told. */
export class FakePlane implements MediaPlane {
  readonly callsMax = 1000;
  readonly fingerprint = Array(32).fill("FA").join(":");
  readonly fingerprint384 = Array(48).fill("FB").join(":");
  /** Every command, in order. */
  readonly commands: MediaCommand[] = [];
  /** The streams that are open. */
  readonly streams = new Map<string, Stream>();
  readonly #counters = new Map<string, StreamCounters>();
  #listener: MediaListener = () => {};

  perform(command: MediaCommand): void {
    this.commands.push(command);
    if (command.kind === "stream") {
      this.streams.set(command.stream.id, command.stream);
      return;
    }
    if (command.kind === "figures" || command.kind === "kernel") return;
    const counters = this.#countersOf(command.id);
    this.streams.delete(command.id);
    this.#counters.delete(command.id);
    queueMicrotask(() => this.say({ kind: "closed", counters }));
  }

  onEvent(listener: MediaListener): void {
    this.#listener = listener;
  }

  counters(ids: readonly string[] = [...this.streams.keys()]): Promise<StreamCounters[]> {
    const open = ids.filter((id) => this.streams.has(id));
    return Promise.resolve(open.map((id) => this.#countersOf(id)));
  }

  close(): Promise<void> {
    this.streams.clear();
    return Promise.resolve();
  }

  /** What the stream shall have counted. */
  count(counters: StreamCounters): void {
    this.#counters.set(counters.id, counters);
  }

  /** Tells the listener, as the real plane would. */
  say(event: MediaEvent): void {
    if (event.kind === "restarted") this.streams.clear();
    this.#listener(event);
  }

  #countersOf(id: string): StreamCounters {
    return this.#counters.get(id) ?? noCounters(id);
  }
}
