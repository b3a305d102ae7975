import { byFamily, type FirewallRow, type Place, portsText } from "./firewall.ts";

export const FIREWALL_FORMATS = ["table", "json", "nft"] as const;
export type FirewallFormat = (typeof FIREWALL_FORMATS)[number];

/** The matrix as a table to read, JSON, or a ruleset for `nft -f`. */
export function printFirewall(rows: readonly FirewallRow[], format: FirewallFormat): string {
  if (format === "json") return `${JSON.stringify(rows, undefined, 2)}\n`;
  return format === "nft" ? printNft(rows) : printTable(rows);
}

const HEADINGS = ["FROM", "TO", "PROTOCOL", "PORTS", "PURPOSE"];

function printTable(rows: readonly FirewallRow[]): string {
  const cells = [
    HEADINGS,
    ...rows.map((row) => [
      placeText(row.from),
      placeText(row.to),
      row.protocol.toUpperCase(),
      portsText(row.ports),
      row.purpose,
    ]),
  ];
  const widths = HEADINGS.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  return cells
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

const placeText = ({ name, addresses }: Place): string =>
  addresses.length === 0 || name.includes(addresses[0]!) ? name : `${name} ${addresses.join(", ")}`;

/**
 * For the firewall between the zones: what is listed passes, replies pass, the rest is dropped.
 * Behind a destination NAT from IP1 to IP2 the forwarded packets bear IP2 already.
 */
function printNft(rows: readonly FirewallRow[]): string {
  const rules = rows.flatMap(nftRules).map((rule) => `    ${rule}\n`);
  return `# For the firewall between the zones, not for the gateway's own machine. Whatever else is
# forwarded is dropped: add what your other services need.
# Load it with: nft -f FILE
table inet passerelle
delete table inet passerelle
table inet passerelle {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct state invalid drop
    meta l4proto ipv6-icmp accept
${rules.join("")}  }
}
`;
}

/** One rule a family; places without addresses match any. */
function nftRules({ from, to, protocol, ports, purpose }: FirewallRow): string[] {
  const verdict = `${protocol} dport ${portsText(ports)} accept comment "${quoted(`${from.name} > ${to.name}: ${purpose}`)}"`;
  const [source, target] = [byFamily(from), byFamily(to)];
  if (from.addresses.length === 0 && to.addresses.length === 0) return [verdict];
  return (["ip", "ip6"] as const).flatMap((family) => {
    const matches: string[] = [];
    for (const [side, place, set] of [
      ["saddr", from, source[family]],
      ["daddr", to, target[family]],
    ] as const) {
      if (place.addresses.length === 0) continue;
      if (set.length === 0) return [];
      matches.push(`${family} ${side} ${set.length === 1 ? set[0]! : `{ ${set.join(", ")} }`}`);
    }
    return [`${matches.join(" ")} ${verdict}`];
  });
}

/** A comment of nft holds 128 bytes at most and no quote. */
const quoted = (comment: string): string => comment.replace(/[^ -~]|["\\]/g, "?").slice(0, 120);
