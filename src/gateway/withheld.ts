import type { Withheld } from "#calls";
import type { Trunk } from "#settings";

/** The three that say who calls (RFC 3325 §9.1, §9.2, and Cisco's older one). */
const IDENTITIES = ["p-asserted-identity", "p-preferred-identity", "remote-party-id"] as const;

/** Compiled once for each trunk of each version of the settings. */
const compiled = new WeakMap<Trunk, Withheld>();

/** Which headers a trunk's operator is not told. */
export function withheldOf(trunk: Trunk): Withheld {
  const known = compiled.get(trunk);
  if (known) return known;
  const withheld = compile(trunk.identityHeaders);
  compiled.set(trunk, withheld);
  return withheld;
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
  return { always, onPrivacy };
}
