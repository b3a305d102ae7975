import { isAddress } from "#base";
import type { Side } from "#sip";

/** Knows what a description must not tell to the other side (the topology mask). */
export interface SdpMask {
  /** Whether a line that is on its way to `to` names an address or a host of the side behind. */
  readonly leaks: (line: string, to: Side) => boolean;
}

/**
 * The mask of SDP lines. Any address gives a line away, whoever owns it; of host names, those of
 * the other side that the settings know, and whatever stands behind an @ (as in a CNAME).
 */
export function sdpMask(hosts: Readonly<Record<Side, readonly string[]>>): SdpMask {
  const hidden = { public: namePattern(hosts.private), private: namePattern(hosts.public) };
  return {
    leaks: (line, to) =>
      line.includes("@") ||
      line.includes("::") ||
      IPV4.test(line) ||
      IPV6_IN_FULL.test(line) ||
      hidden[to]?.test(line) === true,
  };
}

const IPV4 = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/;
const IPV6_IN_FULL = /(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}/i;

/** Labels before a name; a name with more of them is found in the midst of those. */
const BELOW = String.raw`(?:[\w-]{1,63}\.){0,8}`;

/**
 * Finds any of some names, as words of their own, and whatever is called after one: a host of a hidden
 * domain is as hidden. Undefined without names.
 */
export function namePattern(names: readonly string[], flags = "i"): RegExp | undefined {
  const used = names.filter((name) => name !== "");
  if (used.length === 0) return undefined;
  const [addresses, hosts] = [used.filter(isAddress), used.filter((name) => !isAddress(name))];
  const any = (list: readonly string[]): string =>
    `(?:${list.map((name) => name.replace(/\W/g, "\\$&")).join("|")})`;
  const found = [
    ...(addresses.length > 0 ? [`(?<![\\w.-])${any(addresses)}`] : []),
    ...(hosts.length > 0 ? [`(?<![\\w-])${BELOW}${any(hosts)}`] : []),
  ];
  return new RegExp(`(?:${found.join("|")})(?![\\w-])`, flags);
}
