import { after, BoundedMap, type Instant, ownText } from "#base";
import type { Settings } from "#settings";
import type { Flow } from "#sip";
import { type Evidence, excerptOf } from "./evidence.ts";

/** Accounts that are watched, and whose places are known; of more, the first ones are forgotten. */
const ACCOUNTS_MAX = 10_000;
/** Places that one account is remembered to have logged in from: a desk, a home, two on the way. */
const HOMES_MAX = 4;
/** So many wrong attempts deny a stranger to an account that is under attack from everywhere. */
const GUARDED_ATTEMPTS = 3;
/** What denies, in hundredths. */
const CERTAIN = 100;
/** Of what is malformed, as of messages. */
const MALFORMED_WEIGHT = 20;

/** What a log-in came to, by SIP's digest, a web service or the Web Admin. */
export type LogInResult =
  /** Nothing was given yet: the challenge is due, as to everybody. */
  | "absent"
  /** The answer to an old challenge, or one that was used before: challenged anew. */
  | "stale"
  | "replayed"
  | "malformed"
  | "wrong-password"
  /** Answered as a wrong password is (attack case C3); only we know better. */
  | "unknown-account"
  | "right";

export interface LogIn {
  readonly flow: Flow;
  /** As it was given. */
  readonly account: string;
  readonly result: LogInResult;
  /** The message, or its beginning. */
  readonly text: string;
  /**
   * It answers a challenge that was sent to this very address (`NonceKey.place`): nobody forged the
   * address. By TCP and TLS nobody does anyway.
   */
  readonly isReached: boolean;
}

/** What a log-in says of its source. */
export interface LogInJudgement {
  /** For `Security.record`. */
  readonly evidence?: Evidence;
  /** A user of ours is behind that port: `Security.prove`, so that it isn't denied for others. */
  readonly isProven: boolean;
}

interface Wrong {
  count: number;
  readonly ends: Instant;
}

/**
 * Judges log-ins for brute force: of one source, which is denied after `attempts` wrong ones, and of
 * one account from many sources. An account is never locked, so that nobody can lock its owner out:
 * under attack it is the sources that have never logged in to it which are denied sooner, and who
 * gives the right password is let in from anywhere.
 */
export class LogIns {
  readonly #wrong = new BoundedMap<string, Wrong>(ACCOUNTS_MAX);
  readonly #homes = new BoundedMap<string, string[]>(ACCOUNTS_MAX);

  /** How many accounts it keeps anything of. */
  get size(): number {
    return this.#wrong.size + this.#homes.size;
  }

  judge(logIn: LogIn, settings: Settings["security"]["bruteForce"], now: Instant): LogInJudgement {
    const { result, text, isReached } = logIn;
    switch (result) {
      case "absent":
      case "stale":
      // A telephone that starts again counts from one again, and a datagram may come twice.
      case "replayed":
        return { isProven: false };
      case "right":
        this.#arrived(logIn);
        return { isProven: true };
      case "malformed": {
        const seen = { excerpt: excerptOf(text), isReached: false };
        return judged({ rule: "malformed", weight: MALFORMED_WEIGHT, ...seen });
      }
      case "unknown-account":
      case "wrong-password": {
        const isGuarded = result === "wrong-password" && this.#isGuarded(logIn, settings, now);
        const attempts = isGuarded
          ? Math.min(GUARDED_ATTEMPTS, settings.attempts)
          : settings.attempts;
        const seen = { excerpt: excerptOf(text), isReached };
        return judged({ rule: result, weight: weightOf(attempts), ...seen });
      }
    }
  }

  /** Counts a wrong password; whether its account is under attack, and this isn't one of its homes. */
  #isGuarded(
    { account, flow }: LogIn,
    { attempts, windowS }: Settings["security"]["bruteForce"],
    now: Instant,
  ): boolean {
    let wrong = this.#wrong.get(account);
    if (!wrong || wrong.ends <= now) {
      wrong = { count: 0, ends: after(now, windowS * 1000) };
      this.#wrong.set(ownText(account), wrong);
    }
    wrong.count += 1;
    return wrong.count > attempts && !this.#homes.get(account)?.includes(placeOf(flow));
  }

  /** The account's owner is at home there: his or her mistakes count as anybody's. */
  #arrived({ account, flow }: LogIn): void {
    const place = placeOf(flow);
    const homes = this.#homes.get(account);
    if (!homes) {
      this.#homes.set(ownText(account), [place]);
      return;
    }
    if (homes.at(-1) === place) return;
    const at = homes.indexOf(place);
    if (at >= 0) homes.splice(at, 1);
    else if (homes.length >= HOMES_MAX) homes.shift();
    homes.push(place);
  }
}

const judged = (evidence: Evidence): LogInJudgement => ({ evidence, isProven: false });

const placeOf = ({ side, remoteAddress }: Flow): string => `${side} ${remoteAddress}`;

/** A trifle more than its share, so that as many of them as are meant are enough. */
const weightOf = (attempts: number): number => CERTAIN / attempts + 1e-6;
