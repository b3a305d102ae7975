/** Country codes of two digits (ITU-T E.164, list of assigned codes); 1 and 7 have one digit. */
const TWO_DIGITS = new Set(
  (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 " +
    "60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
  ).split(" "),
);

/**
 * Areas of the numbering zone 1 that are countries and territories with tariffs of their own, where
 * calls are dialled as within North America.
 */
const AREAS_OF_1 = new Set(
  (
    "242 246 264 268 284 340 345 441 473 649 658 664 670 671 684 721 758 767 784 787 " +
    "809 829 849 868 869 876 939"
  ).split(" "),
);

/** Kazakhstan's areas of the numbering zone 7. */
const KAZAKH = /^7[67]/;

/** The country of a number in E.164, by its code; undefined for what is too short to have one. */
export function countryOf(number: string): string | undefined {
  const digits = number.slice(1);
  if (digits.startsWith("1")) {
    return AREAS_OF_1.has(digits.slice(1, 4)) ? digits.slice(0, 4) : "1";
  }
  if (digits.startsWith("7")) return KAZAKH.test(digits) ? digits.slice(0, 2) : "7";
  if (TWO_DIGITS.has(digits.slice(0, 2))) return digits.slice(0, 2);
  return digits.length < 3 ? undefined : digits.slice(0, 3);
}
