import { after, BoundedMap, type Instant, ownText } from "#base";
import type { Flow } from "#sip";
import { parseUri, type Request } from "#sip-message";
import { type Evidence, excerptOf } from "./evidence.ts";

/** Sources that are watched; of more, those seen first are forgotten. */
const SOURCES_MAX = 4_096;
/** Users that one may name: a telephone with the wrong address names its own, and whom it calls. */
const USERS_MAX = 10;
const USER_LENGTH_MAX = 32;
/** Slow scanners wait between two users; as long as this they hardly do. */
const WINDOW_MS = 600_000;
/** In hundredths. */
const WEIGHT = 100;

interface Named {
  readonly users: Set<string>;
  readonly ends: Instant;
}

/**
 * Tells who looks for extensions: it names one user after the other, and no telephone does (attack
 * case C3). What they are answered doesn't matter, since strangers are answered nothing.
 */
export class Probing {
  readonly #sources = new BoundedMap<string, Named>(SOURCES_MAX);

  get size(): number {
    return this.#sources.size;
  }

  /** Evidence once a source has named more users than telephones do, and for each further one. */
  take(request: Request, text: string, flow: Flow, now: Instant): Evidence | undefined {
    const user = parseUri(request.to.uri)?.user;
    if (user === undefined) return undefined;
    const { users } = this.#namedBy(`${flow.side} ${flow.remoteAddress}`, now);
    const name = user.slice(0, USER_LENGTH_MAX);
    if (users.has(name)) return undefined;
    if (users.size >= USERS_MAX)
      return { rule: "probing", weight: WEIGHT, excerpt: excerptOf(text) };
    users.add(ownText(name));
    return undefined;
  }

  #namedBy(source: string, now: Instant): Named {
    const known = this.#sources.get(source);
    if (known && known.ends > now) return known;
    const named: Named = { users: new Set(), ends: after(now, WINDOW_MS) };
    this.#sources.set(source, named);
    return named;
  }
}
