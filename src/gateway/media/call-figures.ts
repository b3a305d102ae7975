import type { EndCounters, Role, Stream, StreamCounters } from "./command.ts";
import { type CodecRating, codecRating, mosOf, rFactor } from "./e-model.ts";
import { formatsFrom } from "./formats.ts";

/** What became of one leg's voice on its way to us. */
export interface VoiceFigures {
  readonly packets: number;
  readonly lost: number;
  readonly lossPercent: number;
  readonly reordered: number;
  readonly duplicates: number;
  /** Digits pressed: how many, not which. */
  readonly dtmfEvents: number;
  /** Its mean over the call. Absent: not known, as what follows. */
  readonly jitterMs?: number;
  /** From us to that leg's peer and back, in the mean. */
  readonly roundTripMs?: number;
  /** The last one's name in lower case. */
  readonly codec?: string;
  /** How the other leg hears it by the E-model (ITU-T G.107), if nothing is lost on its own way. */
  readonly rFactor?: number;
  readonly mos?: number;
}

/** What each leg said. */
export type CallVoice = Readonly<Record<Role, VoiceFigures>>;

/** A mean over packets. */
interface Mean {
  sum: number;
  weight: number;
}

interface Account {
  packets: number;
  lost: number;
  reordered: number;
  duplicates: number;
  dtmfEvents: number;
  readonly jitter: Mean;
  readonly roundTrip: Mean;
  codec: string | undefined;
}

interface Heard {
  readonly stream: Stream;
  readonly counters: StreamCounters;
}

/** A call's media, as far as its figures need it. */
interface HasStreams {
  readonly streams: readonly Stream[];
}

/** The voice of one call over all its streams, as the media plane last counted it. */
export class CallFigures {
  /** Streams that the plane has, each with its last account. */
  readonly #live = new Map<string, Heard>();
  /** Those that it had. */
  readonly #past: Record<Role, Account> = { caller: account(), callee: account() };

  /** What the plane has counted of a stream of the call so far. */
  take(counters: StreamCounters, media: HasStreams): void {
    const { id } = counters;
    const former = this.#live.get(id);
    // A plane that was started again counts anew.
    if (former && isBehind(counters, former.counters)) this.#settle(former);
    const stream = former?.stream ?? media.streams.find((one) => one.id === id);
    if (stream) this.#live.set(id, { stream, counters });
  }

  /** The last account of a stream, or of its former ports. */
  close(counters: StreamCounters, media: HasStreams): void {
    this.take(counters, media);
    const last = this.#live.get(counters.id);
    if (last) this.#settle(last);
    this.#live.delete(counters.id);
  }

  /** Absent: nobody has said anything yet. */
  voice({ streams }: HasStreams): CallVoice | undefined {
    const all = { caller: copyOf(this.#past.caller), callee: copyOf(this.#past.callee) };
    for (const { stream, counters } of this.#live.values()) {
      // Another offer may have changed what its payload types mean; as fax it has none.
      const now = streams.find(({ id, isVoice }) => id === stream.id && isVoice);
      addBoth(all, { stream: now && stream.isVoice ? now : stream, counters });
    }
    if (all.caller.packets + all.callee.packets === 0) return undefined;
    const wayMs = (meanOf(all.caller.roundTrip) ?? 0) / 2 + (meanOf(all.callee.roundTrip) ?? 0) / 2;
    return { caller: figuresOf(all.caller, wayMs), callee: figuresOf(all.callee, wayMs) };
  }

  #settle(heard: Heard): void {
    addBoth(this.#past, heard);
  }
}

const account = (): Account => ({
  packets: 0,
  lost: 0,
  reordered: 0,
  duplicates: 0,
  dtmfEvents: 0,
  jitter: { sum: 0, weight: 0 },
  roundTrip: { sum: 0, weight: 0 },
  codec: undefined,
});

const copyOf = (one: Account): Account => ({
  ...one,
  jitter: { ...one.jitter },
  roundTrip: { ...one.roundTrip },
});

const isBehind = (now: StreamCounters, before: StreamCounters): boolean =>
  now.ends.caller.packetsIn < before.ends.caller.packetsIn ||
  now.ends.callee.packetsIn < before.ends.callee.packetsIn;

function addBoth(sums: Readonly<Record<Role, Account>>, { stream, counters }: Heard): void {
  if (!stream.isVoice) return;
  for (const role of ["caller", "callee"] as const) {
    const { payloadType } = counters.ends[role];
    const formats = payloadType === undefined ? [] : formatsFrom(stream.ends, role);
    const codec = formats.find((one) => one.payloadType === payloadType)?.encoding;
    add(sums[role], counters.ends[role], codec);
  }
}

function add(sum: Account, counters: EndCounters, codec: string | undefined): void {
  const { packetsIn, lost, reordered, duplicates, dtmfEvents } = counters;
  sum.packets += packetsIn;
  sum.lost += lost;
  sum.reordered += reordered;
  sum.duplicates += duplicates;
  sum.dtmfEvents += dtmfEvents;
  weigh(sum.jitter, counters.jitterMeanMs, packetsIn);
  // Who only listens says where he is all the same.
  weigh(sum.roundTrip, counters.roundTripMeanMs, Math.max(1, packetsIn));
  if (codec) sum.codec = codec;
}

function weigh(mean: Mean, value: number | undefined, weight: number): void {
  if (value === undefined) return;
  mean.sum += value * weight;
  mean.weight += weight;
}

const meanOf = ({ sum, weight }: Mean): number | undefined =>
  weight > 0 ? sum / weight : undefined;

function figuresOf(sum: Account, wayMs: number): VoiceFigures {
  const { packets, lost, reordered, duplicates, dtmfEvents, codec } = sum;
  const expected = packets - duplicates + lost;
  const lossPercent = expected > 0 ? (100 * lost) / expected : 0;
  const jitterMs = meanOf(sum.jitter);
  const roundTripMs = meanOf(sum.roundTrip);
  const rating = packets > 0 && codec ? codecRating(codec) : undefined;
  return {
    ...{ packets, lost, lossPercent, reordered, duplicates, dtmfEvents },
    ...(jitterMs !== undefined && { jitterMs }),
    ...(roundTripMs !== undefined && { roundTripMs }),
    ...(codec && { codec }),
    ...(rating && rated(rating, lossPercent, wayMs, jitterMs ?? 0)),
  };
}

/** A telephone waits for late packets for about twice the jitter before it plays them. */
function rated(
  codec: CodecRating,
  lossPercent: number,
  wayMs: number,
  jitterMs: number,
): Pick<VoiceFigures, "rFactor" | "mos"> {
  const r = rFactor(codec, lossPercent, wayMs + 2 * jitterMs + codec.delayMs);
  return { rFactor: r, mos: mosOf(r) };
}
