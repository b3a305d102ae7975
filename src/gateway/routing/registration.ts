import { after, type Instant, type Random, unreachable } from "#base";

/** A trunk's registration with its operator (RFC 3261 §10.2), as plain data. */
export interface Registration {
  readonly phase: "unregistered" | "registering" | "registered" | "failed" | "removing";
  /** What the next REGISTER asks for; an operator may have raised it by 423. */
  readonly askS: number;
  /** Failures in a row. */
  readonly failures: number;
  /** When `tick` is due. */
  readonly nextAt?: Instant;
  /** Until when the operator keeps what it granted last. */
  readonly goodUntil?: Instant;
  /** What the REGISTER that is out brings about may have been undone meanwhile. */
  readonly isDoubtful?: boolean;
  /** A keep-alive of its flow was answered. */
  readonly isProven?: boolean;
  /** When a flow that had lived was last replaced at once. */
  readonly anewAt?: Instant;
}

export type RegistrationEvent =
  | { readonly kind: "tick" }
  /** A final answer, after any challenge has been answered; `grantedS` is a 2xx's expiry. */
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly grantedS?: number;
      readonly minExpiresS?: number;
      readonly retryAfterS?: number;
      /** By an outbound flow: how it is recovered where that is refused, or fails later. */
      readonly recovery?: Recovery;
    }
  | { readonly kind: "failed"; readonly why: string; readonly recovery?: Recovery }
  /** The flow of a registration failed, which the operator granted (RFC 5626 §4.5). */
  | { readonly kind: "flow-failed"; readonly why: string; readonly recovery: Recovery }
  /** A keep-alive of the flow was answered: from now on it counts as one that succeeded. */
  | { readonly kind: "alive" }
  /** A former registration of the same address was removed: this one with it, if it was there. */
  | { readonly kind: "undone" }
  /** The gateway stops, or the trunk leaves the settings. */
  | { readonly kind: "remove" };

export type RegistrationAction =
  /** Send a REGISTER; 0 removes the binding. */
  | { readonly kind: "register"; readonly expiresS: number }
  | { readonly kind: "registered"; readonly expiresS: number }
  | { readonly kind: "failed"; readonly why: string; readonly status?: number }
  | { readonly kind: "flow-lost"; readonly why: string };

/** RFC 5626 §4.5: while other flows live, one that doesn't is tried less often. */
export type Recovery = "others-live" | "all-failed";

export interface RegistrationStep {
  readonly state: Registration;
  readonly actions: readonly RegistrationAction[];
}

/** RFC 5626 §4.5: from 30 s up to half an hour, each wait between half of it and all of it. */
const RETRY_BASE_MS = 30_000;
const RETRY_MAX_MS = 1_800_000;
/** The base where other flows of the trunk live. */
const RETRY_BASE_OTHERS_LIVE_MS = 90_000;
/** An operator's Retry-After or Min-Expires beyond this is taken for an error. */
const ASKED_S_MAX = 86_400;
/** A grant may be this short at least: faster refreshes would be a flood. */
const GRANTED_S_MIN = 10;
/** Starts of many trunks are spread over this long. */
const START_SPREAD_MS = 2000;

const INTERVAL_TOO_BRIEF = 423;

export const newRegistration = (expiresS: number, random: Random, now: Instant): Registration => ({
  phase: "unregistered",
  askS: expiresS,
  failures: 0,
  nextAt: after(now, random.integer(START_SPREAD_MS)),
});

/** Whether the operator holds a binding of ours now. */
export const isRegistered = ({ goodUntil }: Registration, now: Instant): boolean =>
  goodUntil !== undefined && now < goodUntil;

export function stepRegistration(
  state: Registration,
  event: RegistrationEvent,
  random: Random,
  now: Instant,
): RegistrationStep {
  switch (event.kind) {
    case "tick":
      return tick(state, now);
    case "answered":
      return answered(state, event, random, now);
    case "failed":
      // By a flow that has lived: it is the flow that failed.
      return event.recovery && mayFormAnew(state, now)
        ? formAnew(state, event.why, now)
        : fail(state, { kind: "failed", why: event.why }, event, random, now);
    case "flow-failed":
      return flowFailed(state, event, random, now);
    case "alive":
      return { state: { ...state, failures: 0, isProven: true }, actions: [] };
    case "undone":
      return undone(state, now);
    case "remove":
      return remove(state, now);
    default:
      return unreachable(event);
  }
}

function tick(state: Registration, now: Instant): RegistrationStep {
  const due = state.nextAt !== undefined && now >= state.nextAt;
  if (!due || state.phase === "registering" || state.phase === "removing")
    return { state, actions: [] };
  const { nextAt: _, ...rest } = state;
  return {
    state: { ...rest, phase: "registering" },
    actions: [{ kind: "register", expiresS: state.askS }],
  };
}

type Answered = Extract<RegistrationEvent, { kind: "answered" }>;

function answered(
  state: Registration,
  event: Answered,
  random: Random,
  now: Instant,
): RegistrationStep {
  const { status } = event;
  if (state.phase === "removing") return gone(state);
  if (status >= 200 && status < 300) return grant(state, event, random, now);
  if (status === INTERVAL_TOO_BRIEF && event.minExpiresS !== undefined) {
    const askS = Math.min(event.minExpiresS, ASKED_S_MAX);
    // RFC 3261 §10.2.8: once more, with the longer expiry; the same demand again is a refusal.
    if (askS > state.askS) {
      return {
        state: { ...state, phase: "registering", askS },
        actions: [{ kind: "register", expiresS: askS }],
      };
    }
  }
  return fail(state, { kind: "failed", why: "refused", status }, event, random, now);
}

/** Refreshed at 80 to 90 % of what was granted. */
function grant(
  state: Registration,
  event: Answered,
  random: Random,
  now: Instant,
): RegistrationStep {
  const { grantedS = state.askS, recovery } = event;
  // A binding of no duration is none: the operator took it away in the same breath.
  if (grantedS === 0)
    return fail(state, { kind: "failed", why: "granted for 0 s" }, { recovery }, random, now);
  const expiresS = Math.max(GRANTED_S_MIN, Math.min(grantedS, ASKED_S_MAX));
  const tenthMs = expiresS * 100;
  return {
    state: {
      phase: "registered",
      askS: state.askS,
      // A flow has succeeded once a keep-alive of it is answered (RFC 5626 §4.5).
      failures: recovery === undefined ? 0 : state.failures,
      nextAt: state.isDoubtful ? now : after(now, 8 * tenthMs + random.integer(tenthMs)),
      goodUntil: after(now, expiresS * 1000),
      ...(recovery !== undefined && state.isProven && { isProven: true }),
      ...(state.anewAt !== undefined && { anewAt: state.anewAt }),
    },
    actions: [{ kind: "registered", expiresS }],
  };
}

function fail(
  state: Registration,
  action: RegistrationAction,
  { retryAfterS = 0, recovery }: Failure,
  random: Random,
  now: Instant,
): RegistrationStep {
  if (state.phase === "removing") return gone(state);
  const failures = state.failures + 1;
  const backOffMs = backOff(failures, recovery, random);
  const askedMs = Math.min(retryAfterS, ASKED_S_MAX) * 1000;
  const nextAt = after(now, Math.max(backOffMs, askedMs));
  const { isDoubtful: _, isProven: __, ...rest } = state;
  return { state: { ...rest, phase: "failed", failures, nextAt }, actions: [action] };
}

interface Failure {
  readonly retryAfterS?: number | undefined;
  readonly recovery?: Recovery | undefined;
}

/** Between half of the longest wait and all of it; a flow's first is 30 to 60 s (RFC 5626 §4.5). */
function backOff(failures: number, recovery: Recovery | undefined, random: Random): number {
  const baseMs = recovery === "others-live" ? RETRY_BASE_OTHERS_LIVE_MS : RETRY_BASE_MS;
  const doublings = Math.min(recovery === undefined ? failures - 1 : failures, 10);
  const longestMs = Math.min(RETRY_MAX_MS, baseMs * 2 ** doublings);
  return longestMs / 2 + random.integer(longestMs / 2);
}

/** One that never proved itself waits like one that was refused. */
function flowFailed(
  state: Registration,
  event: Extract<RegistrationEvent, { kind: "flow-failed" }>,
  random: Random,
  now: Instant,
): RegistrationStep {
  if (state.phase !== "registered") return { state, actions: [] };
  if (mayFormAnew(state, now)) return formAnew(state, event.why, now);
  return fail(state, { kind: "flow-lost", why: event.why }, event, random, now);
}

/** One that lives for a moment each time would be a flood: it waits like one that never lived. */
const mayFormAnew = ({ isProven, anewAt }: Registration, now: Instant): boolean =>
  isProven === true && (anewAt === undefined || now - anewAt >= RETRY_BASE_MS);

/** A flow that has lived is replaced at once; only what fails then has to wait (RFC 5626 §4.5). */
function formAnew(state: Registration, why: string, now: Instant): RegistrationStep {
  if (state.phase === "removing") return gone(state);
  const { isProven: _, isDoubtful: __, ...rest } = state;
  const actions = [{ kind: "flow-lost", why } as const];
  return { state: { ...rest, phase: "failed", nextAt: now, anewAt: now }, actions };
}

function undone(state: Registration, now: Instant): RegistrationStep {
  if (state.phase === "registering") return { state: { ...state, isDoubtful: true }, actions: [] };
  return { state: state.phase === "registered" ? { ...state, nextAt: now } : state, actions: [] };
}

function remove(state: Registration, now: Instant): RegistrationStep {
  if (state.phase === "removing") return { state, actions: [] };
  const { nextAt: _, ...rest } = state;
  // A REGISTER that is out may yet be granted: it is removed like one that was.
  const held = state.phase === "registering" || isRegistered(state, now);
  if (!held) return gone(state);
  return { state: { ...rest, phase: "removing" }, actions: [{ kind: "register", expiresS: 0 }] };
}

const gone = ({ askS }: Registration): RegistrationStep => ({
  state: { phase: "unregistered", askS, failures: 0 },
  actions: [],
});
