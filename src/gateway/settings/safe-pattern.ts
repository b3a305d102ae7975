/** A pattern is matched from the start of a number; longer numbers never match. */
export const PATTERN_SUBJECT_MAX = 128;
const PATTERN_LENGTH_MAX = 200;
const REPEAT_MAX = 64;
/** The most ways a matcher may have to try: two open repeats fit (129²), three don't. */
const WAYS_MAX = 20_000;
const DEPTH_MAX = 8;

export interface SafePattern {
  readonly kind: "pattern";
  /** The groups of a match at the start of the number, or undefined. */
  match(number: string): readonly (string | undefined)[] | undefined;
  /** The number with its matched part replaced ($1…$9 stand for groups), or undefined. */
  replace(number: string, replacement: string): string | undefined;
}

export interface PatternFault {
  readonly kind: "pattern-fault";
  readonly what: { readonly en: string; readonly fr: string };
}

/**
 * Compiles a regular expression that cannot be catastrophic (attack case A12). The subset: literals,
 * `.`, classes, `\d \w \s` and escaped signs, groups, alternatives, `? * + {n,m}`, `^` and `$`. The
 * number of ways in which a matcher may fail is computed from the choices, and bounded.
 */
export function safePattern(text: string): SafePattern | PatternFault {
  if (text.length > PATTERN_LENGTH_MAX) {
    return fault(
      `longer than ${PATTERN_LENGTH_MAX} characters`,
      `plus de ${PATTERN_LENGTH_MAX} caractères`,
    );
  }
  const reader: Reader = { text, at: 0, depth: 0 };
  try {
    const ways = readAlternatives(reader);
    if (reader.at < text.length) return fault("unmatched )", ") sans (");
    if (ways > WAYS_MAX) return fault("too many ways to match", "trop de façons de correspondre");
    return compiled(new RegExp(`^(?:${text})`));
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.fault;
    return fault("not a regular expression", "pas une expression régulière");
  }
}

function compiled(regexp: RegExp): SafePattern {
  const match = (number: string): RegExpExecArray | undefined =>
    number.length > PATTERN_SUBJECT_MAX ? undefined : (regexp.exec(number) ?? undefined);
  return {
    kind: "pattern",
    match,
    replace(number, replacement) {
      const groups = match(number);
      if (!groups) return undefined;
      const put = replacement.replace(
        /\$([1-9])/g,
        (_, digit: string) => groups[Number(digit)] ?? "",
      );
      return put + number.slice(groups[0].length);
    },
  };
}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
}

/** Thrown inside this file only, and caught in `safePattern`. */
class Refused extends Error {
  readonly fault: PatternFault;
  constructor(pattern: PatternFault) {
    super(pattern.what.en);
    this.fault = pattern;
  }
}

function fault(en: string, fr: string): PatternFault {
  return { kind: "pattern-fault", what: { en, fr } };
}

function refuse(en: string, fr: string): never {
  throw new Refused(fault(en, fr));
}

/** Each of these functions returns in how many ways the part that it read can match. */
function readAlternatives(reader: Reader): number {
  let ways = readSequence(reader);
  while (reader.text[reader.at] === "|") {
    reader.at++;
    ways += readSequence(reader);
  }
  return ways;
}

function readSequence(reader: Reader): number {
  let ways = 1;
  while (reader.at < reader.text.length) {
    const sign = reader.text[reader.at]!;
    if (sign === "|" || sign === ")") break;
    const anchor = sign === "^" || sign === "$";
    const once = readAtom(reader, sign);
    const repeat = readRepeat(reader);
    if (repeat && anchor) refuse("an anchor is repeated", "une ancre est répétée");
    ways *= repeat ? waysOf(once, repeat) : once;
  }
  return ways;
}

/** A repeat has as many ways as counts, and each round those of what is repeated. */
function waysOf(once: number, { min, max }: Repeat): number {
  return (max - min + 1) * once ** max;
}

function readAtom(reader: Reader, sign: string): number {
  reader.at++;
  if (sign === "(") return readGroup(reader);
  if (sign === "[") return readClass(reader);
  if (sign === "\\") return readEscape(reader);
  if ("*+?{".includes(sign)) refuse("nothing to repeat", "rien à répéter");
  if ("]}".includes(sign)) refuse(`${sign} without its opening`, `${sign} sans son ouverture`);
  return 1;
}

function readGroup(reader: Reader): number {
  if (reader.text[reader.at] === "?") {
    if (reader.text[reader.at + 1] !== ":") {
      refuse(
        "lookaround and named groups are not allowed",
        "assertions et groupes nommés non admis",
      );
    }
    reader.at += 2;
  }
  if (++reader.depth > DEPTH_MAX) refuse("groups too deep", "groupes trop imbriqués");
  const ways = readAlternatives(reader);
  if (reader.text[reader.at] !== ")") refuse("( without )", "( sans )");
  reader.at++;
  reader.depth--;
  return ways;
}

function readClass(reader: Reader): number {
  const first = reader.at;
  while (reader.text[reader.at] !== "]") {
    if (reader.at >= reader.text.length) refuse("[ without ]", "[ sans ]");
    reader.at++;
    if (reader.text[reader.at - 1] === "\\") readEscape(reader);
  }
  if (reader.at === first) refuse("empty []", "[] vide");
  reader.at++;
  return 1;
}

function readEscape(reader: Reader): number {
  const sign = reader.text[reader.at++] ?? "";
  if (/[1-9k]/.test(sign))
    refuse("back-references are not allowed", "références arrière non admises");
  if (!/[dDwWsS]|[^a-zA-Z0-9]/.test(sign))
    refuse(`unknown escape \\${sign}`, `échappement \\${sign} inconnu`);
  return 1;
}

interface Repeat {
  readonly min: number;
  readonly max: number;
}

function readRepeat(reader: Reader): Repeat | undefined {
  const repeat = readCount(reader);
  if (!repeat) return undefined;
  if (reader.text[reader.at] === "?") reader.at++;
  const next = reader.text[reader.at];
  if (next !== undefined && "*+?{".includes(next))
    refuse("a repeat is repeated", "une répétition est répétée");
  return repeat;
}

function readCount(reader: Reader): Repeat | undefined {
  const sign = reader.text[reader.at];
  if (sign === "?" || sign === "*" || sign === "+") {
    reader.at++;
    return { min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : PATTERN_SUBJECT_MAX };
  }
  if (sign !== "{") return undefined;
  const found = /^\{(\d{1,3})(,?)(\d{0,3})\}/.exec(reader.text.slice(reader.at));
  if (!found) return refuse("bad {n,m}", "{n,m} incorrect");
  const [all, least, comma, most] = found as unknown as [string, string, string, string];
  const min = Number(least);
  const max = comma === "" ? min : Number(most);
  if (comma !== "" && most === "")
    refuse("{n,} without an end: use {n,m}", "{n,} sans fin : écrire {n,m}");
  if (max > REPEAT_MAX)
    refuse(`repeated more than ${REPEAT_MAX} times`, `répété plus de ${REPEAT_MAX} fois`);
  if (min > max) refuse("bad {n,m}", "{n,m} incorrect");
  reader.at += all.length;
  return { min, max };
}
