import type { Side } from "#sip";
import type { Settings } from "./settings.ts";

/**
 * Whether who is reached by a name must bear it in its certificate (RFC 5922 §7). A host that
 * several trunks share is checked when one of them says so, and one that no trunk names, as the
 * target of a redirection, always.
 */
export function checksName(settings: Settings, side: Side, host: string): boolean {
  if (side === "private") return settings.pbx.verifyCertificate;
  const name = host.toLowerCase();
  const named = settings.trunks.filter(({ peers }) => peers.some((peer) => peer.host === name));
  return named.length === 0 || named.some(({ verifyCertificate }) => verifyCertificate);
}
