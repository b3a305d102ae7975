import { type ParseFailure, parseUri, type Request } from "#sip-message";
import { type Evidence, excerptOf, type Rule } from "./evidence.ts";

/** What scanners call themselves: who is one of these isn't a telephone. */
const SCANNERS: readonly string[] = [
  "friendly-scanner",
  "friendly-request",
  "sipvicious",
  "sundayddr",
  "siparmyknife",
  "sip-scan",
  "sipscan",
  "sipcli",
  "sipsak",
  "sivus",
  "smap",
  "iwar",
  "pplsip",
  "vaxsipuseragent",
  "vaxipuseragent",
];

/** As words of their own, a version behind them at most: somebody is called Kaliwara, and a telephone Siemens-Sismap. */
const SCANNER = new RegExp(`(?<![a-z0-9])(?:${SCANNERS.join("|")})(?![a-z])`, "i");
const NAME_LENGTH_MAX = 200;

/** In hundredths. One broken message may be an accident; five by TCP, or ten by UDP, are none. */
const WEIGHTS = {
  malformed: 20,
  scanner: 100,
  forged: 50,
} as const satisfies Partial<Record<Rule, number>>;

/**
 * What a message of somebody whom we don't serve says against its sender, or nothing. `isOurs` knows
 * the gateway's own addresses: whoever names one as its own, forges.
 */
export function strangerEvidence(
  message: Request | ParseFailure,
  text: string,
  isOurs: (address: string) => boolean,
): Evidence | undefined {
  const rule = ruleBroken(message, isOurs);
  return rule && { rule, weight: WEIGHTS[rule], excerpt: excerptOf(text) };
}

function ruleBroken(
  message: Request | ParseFailure,
  isOurs: (address: string) => boolean,
): keyof typeof WEIGHTS | undefined {
  if (message.kind === "parse-failure") return "malformed";
  if (isScanner(message)) return "scanner";
  const hosts = [message.via.host, parseUri(message.contact?.uri ?? "")?.host];
  return hosts.some((host) => host !== undefined && isOurs(host)) ? "forged" : undefined;
}

/** SIPVicious is known by its name in From where its User-Agent was changed. */
function isScanner({ headers, from }: Request): boolean {
  const names = [headers.get("user-agent") ?? "", from.display ?? ""];
  return names.some((name) => SCANNER.test(name.slice(0, NAME_LENGTH_MAX)));
}
