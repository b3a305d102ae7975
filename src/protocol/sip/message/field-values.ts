import type { HeaderKey } from "./header-names.ts";
import type { Headers } from "./headers.ts";
import { digits, isToken, quote, tokenEnd, unquote } from "./lexis.ts";
import { NO_PARAMS, type Params, parseParams } from "./params.ts";

// The small headers that an SBC reads and writes, one pure function each.

/** A word and its parameters: Event, Subscription-State, Content-Type, Content-Disposition… */
export interface Parametered {
  /** Lower case. */
  readonly value: string;
  readonly params: Params;
}

export function parseParametered(text: string): Parametered | undefined {
  const semicolon = text.indexOf(";");
  const end = semicolon < 0 ? text.length : semicolon;
  const words = text.slice(0, end).toLowerCase().split("/");
  const value = words.map((word) => word.trim()).join("/");
  const params = semicolon < 0 ? NO_PARAMS : parseParams(text, semicolon);
  const isWord = value.split("/").every((word) => isToken(word));
  return isWord && params ? { value, params } : undefined;
}

/**
 * The media type of a Content-Type, in lower case; undefined where it says none. White space may
 * stand around the slash (RFC 3261 §25.1, SLASH). Parameters that can't be read spoil no type: what
 * another reader takes for a description must not be something else to us.
 */
export function parseMediaType(text: string): string | undefined {
  const semicolon = text.indexOf(";");
  const type = (semicolon < 0 ? text : text.slice(0, semicolon)).toLowerCase();
  const slash = type.indexOf("/");
  if (slash < 0) return undefined;
  const [main, sub] = [type.slice(0, slash).trim(), type.slice(slash + 1).trim()];
  return isToken(main) && isToken(sub) ? `${main}/${sub}` : undefined;
}

/** A count of seconds (Expires, Min-Expires, Min-SE, Retry-After), without what may follow it. */
export function parseSeconds(text: string): number | undefined {
  const end = tokenEnd(text, 0, text.length);
  const seconds = digits(text, 0, end, 0xffff_ffff);
  return seconds < 0 ? undefined : seconds;
}

/** RFC 4028 §4. */
export interface SessionExpires {
  readonly intervalS: number;
  readonly refresher?: "uac" | "uas" | undefined;
}

export function parseSessionExpires(text: string): SessionExpires | undefined {
  const intervalS = parseSeconds(text);
  const semicolon = text.indexOf(";");
  const params = semicolon < 0 ? NO_PARAMS : parseParams(text, semicolon);
  if (intervalS === undefined || params === undefined) return undefined;
  const refresher = params.get("refresher")?.toLowerCase();
  if (refresher !== undefined && refresher !== "uac" && refresher !== "uas") return undefined;
  return refresher === undefined ? { intervalS } : { intervalS, refresher };
}

export const printSessionExpires = ({ intervalS, refresher }: SessionExpires): string =>
  refresher === undefined ? String(intervalS) : `${intervalS};refresher=${refresher}`;

/** What a PRACK acknowledges (RFC 3262 §7.2). */
export interface RAck {
  readonly rseq: number;
  readonly cseq: number;
  readonly method: string;
}

const NUMBER_MAX = 0xffff_ffff;

export function parseRAck(text: string): RAck | undefined {
  const [rseqText = "", cseqText = "", method = "", ...more] = text.split(" ").filter(Boolean);
  const rseq = digits(rseqText, 0, rseqText.length, NUMBER_MAX);
  const cseq = digits(cseqText, 0, cseqText.length, NUMBER_MAX);
  if (rseq < 0 || cseq < 0 || !isToken(method) || more.length > 0) return undefined;
  return { rseq, cseq, method };
}

export const printRAck = ({ rseq, cseq, method }: RAck): string => `${rseq} ${cseq} ${method}`;

export function parseRSeq(text: string): number | undefined {
  const rseq = digits(text, 0, text.length, NUMBER_MAX);
  return rseq < 1 ? undefined : rseq;
}

/** The option tags of Supported, Require, Proxy-Require, Unsupported, in lower case. */
export const optionTags = (headers: Headers, name: HeaderKey): ReadonlySet<string> =>
  new Set(headers.list(name).map((tag) => tag.toLowerCase()));

export const hasOptionTag = (headers: Headers, name: HeaderKey, tag: string): boolean =>
  headers.has(name) && optionTags(headers, name).has(tag);

/** The values of Privacy (RFC 3323 §4.2), in lower case. */
export function privacyOf(headers: Headers): ReadonlySet<string> {
  const values = headers.all("privacy").flatMap((line) => line.split(/[;,]/));
  return new Set(values.map((value) => value.trim().toLowerCase()).filter(Boolean));
}

/** Why a request or response was sent (RFC 3326). */
export interface Reason {
  /** "SIP", "Q.850"… */
  readonly protocol: string;
  readonly cause?: number | undefined;
  readonly text?: string | undefined;
}

export function parseReason(value: string): Reason | undefined {
  const end = tokenEnd(value, 0, value.length);
  const params = parseParams(value, end);
  if (end === 0 || params === undefined) return undefined;
  const causeText = params.get("cause") ?? "";
  const cause = digits(causeText, 0, causeText.length, NUMBER_MAX);
  const text = params.get("text");
  return {
    protocol: value.slice(0, end),
    cause: cause < 0 ? undefined : cause,
    text: text === undefined ? undefined : unquote(text),
  };
}

export function printReason({ protocol, cause, text }: Reason): string {
  const causePart = cause === undefined ? "" : `;cause=${cause}`;
  return `${protocol}${causePart}${text === undefined ? "" : `;text=${quote(text)}`}`;
}

/** The dialog that a call takes the place of (RFC 3891 §6.1); also Target-Dialog and Join. */
export interface Replaces {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
  readonly isEarlyOnly: boolean;
}

export function parseReplaces(text: string): Replaces | undefined {
  const semicolon = text.indexOf(";");
  const params = semicolon < 0 ? undefined : parseParams(text, semicolon);
  const callId = text.slice(0, semicolon).trim();
  const toTag = params?.get("to-tag");
  const fromTag = params?.get("from-tag");
  if (!params || !toTag || !fromTag || callId === "" || /[\s,]/.test(callId)) return undefined;
  return { callId, toTag, fromTag, isEarlyOnly: params.has("early-only") };
}

export const printReplaces = ({ callId, toTag, fromTag, isEarlyOnly }: Replaces): string =>
  `${callId};to-tag=${toTag};from-tag=${fromTag}${isEarlyOnly ? ";early-only" : ""}`;
