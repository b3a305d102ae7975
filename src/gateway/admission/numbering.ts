import type { Destinations, Trunk } from "#settings";

/** How numbers are dialled at a place; without a country code only international ones are known. */
export interface NumberingPlan {
  readonly countryCode?: string | undefined;
  readonly internationalPrefix: string;
  readonly nationalPrefix: string;
}

/** Shorter ones are short codes and extensions. */
const SUBSCRIBER_DIGITS_MIN = 5;
/** Where no national prefix tells a national number from an extension, its length does. */
const NATIONAL_DIGITS_MIN = 7;

/** What a trunk's settings say of its numbers: the destinations' own word, else a number rule's. */
export function planOf({ destinations, numberRules }: Pick<Trunk, "destinations" | "numberRules">) {
  return planIn(destinations, () =>
    numberRules.out.find(({ number, e164 }) => number !== "calling" && e164),
  );
}

function planIn(
  { countryCode, internationalPrefix, nationalPrefix }: Destinations,
  otherwise: () => { readonly e164?: NumberingPlan } | undefined,
): NumberingPlan {
  const own = { countryCode, internationalPrefix, nationalPrefix };
  return countryCode === undefined ? (otherwise()?.e164 ?? own) : own;
}

/**
 * A number in E.164 with its +, or undefined for what is none. What a rule denies is to be known in
 * any dress: signs that an operator may skip are skipped, and so are zeros that no country begins with.
 */
export function globalNumber(number: string, plan: NumberingPlan): string | undefined {
  const { countryCode, internationalPrefix, nationalPrefix } = plan;
  const text = number.replace(/[^0-9+*#]/g, "");
  if (text.startsWith("+")) return global(text.slice(1));
  if (internationalPrefix !== "" && text.startsWith(internationalPrefix)) {
    return global(text.slice(internationalPrefix.length));
  }
  if (countryCode === undefined || !text.startsWith(nationalPrefix)) return undefined;
  const subscriber = text.slice(nationalPrefix.length);
  const digitsMin = nationalPrefix === "" ? NATIONAL_DIGITS_MIN : SUBSCRIBER_DIGITS_MIN;
  return subscriber.length < digitsMin ? undefined : global(countryCode + subscriber);
}

/** The same of a rule's prefix, however short it is; one without a global form stays as it is. */
export function globalPrefix(prefix: string, plan: NumberingPlan): string {
  const { countryCode, internationalPrefix, nationalPrefix } = plan;
  if (prefix.startsWith("+")) return prefix;
  if (internationalPrefix !== "" && prefix.startsWith(internationalPrefix)) {
    return `+${prefix.slice(internationalPrefix.length)}`;
  }
  if (countryCode === undefined || nationalPrefix === "") return prefix;
  if (!prefix.startsWith(nationalPrefix)) return prefix;
  return `+${countryCode}${prefix.slice(nationalPrefix.length)}`;
}

function global(text: string): string | undefined {
  const digits = /^0*([1-9]\d*)/.exec(text)?.[1];
  return digits === undefined ? undefined : `+${digits}`;
}
