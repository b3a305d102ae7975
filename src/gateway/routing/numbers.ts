import { type SipUri, unescapeUri } from "#sip-message";

/** Digits, with the signs that a keypad or E.164 has; what is left once separators are gone. */
const NUMBER = /^\+?[0-9A-Da-d*#]+$/;
const HAS_DIGIT = /[0-9*#]/;
/** RFC 3966 §5.1.1 visual-separator. */
const SEPARATORS = /[-.()]/g;

/** Whether a user is a telephone number (its separators gone), and no name. */
export const isNumber = (user: string): boolean => NUMBER.test(user) && HAS_DIGIT.test(user);

/**
 * Who a URI names: its telephone number without visual separators, or its user part as it is. What
 * a number carries besides (`;phone-context=`, RFC 3966 §5.1.5: never a prefix to dial) is left out.
 */
export const userOf = (uri: SipUri): string => numberIn(uri.user ?? "");

/** The same of a user part as it stands in a URI. */
export function numberIn(user: string): string {
  const semicolon = user.indexOf(";");
  const bare = unescapeUri(semicolon < 0 ? user : user.slice(0, semicolon));
  if (NUMBER.test(bare)) return bare;
  const plain = bare.replace(SEPARATORS, "");
  return isNumber(plain) ? plain : bare;
}
