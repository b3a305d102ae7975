import type { Withheld } from "#calls";
import { NumberRules, numberIn } from "#routing";
import type { NumberRule, Trunk } from "#settings";
import { escapeUser } from "#sip-message";

/** The three that say who calls (RFC 3325 §9.1, §9.2, and Cisco's older one). */
const IDENTITIES = ["p-asserted-identity", "p-preferred-identity", "remote-party-id"] as const;

/** Compiled once for each trunk of each version of the settings. */
const compiled = new WeakMap<Trunk, Withheld>();
const compiledForPbx = new WeakMap<Trunk, Withheld>();

const NONE: ReadonlySet<string> = new Set();

/** Which headers a trunk's operator is not told. */
export function withheldOf(trunk: Trunk): Withheld {
  const known = compiled.get(trunk);
  if (known) return known;
  const withheld = {
    ...compile(trunk.identityHeaders),
    ...renumbering(trunk.numberRules.out),
  };
  compiled.set(trunk, withheld);
  return withheld;
}

/** What the PBX is told otherwise of a trunk's calls: the numbers, as the trunk's rules make them. */
export function toldOfPbx(trunk: Trunk): Withheld | undefined {
  const known = compiledForPbx.get(trunk);
  if (known) return known;
  const numbers = renumbering(trunk.numberRules.in);
  if (!numbers.renumber) return undefined;
  const told = { always: NONE, onPrivacy: NONE, hidesHistory: false, ...numbers };
  compiledForPbx.set(trunk, told);
  return told;
}

/** The rules of calling numbers are those of all who stand for one: who answers, who forwarded. */
function renumbering(rules: readonly NumberRule[]): Pick<Withheld, "renumber"> {
  if (!rules.some(({ number }) => number !== "called")) return {};
  const compiledRules = new NumberRules(rules);
  return {
    renumber: (user) => {
      const number = numberIn(user);
      const told = compiledRules.apply("calling", number);
      return told === number ? user : escapeUser(told);
    },
  };
}

function compile(headers: Trunk["identityHeaders"]): Withheld {
  const { assertedIdentity, diversion, historyInfo, privacy, reason } = headers;
  const always = new Set<string>([
    ...(assertedIdentity === "remove" ? IDENTITIES : []),
    ...(diversion === "remove" ? ["diversion"] : []),
    ...(historyInfo === "remove" ? ["history-info"] : []),
    ...(privacy === "remove" ? ["privacy"] : []),
    ...(reason === "remove" ? ["reason"] : []),
  ]);
  const onPrivacy = assertedIdentity === "pass" ? new Set([...always, ...IDENTITIES]) : always;
  return { always, onPrivacy, hidesHistory: assertedIdentity !== "trusted" };
}
