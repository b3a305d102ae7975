import type { Instant } from "#base";
import type { End } from "#ends";
import type { CallRecord } from "#facts";
import type { CallVoice } from "#media";
import type { Parties, SavedStory } from "#port";
import type { Side } from "#sip";
import type { CallOutcome } from "./pipeline.ts";
import type { Switchboard } from "./setup.ts";

/** What a call tells the world of itself: facts as it goes, and one record at its end. */
export class Story {
  readonly #board: Switchboard;
  readonly #parties: Parties;
  readonly #startedMs: Instant;
  #ringingMs: Instant | undefined;
  #answeredMs: Instant | undefined;
  #refused: number | undefined;

  constructor(board: Switchboard, parties: Parties, now: Instant) {
    this.#board = board;
    this.#parties = parties;
    this.#startedMs = now;
  }

  /** Goes on with what another process has told. */
  static resume(board: Switchboard, saved: SavedStory): Story {
    const story = new Story(board, saved.parties, saved.startedMs);
    story.#ringingMs = saved.ringingMs;
    story.#answeredMs = saved.answeredMs;
    return story;
  }

  get saved(): SavedStory {
    return {
      parties: this.#parties,
      startedMs: this.#startedMs,
      ringingMs: this.#ringingMs,
      answeredMs: this.#answeredMs,
    };
  }

  get outcome(): CallOutcome {
    const hasRung = (this.#ringingMs ?? this.#answeredMs) !== undefined;
    return { refused: this.#refused, hasRung };
  }

  started(): void {
    this.#board.emit({ kind: "fact", fact: { kind: "call-started", ...this.#known } });
  }

  /** The first 18x counts, whoever else rings later. */
  rings(now: Instant): void {
    if (this.#ringingMs !== undefined) return;
    this.#ringingMs = now;
    const { callId } = this.#parties;
    this.#board.emit({ kind: "fact", fact: { kind: "call-ringing", callId } });
  }

  answered(now: Instant): void {
    this.#answeredMs = now;
    const { callId } = this.#parties;
    this.#board.emit({ kind: "fact", fact: { kind: "call-answered", callId } });
  }

  failedOver(from: string, to: string, why: string): void {
    const { callId } = this.#parties;
    this.#board.emit({ kind: "fact", fact: { kind: "failover", callId, from, to, why } });
  }

  ended(why: End, by: Side | undefined, voice: CallVoice | undefined, now: Instant): void {
    if (why.name === "rejected") this.#refused = why.status;
    const record: CallRecord = {
      ...this.#known,
      startedMs: this.#startedMs,
      ...(this.#ringingMs === undefined ? {} : { ringingMs: this.#ringingMs }),
      ...(this.#answeredMs === undefined ? {} : { answeredMs: this.#answeredMs }),
      endedMs: now,
      end: why.name,
      status: why.status,
      ...(by === undefined ? {} : { endedBy: by }),
      ...(voice && { voice }),
    };
    this.#board.emit({ kind: "fact", fact: { kind: "call-ended", record } });
  }

  get #known() {
    const { trunk, ...parties } = this.#parties;
    return { ...parties, ...(trunk === undefined ? {} : { trunk }) };
  }
}
