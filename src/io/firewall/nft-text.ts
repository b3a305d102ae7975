import { isIpv6, parseCidr } from "#base";
import type { Denied } from "#security";
import type { Listener } from "#settings";

/** A line of a deny list, as far as the kernel's copy knows it. */
export type Mirrored = Pick<Denied, "side" | "address" | "port" | "untilMs">;

/** Elements of one set; more than both lists can have. */
const SET_MAX = 262_144;

/** IPv6 sources are denied one by one, or by their /64. */
const BLOCK_BITS = 64;
const BLOCK_MASK = "ffff:ffff:ffff:ffff::";

const KINDS = {
  "4": "ipv4_addr",
  "6": "ipv6_addr",
  "4port": "ipv4_addr . inet_service",
  "6port": "ipv6_addr . inet_service",
  block: "ipv6_addr",
} as const;

type Kind = keyof typeof KINDS;

/** Its element: the set, and what stands there; undefined for what has no set: a block of another size. */
function elementOf({
  side,
  address,
  port,
}: Mirrored): readonly [set: string, text: string] | undefined {
  const block = parseCidr(address);
  if (!block) return undefined;
  const bits = block.bytes.length * 8;
  const [host = ""] = address.split("/");
  const family = bits === 32 ? "4" : "6";
  if (port !== undefined) return [setOf(side, `${family}port`), `${host} . ${port}`];
  if (block.prefix === bits) return [setOf(side, family), host];
  if (bits === 128 && block.prefix === BLOCK_BITS) return [setOf(side, "block"), host];
  return undefined;
}

const setOf = (side: Mirrored["side"], kind: Kind): string => `${side}${kind}`;

/** What takes one out, whether or not it is there, or has left by itself. */
export function removal(table: string, source: Mirrored): string {
  const element = elementOf(source);
  if (!element) return "";
  const [set, text] = element;
  return ["add", "delete"]
    .map((verb) => `${verb} element inet ${table} ${set} { ${text} }\n`)
    .join("");
}

/** What puts one in, in the place of what there is of it; nothing where its time is up. */
export function addition(table: string, source: Mirrored, nowMs: number): string {
  const element = elementOf(source);
  if (!element) return "";
  const { untilMs } = source;
  const leftS = untilMs === undefined ? undefined : Math.ceil((untilMs - nowMs) / 1000);
  if (leftS !== undefined && leftS < 1) return removal(table, source);
  const [set, text] = element;
  // The time of an element that is there can't be changed.
  const until = leftS === undefined ? "" : ` timeout ${leftS}s`;
  return `${removal(table, source)}add element inet ${table} ${set} { ${text}${until} }\n`;
}

/** The table without elements, in one transaction, in the place of what a former process has left. */
export function emptyTable(table: string, listeners: readonly Listener[]): string {
  const sides = [...new Set(listeners.map(({ side }) => side))];
  const sets = sides.flatMap((side) =>
    (Object.keys(KINDS) as Kind[]).map(
      (kind) =>
        `  set ${setOf(side, kind)} { type ${KINDS[kind]}; flags timeout; size ${SET_MAX}; }\n`,
    ),
  );
  const rules = listeners.flatMap(rulesOf).map((rule) => `    ${rule}\n`);
  const hook = "type filter hook prerouting priority raw; policy accept;";
  const chain = `  chain denied {\n    ${hook}\n${rules.join("")}  }\n`;
  return `${dropTable(table)}table inet ${table} {\n${sets.join("")}${chain}}\n`;
}

/** What takes the table away, whether or not it is there. */
export const dropTable = (table: string): string =>
  `add table inet ${table}\ndelete table inet ${table}\n`;

function rulesOf({ side, address, transport, port }: Listener): string[] {
  const [ip, family] = isIpv6(address) ? (["ip6", "6"] as const) : (["ip", "4"] as const);
  const layer = transport === "udp" ? "udp" : "tcp";
  const to = `${ip} daddr ${address} ${layer} dport ${port}`;
  const blocks = `${ip} saddr & ${BLOCK_MASK} @${setOf(side, "block")}`;
  return [
    `${to} ${ip} saddr @${setOf(side, family)} counter drop`,
    `${to} ${ip} saddr . ${layer} sport @${setOf(side, `${family}port`)} counter drop`,
    ...(family === "6" ? [`${to} ${blocks} counter drop`] : []),
  ];
}
