import type { Instant } from "#base";
import { type End, end } from "#ends";
import type { DestinationRule, Destinations } from "#settings";
import { countryOf } from "./countries.ts";
import { globalNumber, globalPrefix, type NumberingPlan } from "./numbering.ts";
import { type SavedShare, Share } from "./share.ts";

/** What a call takes part in where it goes. */
export interface Passage {
  readonly toll: Toll;
  /** The number in E.164 where it has such a form, else as it is dialled. */
  readonly number: string;
  /** Of the rule that it is for, where that has limits, and of all calls. */
  readonly shares: readonly Share[];
  readonly country: string | undefined;
}

/** What outlives the process, beside the countries. */
export interface SavedToll {
  readonly own: SavedShare;
  readonly rules: Readonly<Record<string, SavedShare>>;
}

const hasLimits = (rule: DestinationRule): boolean =>
  (rule.callsMax ?? rule.minutesPerHourMax ?? rule.minutesPerDayMax) !== undefined;

/** Where the calls of one trunk (or whoever carries such rules) may go, and how much they may talk. */
export class Toll {
  readonly name: string;
  /** The countries that were called: as many as there are at most. */
  readonly #countries = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #own = new Share();
  #destinations!: Destinations;
  #plan!: NumberingPlan;
  /** By prefix, in E.164 where it has such a form. */
  #rules = new Map<string, DestinationRule>();
  #shares = new Map<string, Share>();
  #prefixMax = 0;
  #keptMs = Number.NEGATIVE_INFINITY;

  constructor(name: string, destinations: Destinations, plan: NumberingPlan) {
    this.name = name;
    this.apply(destinations, plan, 0);
  }

  /** What was talked and who was called stays, under the new rules. */
  apply(destinations: Destinations, plan: NumberingPlan, now: number): void {
    this.#destinations = destinations;
    this.#plan = plan;
    this.#own.limit({ ...destinations, callsMax: undefined }, now);
    const former = this.#shares;
    this.#rules = new Map();
    this.#shares = new Map();
    this.#prefixMax = 0;
    for (const rule of destinations.rules) {
      const prefix = globalPrefix(rule.prefix, plan);
      // Of two that say the same prefix in two ways, the one that denies.
      if (this.#rules.get(prefix)?.allow === false) continue;
      this.#rules.set(prefix, rule);
      this.#prefixMax = Math.max(this.#prefixMax, prefix.length);
      if (!hasLimits(rule)) continue;
      const share = former.get(prefix) ?? new Share();
      share.limit(rule, now);
      this.#shares.set(prefix, share);
    }
    for (const [prefix, share] of former) if (!this.#shares.has(prefix)) share.limit({}, now);
  }

  get callMinutesMax(): number | undefined {
    return this.#destinations.callMinutesMax;
  }

  get cuts(): boolean {
    return this.#destinations.cut;
  }

  get hasBudget(): boolean {
    return this.#own.hasBudget || [...this.#shares.values()].some((share) => share.hasBudget);
  }

  /** What a call to a number takes part in, whether it may or not. */
  passage(called: readonly string[]): Passage {
    return this.#look(called).passage;
  }

  /** The same, or why there may be no such call. */
  judge(called: readonly string[], now: Instant): Passage | End {
    const { passage, rule } = this.#look(called);
    const isAllowed = rule ? rule.allow : this.#destinations.default === "allow";
    if (!isAllowed) return end("destination-not-allowed");
    if (this.#mustRefuse(passage.country, rule)) return end("new-country");
    return this.exhausted(passage, now) ?? passage;
  }

  /** Which limit one more call there would break. */
  exhausted({ shares }: Passage, now: Instant): End | undefined {
    for (const share of shares) {
      const name = share.broken(now);
      if (name !== undefined) return end(name);
    }
    return undefined;
  }

  /** Whether a country is called for the first time: true once for each. */
  discovers(country: string | undefined): boolean {
    if (country === undefined || this.#destinations.newCountry === "off") return false;
    if (country === this.#plan.countryCode || this.#countries.has(country)) return false;
    this.#countries.add(country);
    return true;
  }

  /** The same of one that is refused: true once for each, while the process runs. */
  discoversRefused(called: readonly string[]): string | undefined {
    const { country } = this.passage(called);
    if (country === undefined || this.#refused.has(country)) return undefined;
    this.#refused.add(country);
    return country;
  }

  get countries(): readonly string[] {
    return [...this.#countries];
  }

  remember(countries: readonly string[]): void {
    for (const country of countries) this.#countries.add(country);
  }

  /** Whether it is time to write down what was talked. */
  isDue(now: Instant, everyMs: number): boolean {
    if (!this.hasBudget || now - this.#keptMs < everyMs) return false;
    this.#keptMs = now;
    return true;
  }

  saved(now: Instant): SavedToll {
    const limited = [...this.#shares].filter(([, share]) => share.hasBudget);
    const rules = limited.map(([prefix, share]) => [prefix, share.saved(now)]);
    return { own: this.#own.saved(now), rules: Object.fromEntries(rules) };
  }

  restore({ own, rules }: SavedToll, now: Instant): void {
    this.#own.restore(own, now);
    for (const [prefix, saved] of Object.entries(rules))
      this.#shares.get(prefix)?.restore(saved, now);
  }

  #mustRefuse(country: string | undefined, rule: DestinationRule | undefined): boolean {
    if (this.#destinations.newCountry !== "refuse" || country === undefined) return false;
    if (country === this.#plan.countryCode || this.#countries.has(country)) return false;
    // A rule that names the country is the operator's word that it may be called.
    return !rule || !globalPrefix(rule.prefix, this.#plan).startsWith(`+${country}`);
  }

  /** The number as rules made it says where the call goes; where it doesn't, the one dialled does. */
  #look(called: readonly string[]) {
    const numbers = called.map((one) => globalNumber(one, this.#plan));
    const global = numbers.find((one) => one !== undefined);
    const number = global ?? called[0] ?? "";
    const prefix = this.#longestPrefix(number);
    const rule = prefix === undefined ? undefined : this.#rules.get(prefix);
    const share = prefix === undefined ? undefined : this.#shares.get(prefix);
    const shares = share ? [share, this.#own] : [this.#own];
    const country = global === undefined ? undefined : countryOf(global);
    return { rule, passage: { toll: this, number, shares, country } };
  }

  #longestPrefix(number: string): string | undefined {
    if (this.#rules.size === 0) return undefined;
    for (let length = Math.min(number.length, this.#prefixMax); length >= 0; length--) {
      const prefix = number.slice(0, length);
      if (this.#rules.has(prefix)) return prefix;
    }
    return undefined;
  }
}
