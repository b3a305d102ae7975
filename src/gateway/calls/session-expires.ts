import { type End, end } from "#ends";
import {
  type Headers,
  hasOptionTag,
  parseSeconds,
  parseSessionExpires,
  printSessionExpires,
  Request,
  type Response,
} from "#sip-message";
import type { SessionTimerRule } from "./setup.ts";

/** What a leg's two ends agreed on (RFC 4028): who refreshes the session, and how often. */
export interface SessionTerms {
  readonly intervalS: number;
  readonly weRefresh: boolean;
}

/** No interval is shorter (RFC 4028 §4): a peer's lesser one would have us send all day. */
const INTERVAL_MIN_S = 90;

const TIMER = "timer";

/** Methods whose 2xx sets a session's timer (RFC 4028 §7). */
export const isTimed = (method: string): boolean => method === "INVITE" || method === "UPDATE";

/** Why a peer's INVITE or UPDATE is refused for its timer: 422 tells what would do (RFC 4028 §9). */
export function timerRefusal(rule: SessionTimerRule, { headers }: Request): End | undefined {
  if (rule.mode === "off") {
    const required = hasOptionTag(headers, "require", TIMER);
    return required ? end("bad-extension", { unsupported: TIMER }) : undefined;
  }
  const asked = expiresOf(headers);
  if (!asked || asked.intervalS >= rule.minIntervalS || !supportsTimer(headers)) return undefined;
  return end("session-interval", { minSeS: rule.minIntervalS });
}

/** Puts into an INVITE or UPDATE of ours what we ask for, or what holds already (RFC 4028 §7.1, §7.4). */
export function askForTimer(
  rule: SessionTimerRule,
  { headers }: Request,
  current: SessionTerms | undefined,
): void {
  if (rule.mode === "off" || (!current && rule.mode !== "require")) return;
  const asked = current
    ? ({ intervalS: current.intervalS, refresher: current.weRefresh ? "uac" : "uas" } as const)
    : { intervalS: rule.intervalS };
  headers.set("session-expires", printSessionExpires(asked));
  if (rule.minIntervalS > INTERVAL_MIN_S) headers.set("min-se", String(rule.minIntervalS));
}

/** The terms of our 2xx to a peer's request, written into it (RFC 4028 §9, table 2). */
export function grantTimer(
  rule: SessionTimerRule,
  { headers }: Request,
  granted: Response,
  current: SessionTerms | undefined,
): SessionTerms | undefined {
  if (rule.mode === "off") return undefined;
  const asked = expiresOf(headers);
  if (!asked && !current && rule.mode !== "require") return undefined;
  const least = Math.max(rule.minIntervalS, parseSeconds(headers.get("min-se") ?? "") ?? 0);
  const wished = asked?.intervalS ?? current?.intervalS ?? rule.intervalS;
  const most = rule.mode === "require" ? Math.min(wished, rule.intervalS) : wished;
  const intervalS = Math.max(least, most);
  // Who refreshes already need not say again that it can.
  const peerCan = supportsTimer(headers) || current?.weRefresh === false;
  const wantsUs = asked ? asked.refresher === "uas" : current?.weRefresh === true;
  const weRefresh = !peerCan || wantsUs;
  const refresher = weRefresh ? "uas" : "uac";
  granted.headers.set("session-expires", printSessionExpires({ intervalS, refresher }));
  if (!weRefresh) granted.headers.add("require", TIMER);
  return { intervalS, weRefresh };
}

/** The terms of a peer's 2xx to our request (RFC 4028 §7.2). */
export function termsGranted(
  rule: SessionTimerRule,
  sent: Request,
  granted: Response,
): SessionTerms | undefined {
  if (rule.mode === "off") return undefined;
  const given = expiresOf(granted.headers);
  if (given) {
    const intervalS = Math.max(INTERVAL_MIN_S, given.intervalS);
    return { intervalS, weRefresh: given.refresher !== "uas" };
  }
  // A peer that knows no timers is asked for a sign of life all the same, where that is required.
  const asked = rule.mode === "require" ? expiresOf(sent.headers) : undefined;
  return asked && { intervalS: asked.intervalS, weRefresh: true };
}

/** How often one request is asked again as its refusals want it: a peer may want ever more. */
export const AGAIN_MAX = 4;

/** The request again, with the interval that a 422 asks for (RFC 4028 §7.3). */
export function withLongerTimer(sent: Request, refused: Response): Request | undefined {
  if (refused.status !== 422) return undefined;
  const least = parseSeconds(refused.headers.get("min-se") ?? "");
  const asked = expiresOf(sent.headers);
  if (!asked || least === undefined || least <= asked.intervalS) return undefined;
  const again = new Request(sent.method, sent.uri, sent.headers.copy(), sent.body);
  again.headers.delete("via");
  again.headers.set("cseq", `${sent.cseq.number + 1} ${sent.method}`);
  again.headers.set("session-expires", printSessionExpires({ ...asked, intervalS: least }));
  again.headers.set("min-se", String(least));
  return again;
}

function expiresOf(headers: Headers) {
  const value = headers.get("session-expires");
  return value === undefined ? undefined : parseSessionExpires(value);
}

const supportsTimer = (headers: Headers): boolean =>
  hasOptionTag(headers, "supported", TIMER) || hasOptionTag(headers, "require", TIMER);
