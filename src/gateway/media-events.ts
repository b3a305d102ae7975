import { ChurnMap, type Instant, type Timer, unreachable } from "#base";
import type { Call, Calls, Wakeable } from "#calls";
import { end } from "#ends";
import type { Fact } from "#facts";
import type { MediaEvent, StreamCounters } from "#media";
import type { Settings } from "#settings";
import type { Board } from "./board.ts";

/** A peer that ends its association hangs up, as a rule; it has so long for that. */
const UNSECURED_MS = 5_000;

/** The media plane as its peers know it, which is another one after each of its starts. */
export interface PlaneIdentity {
  fingerprint: string;
  /** By SHA-384. */
  fingerprint384: string;
}

type EventOf<K extends MediaEvent["kind"]> = Extract<MediaEvent, { kind: K }>;

/** What becomes of what the media plane says. */
export class MediaEvents implements Wakeable {
  readonly #board: Board;
  readonly #calls: Calls;
  readonly #identity: PlaneIdentity;
  #wanted: Pick<Settings["media"], "figuresS" | "kernel"> = { figuresS: 0, kernel: "off" };
  /** By stream: whose keys are gone; at most as many as there are streams. */
  readonly #unkeyed = new ChurnMap<string, Timer<unknown>>();

  constructor(board: Board, calls: Calls, identity: PlaneIdentity) {
    this.#board = board;
    this.#calls = calls;
    this.#identity = identity;
  }

  /** The call that the media plane speaks of. */
  callOf(event: MediaEvent): Call | undefined {
    const id = event.kind === "closed" ? event.counters.id : "id" in event ? event.id : undefined;
    return id === undefined ? undefined : this.#calls.find(callOf(id));
  }

  take(event: MediaEvent, now: Instant): void {
    switch (event.kind) {
      case "latched":
        return this.#latched(event);
      case "silent":
        return this.#callWith(event.id)?.hangUp(end("media-silent"), undefined, now);
      case "failed":
        return this.#failed(event, now);
      case "closed":
        return this.#relayed(event.counters);
      case "figures":
        return this.#counted(event.streams);
      case "secured":
        return this.#secured(event);
      case "unsecured":
        return this.#unsecured(event, now);
      case "restarted":
        this.#identity.fingerprint = event.fingerprint;
        this.#identity.fingerprint384 = event.fingerprint384 ?? "";
        return this.#reopenMedia(now);
      default:
        return unreachable(event);
    }
  }

  /** The call of a stream that it still has: word of one that was replaced may come late. */
  #callWith(stream: string): Call | undefined {
    const call = this.#calls.find(callOf(stream));
    return call?.media.streams.some(({ id }) => id === stream) ? call : undefined;
  }

  #latched({ id, role, address, port }: Extract<MediaEvent, { kind: "latched" }>): void {
    const callId = callOf(id);
    const side = this.#calls.find(callId)?.media.end(role).side;
    if (side !== undefined) this.#fact({ kind: "media-latched", callId, side, address, port });
  }

  #relayed(counters: StreamCounters): void {
    const call = this.#calls.find(callOf(counters.id));
    call?.figures.close(counters, call.media);
    this.#fact({ kind: "media-relayed", callId: callOf(counters.id), counters });
  }

  #counted(streams: readonly StreamCounters[]): void {
    for (const counters of streams) {
      const call = this.#calls.find(callOf(counters.id));
      call?.figures.take(counters, call.media);
    }
  }

  /** A plane knows nothing of its settings when it begins. */
  instructPlane({ media }: Settings): void {
    this.#wanted = media;
    this.#instruct();
  }

  #instruct(): void {
    const { figuresS: everyS, kernel } = this.#wanted;
    this.#board.emit({ kind: "media", command: { kind: "figures", everyS } });
    this.#board.emit({ kind: "media", command: { kind: "kernel", isOn: kernel !== "off" } });
  }

  /**
   * A plane that came back knows nothing: every live stream is opened again, on the same ports. But
   * it doesn't know how far our keys of SRTP were used, and none may protect two packets alike: such
   * a call ends.
   */
  #reopenMedia(now: Instant): void {
    this.#instruct();
    let streams = 0;
    for (const call of [...this.#calls]) {
      if (call.media.isProtected) {
        call.hangUp(end("media-failed"), undefined, now);
        continue;
      }
      for (const command of call.media.reopen()) {
        streams++;
        this.#board.emit({ kind: "media", command });
      }
    }
    this.#fact({ kind: "media-restarted", streams });
  }

  /** Without its keys nothing passes: the call has nothing to live for. */
  #failed({ id, role, why }: EventOf<"failed">, now: Instant): void {
    const call = this.#callWith(id);
    if (!call) return;
    if (role === undefined) return call.hangUp(end("media-failed"), undefined, now);
    this.#keys("media-unsecured", call, role, why);
    call.hangUp(end("media-encryption-failed"), undefined, now);
  }

  #secured({ id, role, suite }: EventOf<"secured">): void {
    this.#settle(id);
    const call = this.#callWith(id);
    if (call) this.#keys("media-secured", call, role, suite);
  }

  #unsecured({ id, role, why }: EventOf<"unsecured">, now: Instant): void {
    const call = this.#callWith(id);
    if (!call) return;
    this.#keys("media-unsecured", call, role, why);
    this.#settle(id);
    this.#unkeyed.set(id, this.#board.alarm(now + UNSECURED_MS, this, id));
  }

  /** The peer has neither hung up nor begun anew. */
  wake(id: string, now: Instant): void {
    this.#unkeyed.delete(id);
    this.#callWith(id)?.hangUp(end("media-encryption-failed"), undefined, now);
  }

  #settle(id: string): void {
    this.#board.cancelAlarm(this.#unkeyed.get(id));
    this.#unkeyed.delete(id);
  }

  #keys(
    kind: "media-secured" | "media-unsecured",
    { id: callId, media }: Call,
    role: EventOf<"secured">["role"],
    what: string,
  ): void {
    this.#fact({ kind, callId, side: media.end(role).side, what });
  }

  #fact(fact: Fact): void {
    this.#board.emit({ kind: "fact", fact });
  }
}

/** A stream's id begins with its call's. */
const callOf = (streamId: string): string => streamId.slice(0, streamId.indexOf("."));
