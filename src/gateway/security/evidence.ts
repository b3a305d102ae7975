/** Why a source is suspected: one vocabulary for settings, lists, facts, logs and pages. */
export type Rule =
  | "flood"
  | "malformed"
  | "scanner"
  | "forged"
  | "probing"
  | "unknown-numbers"
  | "smuggled-media"
  | "wrong-password"
  | "unknown-account";

/** Which list a source comes on to. */
export type DenyList = "dos" | "brute-force";

/** The list that each rule counts towards. */
export const LISTS: Readonly<Record<Rule, DenyList>> = {
  flood: "dos",
  malformed: "dos",
  scanner: "dos",
  forged: "dos",
  probing: "dos",
  "unknown-numbers": "dos",
  "smuggled-media": "dos",
  "wrong-password": "brute-force",
  "unknown-account": "brute-force",
};

/** The same in words, for logs and pages. */
export const RULE_WORDS: Readonly<Record<Rule, { readonly en: string; readonly fr: string }>> = {
  flood: { en: "flood of requests", fr: "inondation de requêtes" },
  malformed: { en: "malformed messages", fr: "messages malformés" },
  scanner: { en: "scanner by its signature", fr: "scanner reconnu à sa signature" },
  forged: { en: "forged headers", fr: "en-têtes falsifiés" },
  probing: { en: "probing of extensions", fr: "sondage de numéros internes" },
  "unknown-numbers": { en: "calls to unknown numbers", fr: "appels vers des numéros inconnus" },
  "smuggled-media": { en: "media aimed at others", fr: "médias dirigés vers des tiers" },
  "wrong-password": { en: "wrong passwords", fr: "mots de passe erronés" },
  "unknown-account": { en: "unknown accounts", fr: "comptes inconnus" },
};

/** One thing that a source did. */
export interface Evidence {
  readonly rule: Rule;
  /**
   * How much it says by itself, in hundredths of what denies a source over a completed handshake:
   * 100 denies at once. What came by UDP, which anybody can forge, counts half. Of the list
   * `brute-force`, where settings say how many attempts deny, one attempt is 100 divided by those.
   */
  readonly weight: number;
  /** First lines of what was seen, by `excerptOf`. */
  readonly excerpt: string;
  /** It shows that what we sent there was read: then nobody forged the address, by UDP neither. */
  readonly isReached?: boolean;
}

const EXCERPT_MAX = 200;

/** The beginning of a text in printable ASCII: whoever reads it can't be fooled by what is in it. */
export function excerptOf(text: string): string {
  let excerpt = "";
  for (let i = 0; i < text.length && excerpt.length < EXCERPT_MAX; i++) {
    const code = text.charCodeAt(i);
    const isPlain = code >= 0x20 && code < 0x7f && code !== 0x5c;
    excerpt += isPlain ? text[i] : escaped(code);
  }
  return excerpt.slice(0, EXCERPT_MAX);
}

function escaped(code: number): string {
  if (code === 0x0d) return "\\r";
  if (code === 0x0a) return "\\n";
  if (code === 0x5c) return "\\\\";
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}
