import type { SavedToll } from "./toll.ts";

/** All that E.164 can have: no more is read. */
const COUNTRIES_MAX = 1200;
const COUNTRY = /^[1-9]\d{0,3}$/;

/** The countries that a record lists; undefined for what is no such list. */
export function readCountries(text: string): readonly string[] | undefined {
  const list = parsed(text);
  if (!Array.isArray(list) || list.length > COUNTRIES_MAX) return undefined;
  const isCountry = (one: unknown): one is string => typeof one === "string" && COUNTRY.test(one);
  return list.every(isCountry) ? list : undefined;
}

/** What a record says was talked; undefined for what is no such record. */
export function readToll(text: string): SavedToll | undefined {
  const toll = parsed(text);
  if (!isRecord(toll) || !isShare(toll.own) || !isRecord(toll.rules)) return undefined;
  return Object.values(toll.rules).every(isShare) ? (toll as unknown as SavedToll) : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isShare = (value: unknown): boolean =>
  isRecord(value) &&
  [value.hour, value.day].every((spent) => spent === undefined || isSpent(spent));

const isSpent = (value: unknown): boolean =>
  isRecord(value) &&
  Number.isFinite(value.atMs) &&
  Array.isArray(value.slots) &&
  value.slots.every(
    (slot) => Array.isArray(slot) && Number.isSafeInteger(slot[0]) && Number(slot[1]) >= 0,
  );

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
