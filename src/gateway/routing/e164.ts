import type { E164Rule } from "#settings";

/** E.164 numbers have at most 15 digits; fewer than these are a short code or an extension. */
const E164_DIGITS_MAX = 15;
const SUBSCRIBER_DIGITS_MIN = 5;
/** Where no national prefix tells a national number from an extension, its length does. */
const NATIONAL_DIGITS_MIN = 7;

/**
 * Writes a number in the form that a rule asks for. Short codes, emergency numbers and extensions
 * belong to no numbering plan that the rule knows: they stay as they are.
 */
export function rewriteE164(number: string, rule: E164Rule): string {
  const digits = globalDigits(number, rule);
  if (digits === undefined) return number;
  const { form, countryCode, internationalPrefix, nationalPrefix } = rule;
  if (form === "e164") return `+${digits}`;
  const atHome = form === "national" && digits.startsWith(countryCode);
  return atHome ? nationalPrefix + digits.slice(countryCode.length) : internationalPrefix + digits;
}

/** Country code and subscriber number; undefined for what is neither national nor international. */
function globalDigits(number: string, rule: E164Rule): string | undefined {
  const { countryCode, internationalPrefix, nationalPrefix } = rule;
  if (number.startsWith("+")) return asDigits(number.slice(1));
  if (internationalPrefix !== "" && number.startsWith(internationalPrefix)) {
    return asDigits(number.slice(internationalPrefix.length));
  }
  if (nationalPrefix === "") {
    return number.length < NATIONAL_DIGITS_MIN ? undefined : asDigits(countryCode + number);
  }
  if (!number.startsWith(nationalPrefix)) return undefined;
  const subscriber = number.slice(nationalPrefix.length);
  return subscriber.length < SUBSCRIBER_DIGITS_MIN ? undefined : asDigits(countryCode + subscriber);
}

const asDigits = (text: string): string | undefined =>
  /^\d+$/.test(text) && text.length >= SUBSCRIBER_DIGITS_MIN && text.length <= E164_DIGITS_MAX
    ? text
    : undefined;
