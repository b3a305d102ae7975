import { assert, ChurnMap, type Instant } from "#base";
import { type End, type EndName, end } from "#ends";
import type { Settings } from "#settings";
import type { Side } from "#sip";
import { RateWindow } from "./rate-window.ts";

/** What admission must know of a call. */
export interface Applicant {
  /** The trunk that the call uses, whichever way it goes. */
  readonly trunk?: string | undefined;
  /** The side that is called. */
  readonly toward: Side;
  /** The called number, as dialled and as rules made it. */
  readonly called: readonly string[];
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
 * Call admission control: calls at once and calls per second, of the gateway and of each trunk.
 * A refused call counts nowhere; an emergency call is counted, and never refused.
 */
export class Admission {
  readonly #gateway = new Scope();
  readonly #trunks = new Map<string, Scope>();
  /** The scopes that each admitted call stands in, until it is released. */
  readonly #admitted = new ChurnMap<string, readonly Scope[]>();
  #emergency: ReadonlySet<string> = new Set();
  #status = 503;
  #retryAfterS = 0;

  constructor(settings: Settings) {
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
  }

  /** Counts the call in, or says why not. */
  admit(callId: string, applicant: Applicant, now: Instant): End | undefined {
    assert(!this.#admitted.has(callId), "a call is admitted once");
    const scopes = this.#scopesOf(applicant);
    const emergency = this.isEmergency(applicant);
    if (!emergency) {
      for (const scope of scopes) {
        const name = scope.broken(now);
        if (name !== undefined) return this.#refusal(scope, name);
      }
    }
    for (const scope of scopes) scope.enter(now, !emergency);
    this.#admitted.set(callId, scopes);
    return undefined;
  }

  /** Counts a call in that was admitted before: no limit holds it back. */
  readmit(callId: string, trunk: string | undefined, now: Instant): void {
    const scopes = this.#scopesOf({ trunk });
    for (const scope of scopes) scope.enter(now, false);
    this.#admitted.set(callId, scopes);
  }

  /** Counts the call out; one that was never admitted, or is out already, changes nothing. */
  release(callId: string): void {
    for (const scope of this.#admitted.get(callId) ?? []) scope.calls--;
    this.#admitted.delete(callId);
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

  #refusal(scope: Scope, name: EndName): End {
    scope.refuse(name);
    // Retry-After means something with a 503 and a 603 alone, and the setting speaks of 503.
    const retry = this.#status === 503 ? { retryAfterS: this.#retryAfterS } : {};
    return end(name, { status: this.#status, ...retry });
  }
}
