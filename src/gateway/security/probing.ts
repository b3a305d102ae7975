import type { Instant } from "#base";
import type { Flow } from "#sip";
import { parseUri, type Request } from "#sip-message";
import { type Evidence, excerptOf } from "./evidence.ts";
import { Series } from "./series.ts";

/** In hundredths. */
const WEIGHT = 100;

/**
 * Tells who looks for extensions: it names one user after the other, and no telephone does (attack
 * case C3). What they are answered doesn't matter, since strangers are answered nothing.
 */
export class Probing {
  readonly #series = new Series();

  get size(): number {
    return this.#series.size;
  }

  /** Evidence once a source has named more users than telephones do, and for each further one. */
  take(request: Request, text: string, flow: Flow, now: Instant): Evidence | undefined {
    const user = parseUri(request.to.uri)?.user;
    const source = `${flow.side} ${flow.remoteAddress}`;
    if (user === undefined || !this.#series.goesOn(source, user, now)) return undefined;
    return { rule: "probing", weight: WEIGHT, excerpt: excerptOf(text) };
  }
}
