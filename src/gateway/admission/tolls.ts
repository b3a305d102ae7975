import { ChurnMap, type Instant } from "#base";
import { type End, end, isEnd } from "#ends";
import type { Effect, Remembered } from "#port";
import type { Destinations, Trunk } from "#settings";
import { planOf } from "./numbering.ts";
import { readCountries, readToll } from "./remembered.ts";
import { type Passage, Toll } from "./toll.ts";

const MINUTE_MS = 60_000;
/** What was talked is written down so often at most. */
const KEEP_MS = 10_000;
/** Where calls are cut, the minutes left are looked at so often: others may have begun to talk. */
const LOOK_MAX_MS = 10_000;
const LOOK_MIN_MS = 1000;

interface Booking {
  passage: Passage;
  /** Since when it talks. */
  answeredMs: number | undefined;
}

/** Whom the tolls ask about a call, and what they tell of it. */
interface Asked {
  readonly trunk: string;
  /** The called number, as rules made it and as it was dialled. */
  readonly called: readonly string[];
  /** The call whose peer it goes to (RFC 3891): where that went, this one goes. */
  readonly replaces?: string | undefined;
}

/** A number that an operator is asked to call: "own" where it is at the PBX, as its extensions are. */
export interface ReferredNumber {
  readonly number: string;
  readonly isOwn: boolean;
}

const isSet = (destinations: Destinations): boolean => {
  const { rules, default: others, newCountry, callMinutesMax } = destinations;
  const { minutesPerHourMax, minutesPerDayMax } = destinations;
  const limit = callMinutesMax ?? minutesPerHourMax ?? minutesPerDayMax;
  return rules.length > 0 || others === "deny" || newCountry !== "off" || limit !== undefined;
};

/** Toll fraud: where each trunk's outward calls go, how long they talk, and what is new of that. */
export class Tolls {
  readonly #emit: (effect: Effect) => void;
  /** Of trunks that have anything set. */
  readonly #tolls = new Map<string, Toll>();
  readonly #bookings = new ChurnMap<string, Booking>();
  /** Of the last call. */
  #now = 0;

  constructor(emit: (effect: Effect) => void) {
    this.#emit = emit;
  }

  apply(trunks: readonly Trunk[]): void {
    const set = trunks.filter(({ destinations }) => isSet(destinations));
    const names = new Set(set.map(({ name }) => name));
    for (const name of this.#tolls.keys()) if (!names.has(name)) this.#tolls.delete(name);
    for (const trunk of set) {
      const [plan, toll] = [planOf(trunk), this.#tolls.get(trunk.name)];
      if (toll) toll.apply(trunk.destinations, plan, this.#now);
      else this.#tolls.set(trunk.name, new Toll(trunk.name, trunk.destinations, plan));
    }
  }

  /** What the call takes part in, or why there may be none; undefined where nothing is set. */
  judge(callId: string, { trunk, called, replaces }: Asked, now: Instant) {
    const toll = this.#tolls.get(trunk);
    if (!toll) return undefined;
    if (replaces === undefined) return this.#judge(callId, toll, called, now);
    // Who called us pays for what takes its place.
    const passage = this.#bookings.get(replaces)?.passage;
    return passage && (toll.exhausted(passage, now) ?? passage);
  }

  /** Why an operator may not be asked to call a number in our stead. */
  mayReach(trunk: string, { number, isOwn }: ReferredNumber, now: Instant): End | undefined {
    const toll = this.#tolls.get(trunk);
    if (!toll || (isOwn && toll.passage([number]).country === undefined)) return undefined;
    const found = toll.judge([number], now);
    return isEnd(found) ? found : undefined;
  }

  enter(callId: string, passage: Passage, now: Instant): void {
    this.#now = now;
    for (const share of passage.shares) share.enter();
    this.#bookings.set(callId, { passage, answeredMs: undefined });
    this.#discover(callId, passage);
  }

  /** Counts a call in that was admitted before, whatever the limits say now. */
  reenter(callId: string, { trunk, called }: Asked, now: Instant): void {
    const passage = this.#tolls.get(trunk)?.passage(called);
    if (!passage) return;
    this.#now = now;
    for (const share of passage.shares) share.enter();
    this.#bookings.set(callId, { passage, answeredMs: undefined });
  }

  /** A call is led to another number (3xx): it stands there from now on, or may not go there. */
  redial(callId: string, called: string, now: Instant): End | undefined {
    const booking = this.#bookings.get(callId);
    if (!booking) return undefined;
    const { toll, shares } = booking.passage;
    // Its own place is not in its way.
    for (const share of shares) share.leave();
    const found = this.#judge(callId, toll, [called], now);
    const isRefused = isEnd(found);
    if (!isRefused) booking.passage = found;
    for (const share of booking.passage.shares) share.enter();
    if (isRefused) return found;
    this.#discover(callId, found);
    return undefined;
  }

  /** It talks since then. Returns when to ask `overdue`; undefined: never. */
  answered(callId: string, sinceMs: Instant, now: Instant): number | undefined {
    const booking = this.#bookings.get(callId);
    if (!booking || booking.answeredMs !== undefined) return undefined;
    booking.answeredMs = sinceMs;
    for (const share of booking.passage.shares) share.talk(sinceMs, now);
    const next = this.overdue(callId, now);
    // One that is too long already is told so by the alarm, like others.
    return typeof next === "object" ? now : next;
  }

  /** Why the call must end now, or when to ask again. */
  overdue(callId: string, now: Instant): End | number | undefined {
    const booking = this.#bookings.get(callId);
    if (booking?.answeredMs === undefined) return undefined;
    const { toll, shares } = booking.passage;
    const { callMinutesMax } = toll;
    const looks: number[] = [];
    if (callMinutesMax !== undefined) {
      const endsMs = booking.answeredMs + callMinutesMax * MINUTE_MS;
      if (now >= endsMs) return end("call-too-long");
      looks.push(endsMs);
    }
    const left = toll.cuts ? shares.flatMap((share) => share.leftMs(now) ?? []) : [];
    if (left.length > 0) {
      const least = Math.min(...left);
      if (least === 0) return end("minutes-limit", { status: 200 });
      looks.push(now + Math.min(LOOK_MAX_MS, Math.max(LOOK_MIN_MS, least)));
    }
    return looks.length === 0 ? undefined : Math.min(...looks);
  }

  release(callId: string, now: Instant): void {
    const booking = this.#bookings.get(callId);
    if (!booking) return;
    this.#now = now;
    this.#bookings.delete(callId);
    const { toll, shares } = booking.passage;
    for (const share of shares) {
      share.leave();
      if (booking.answeredMs !== undefined) share.hush(now);
    }
    if (booking.answeredMs !== undefined && toll.isDue(now, KEEP_MS)) {
      this.#remember(`minutes ${toll.name}`, JSON.stringify(toll.saved(now)));
    }
  }

  /** What another process remembered; what is nobody's any more is forgotten. */
  restore(records: readonly Remembered[], now: Instant): void {
    this.#now = now;
    for (const { name, text = "" } of records) {
      const [kind, trunk = ""] = name.split(" ", 2);
      const toll = this.#tolls.get(trunk);
      const countries = kind === "countries" ? readCountries(text) : undefined;
      const talked = kind === "minutes" ? readToll(text) : undefined;
      if (toll && countries) toll.remember(countries);
      else if (toll && talked) toll.restore(talked, now);
      else if (kind === "countries" || kind === "minutes") this.#remember(name, undefined);
    }
  }

  #judge(callId: string, toll: Toll, called: readonly string[], now: Instant): Passage | End {
    const found = toll.judge(called, now);
    if (!isEnd(found) || found.name !== "new-country") return found;
    const country = toll.discoversRefused(called);
    if (country !== undefined) this.#tell({ callId, toll, country, isRefused: true }, called[0]!);
    return found;
  }

  #discover(callId: string, { toll, country, number }: Passage): void {
    if (country === undefined || !toll.discovers(country)) return;
    this.#tell({ callId, toll, country, isRefused: false }, number);
    this.#remember(`countries ${toll.name}`, JSON.stringify(toll.countries));
  }

  #tell(
    { toll, ...news }: { callId: string; toll: Toll; country: string; isRefused: boolean },
    callee: string,
  ): void {
    const fact = { kind: "first-country", trunk: toll.name, callee, ...news } as const;
    this.#emit({ kind: "fact", fact });
  }

  #remember(name: string, text: string | undefined): void {
    const record = text === undefined ? { name } : { name, text };
    this.#emit({ kind: "remember", record });
  }
}
