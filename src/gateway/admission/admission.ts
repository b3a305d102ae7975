import { assert, ChurnMap, type Instant } from "#base";
import { type End, type EndName, end, isEnd } from "#ends";
import type { Effect, Remembered } from "#port";
import type { Settings } from "#settings";
import type { Side } from "#sip";
import { RateWindow } from "./rate-window.ts";
import { type ReferredNumber, Tolls } from "./tolls.ts";

/** What admission must know of a call. */
export interface Applicant {
  /** The trunk that the call uses, whichever way it goes. */
  readonly trunk?: string | undefined;
  /** The side that is called. */
  readonly toward: Side;
  /** The called number, as rules made it and as it was dialled. */
  readonly called: readonly string[];
  /** The call whose peer it goes to, where it takes that one's place (RFC 3891). */
  readonly replaces?: string | undefined;
}

/** How many calls there are, and how many were refused since the start, by end. */
export interface Usage {
  readonly calls: number;
  readonly callsMax: number | undefined;
  readonly refused: Readonly<Partial<Record<EndName, number>>>;
}

interface Limits {
  readonly callsMax?: number | undefined;
  readonly callsPerSecondMax?: number | undefined;
}

/** The limits and the count of one scope: the gateway, or a trunk. */
class Scope {
  calls = 0;
  #callsMax: number | undefined;
  #rate: RateWindow | undefined;
  readonly #refused: Partial<Record<EndName, number>> = {};

  limit({ callsMax, callsPerSecondMax }: Limits): void {
    this.#callsMax = callsMax;
    if (callsPerSecondMax === undefined) this.#rate = undefined;
    else this.#rate = this.#rate?.resized(callsPerSecondMax) ?? new RateWindow(callsPerSecondMax);
  }

  /** Which limit one more call would break. */
  broken(now: Instant): "calls-limit" | "rate-limit" | undefined {
    if (this.#callsMax !== undefined && this.calls >= this.#callsMax) return "calls-limit";
    return this.#rate?.hasRoom(now) === false ? "rate-limit" : undefined;
  }

  enter(now: Instant, counted: boolean): void {
    this.calls++;
    if (counted) this.#rate?.count(now);
  }

  refuse(name: EndName): void {
    this.#refused[name] = (this.#refused[name] ?? 0) + 1;
  }

  get usage(): Usage {
    return { calls: this.calls, callsMax: this.#callsMax, refused: { ...this.#refused } };
  }
}

/**
 * Call admission control: calls at once and calls per second, of the gateway and of each trunk; and
 * where a trunk's calls may go. A refused call counts nowhere; an emergency call is counted, and
 * never refused.
 */
export class Admission {
  readonly #gateway = new Scope();
  readonly #trunks = new Map<string, Scope>();
  /** The scopes that each admitted call stands in, until it is released. */
  readonly #admitted = new ChurnMap<string, readonly Scope[]>();
  #emergency: ReadonlySet<string> = new Set();
  #status = 503;
  #retryAfterS = 0;
  readonly #tolls: Tolls;

  constructor(settings: Settings, emit: (effect: Effect) => void) {
    this.#tolls = new Tolls(emit);
    this.apply(settings);
  }

  /** Running calls stay counted under the new limits, even where these are lower. */
  apply(settings: Settings): void {
    const { limits, trunks, emergencyNumbers } = settings;
    this.#gateway.limit(limits);
    this.#emergency = new Set(emergencyNumbers);
    this.#status = limits.refuseStatus;
    this.#retryAfterS = limits.retryAfterS;
    const names = new Set(trunks.map(({ name }) => name));
    for (const [name, scope] of this.#trunks) {
      if (names.has(name)) continue;
      // A trunk that is gone limits nobody; its last calls still count out of the scope itself.
      scope.limit({});
      this.#trunks.delete(name);
    }
    for (const { name, limits: own } of trunks) {
      const scope = this.#trunks.get(name) ?? new Scope();
      scope.limit(own);
      this.#trunks.set(name, scope);
    }
    this.#tolls.apply(trunks);
  }

  /** Counts the call in, or says why not. */
  admit(callId: string, applicant: Applicant, now: Instant): End | undefined {
    assert(!this.#admitted.has(callId), "a call is admitted once");
    const scopes = this.#scopesOf(applicant);
    const emergency = this.isEmergency(applicant);
    const { trunk, toward } = applicant;
    const isTolled = toward === "public" && trunk !== undefined && !emergency;
    const passage = isTolled && this.#tolls.judge(callId, { ...applicant, trunk }, now);
    if (passage && isEnd(passage)) return this.#tolled(scopes[0]!, passage);
    if (!emergency) {
      for (const scope of scopes) {
        const name = scope.broken(now);
        if (name !== undefined) return this.#refusal(scope, name);
      }
    }
    for (const scope of scopes) scope.enter(now, !emergency);
    this.#admitted.set(callId, scopes);
    if (passage) this.#tolls.enter(callId, passage, now);
    return undefined;
  }

  /** Counts a call in that was admitted before: no limit holds it back. */
  readmit(callId: string, applicant: Applicant, now: Instant): void {
    const scopes = this.#scopesOf(applicant);
    for (const scope of scopes) scope.enter(now, false);
    this.#admitted.set(callId, scopes);
    const { trunk, toward } = applicant;
    if (trunk === undefined || toward !== "public" || this.isEmergency(applicant)) return;
    this.#tolls.reenter(callId, { ...applicant, trunk }, now);
  }

  /** The call is led to another number (3xx): it is that one's from now on, or may not go there. */
  redial(callId: string, called: string, now: Instant): End | undefined {
    if (this.#emergency.has(called)) return undefined;
    const refused = this.#tolls.redial(callId, called, now);
    return refused && this.#tolled(this.#admitted.get(callId)![0]!, refused);
  }

  /** Why a trunk's operator may not be asked to call this number in our stead. */
  mayReach(trunk: string, asked: ReferredNumber, now: Instant): End | undefined {
    return this.#emergency.has(asked.number) ? undefined : this.#tolls.mayReach(trunk, asked, now);
  }

  /** The call talks since then. Returns when to ask `overdue`; undefined: never. */
  answered(callId: string, sinceMs: Instant, now: Instant): number | undefined {
    return this.#tolls.answered(callId, sinceMs, now);
  }

  /** Why the call must end now, or when to ask again; undefined: it may go on as long as it likes. */
  overdue(callId: string, now: Instant): End | number | undefined {
    return this.#tolls.overdue(callId, now);
  }

  /** Counts the call out; one that was never admitted, or is out already, changes nothing. */
  release(callId: string, now: Instant): void {
    for (const scope of this.#admitted.get(callId) ?? []) scope.calls--;
    this.#admitted.delete(callId);
    this.#tolls.release(callId, now);
  }

  /** What another process remembered. */
  restore(records: readonly Remembered[], now: Instant): void {
    this.#tolls.restore(records, now);
  }

  /** Only the PBX dials emergency numbers: from outside, 112 is an extension like any other. */
  isEmergency({ toward, called }: Applicant): boolean {
    return toward === "public" && called.some((number) => this.#emergency.has(number));
  }

  get usage(): Usage {
    return this.#gateway.usage;
  }

  trunkUsage(name: string): Usage | undefined {
    return this.#trunks.get(name)?.usage;
  }

  #scopesOf({ trunk }: Pick<Applicant, "trunk">): readonly Scope[] {
    const own = trunk === undefined ? undefined : this.#trunks.get(trunk);
    return own ? [own, this.#gateway] : [this.#gateway];
  }

  #tolled(scope: Scope, why: End): End {
    if (why.name === "calls-limit") return this.#refusal(scope, why.name);
    scope.refuse(why.name);
    return why;
  }

  #refusal(scope: Scope, name: EndName): End {
    scope.refuse(name);
    // Retry-After means something with a 503 and a 603 alone, and the setting speaks of 503.
    const retry = this.#status === 503 ? { retryAfterS: this.#retryAfterS } : {};
    return end(name, { status: this.#status, ...retry });
  }
}
