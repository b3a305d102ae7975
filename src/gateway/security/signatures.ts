import { parseUri, type Request } from "#sip-message";

/** Names that nobody has but a tool that looks for prey. */
const UNMISTAKABLE = ["friendly-scanner", "sipvicious", "sundayddr", "siparmyknife"] as const;

/** Other such tools: no honest call is made by one. */
const ATTACK_TOOLS = [
  ...UNMISTAKABLE,
  "friendly-request",
  "svmap",
  "svwar",
  "svcrack",
  "sip-scan",
  "sipscan",
  "sippts",
  "sipptk",
  "pplsip",
  "voiphopper",
] as const;

/** Such tools whose names may be somebody's: known where a program says its own alone. */
const SHORT_NAMES = ["sivus", "smap", "iwar"] as const;

/** Made for tests, or to build telephones with, and loved by scanners: an honest call may be theirs. */
const TWO_FACED = ["sipcli", "sipsak", "vaxsipuseragent", "vaxipuseragent"] as const;

/** As words of their own, a version behind them at most: somebody is called Kaliwara. */
const wordsOf = (names: readonly string[]): RegExp =>
  new RegExp(`(?<![a-z0-9])(?:${names.join("|")})(?![a-z])`, "i");

/** What is looked through, however long it is. */
const LOOKED_AT = 200;

/** Where names are looked for: by programs, and by what they write of themselves elsewhere. */
interface Names {
  readonly inAgent: RegExp;
  readonly elsewhere: RegExp;
}

const ANY: Names = {
  inAgent: wordsOf([...ATTACK_TOOLS, ...SHORT_NAMES, ...TWO_FACED]),
  elsewhere: wordsOf([...ATTACK_TOOLS, ...TWO_FACED]),
};

const CERTAIN: Names = {
  inAgent: wordsOf([...ATTACK_TOOLS, ...SHORT_NAMES]),
  elsewhere: wordsOf(UNMISTAKABLE),
};

/** A header that tells a scanner, and what stands in it. */
export interface Signature {
  readonly where: string;
  readonly what: string;
}

/**
 * The signature of a scanner, by what it calls itself. `"any"` knows also what others use for honest
 * purposes: that is said of strangers. `"certain"` is what is held against who is served.
 */
export function signatureOf(request: Request, names: "any" | "certain"): Signature | undefined {
  const { inAgent, elsewhere } = names === "any" ? ANY : CERTAIN;
  const agent = request.headers.get("user-agent");
  if (agent !== undefined && inAgent.test(agent.slice(0, LOOKED_AT)))
    return { where: "User-Agent", what: agent };
  const { from } = request;
  for (const [where, what] of [
    ["From", from.display],
    ["From", from.uri],
    ["Call-ID", request.callId],
    ["Via", request.via.branch],
  ] as const)
    if (what !== undefined && elsewhere.test(what.slice(0, LOOKED_AT))) return { where, what };
  return isProbe(from.uri) ? { where: "From", what: from.uri } : undefined;
}

/** Users and hosts that nmap and SMAP give themselves: nobody has them as an address. */
const PROBES: ReadonlySet<string> = new Set(["nm@nm", "smap@localhost"]);

/** Before it is read any further: these are short. */
const PROBE_LENGTH_MAX = 24;

function isProbe(text: string): boolean {
  if (text.length > PROBE_LENGTH_MAX) return false;
  const uri = parseUri(text);
  return uri !== undefined && PROBES.has(`${uri.user}@${uri.host.toLowerCase()}`);
}
