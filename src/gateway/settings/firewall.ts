import { canonicalAddress, isAddress, isIpv6 } from "#base";
import { hasPlain, hasTls, type Protocols, type Settings } from "./settings.ts";

/** One line of the firewall matrix: what must be let through. */
export interface FirewallRow {
  readonly from: Place;
  readonly to: Place;
  readonly protocol: "tcp" | "udp";
  readonly ports: PortRange;
  readonly purpose: string;
}

/** A zone or a machine; without addresses any, or a name that no packet filter can hold. */
export interface Place {
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface PortRange {
  readonly min: number;
  readonly max: number;
}

const WEB_SERVICES = 4445;
const ANY_PORT: PortRange = { min: 1024, max: 65535 };

/** The ports to open in the firewalls around the gateway (§4.1.3.2), as the settings have them. */
export function firewallMatrix(settings: Settings): FirewallRow[] {
  const rows = [...publicRows(settings), ...privateRows(settings), ...dnsRows(settings)];
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = JSON.stringify(row);
    return !seen.has(key) && seen.add(key);
  });
}

const one = (port: number): PortRange => ({ min: port, max: port });

const place = (name: string, hosts: readonly string[] = []): Place => ({
  name,
  addresses: hosts.map((host) => canonicalAddress(host)).filter((address) => address !== undefined),
});

const NAMES = {
  standard: "gateway",
  "chained-wan": "WAN element",
  "chained-lan": "LAN element",
} as const;

const gatewayOn = (settings: Settings, side: "public" | "private"): Place =>
  place(NAMES[settings.mode], [
    (side === "public" ? settings.publicLocal : settings.privateLocal).address,
  ]);

const voiceOf = ({ rtp }: Settings): PortRange => ({ min: rtp.portMin, max: rtp.portMax });

/** Between the internet, or the WAN element, and our public side. */
function publicRows(settings: Settings): FirewallRow[] {
  const gateway = gatewayOn(settings, "public");
  if (settings.mode === "chained-lan") return chainRows(settings, gateway);
  const internet = place("internet");
  const rows = [
    ...web(settings, internet, gateway),
    ...signalling(internet, gateway, settings.publicProtocols, settings.publicLocal),
    voice(internet, gateway, voiceOf(settings)),
    ...settings.trunks.flatMap((trunk) => trunkRows(settings, trunk, gateway)),
  ];
  return settings.trunks.length === 0 ? rows : [...rows, voice(gateway, internet, ANY_PORT)];
}

/** To each peer of an operator; a port that DNS tells is not known here. */
function trunkRows(
  settings: Settings,
  trunk: Settings["trunks"][number],
  gateway: Place,
): FirewallRow[] {
  return trunk.peers.flatMap((peer) => {
    const target = place(`trunk ${trunk.name} (${peer.host})`, [peer.host]);
    const fallback: Protocols = peer.transport === "tls" ? "tls" : "udp/tcp";
    const protocols = peer.transport === undefined ? settings.publicProtocols : fallback;
    const port = peer.port ?? (protocols === "tls" ? 5061 : 5060);
    return signalling(gateway, target, protocols, { tlsPort: peer.port ?? 5061, plainPort: port });
  });
}

/** A LAN element talks to the WAN element alone on its public side. */
function chainRows(settings: Settings, gateway: Place): FirewallRow[] {
  const { host, tlsPort } = settings.wanElement!;
  const wan = place("WAN element", [host]);
  return [
    ...web(settings, wan, gateway),
    ...signalling(wan, gateway, "tls", settings.publicLocal),
    voice(wan, gateway, voiceOf(settings)),
    ...signalling(gateway, wan, "tls", { tlsPort, plainPort: tlsPort }),
    voice(gateway, wan, voiceOf(settings)),
  ];
}

/** Between our private side and the PBX, or the LAN element; none on one and the same machine. */
function privateRows(settings: Settings): FirewallRow[] {
  const { mode, pbx, pbxReached, privateLocal, publicLocal } = settings;
  if (pbxReached.host === privateLocal.address || pbxReached.host === publicLocal.address)
    return [];
  const gateway = gatewayOn(settings, "private");
  const inner = place(mode === "chained-wan" ? "LAN element" : "PBX", [pbxReached.host]);
  // Telephones of the LAN send their voice to the gateway themselves (§2.3.3, note).
  const talkers = mode === "chained-wan" ? inner : place("LAN");
  const port = pbxReached.port ?? (pbx.transport === "tls" ? 5061 : 5060);
  return [
    ...signalling(inner, gateway, settings.privateProtocols, privateLocal),
    voice(talkers, gateway, voiceOf(settings)),
    ...web(settings, gateway, inner),
    ...signalling(gateway, inner, pbx.transport === "tls" ? "tls" : "udp/tcp", {
      tlsPort: port,
      plainPort: port,
    }),
    voice(gateway, talkers, { min: pbx.rtpPortMin, max: pbx.rtpPortMax }),
  ];
}

/** Names are asked of the servers of the settings, or of the machine's own. */
function dnsRows(settings: Settings): FirewallRow[] {
  const { pbxReached, trunks, wanElement, dns } = settings;
  const hosts = [
    pbxReached.host,
    wanElement?.host,
    ...trunks.flatMap(({ peers }) => peers.map(({ host }) => host)),
  ];
  if (hosts.every((host) => host === undefined || isAddress(host))) return [];
  const gateway = place(NAMES[settings.mode], [
    ...new Set([settings.publicLocal.address, settings.privateLocal.address]),
  ]);
  const servers = dns.servers.length > 0 ? dns.servers : [{ address: undefined, port: 53 }];
  return servers.flatMap(({ address, port }) =>
    (["udp", "tcp"] as const).map((protocol) => ({
      from: gateway,
      to: place("DNS server", address === undefined ? [] : [address]),
      protocol,
      ports: one(port),
      purpose: "names (DNS)",
    })),
  );
}

function signalling(
  from: Place,
  to: Place,
  protocols: Protocols,
  ports: { readonly tlsPort: number; readonly plainPort: number },
): FirewallRow[] {
  const rows: FirewallRow[] = [];
  if (hasTls(protocols))
    rows.push({ from, to, protocol: "tcp", ports: one(ports.tlsPort), purpose: "SIP/TLS" });
  if (!hasPlain(protocols)) return rows;
  for (const protocol of ["udp", "tcp"] as const) {
    rows.push({
      from,
      to,
      protocol,
      ports: one(ports.plainPort),
      purpose: `SIP/${protocol.toUpperCase()}`,
    });
  }
  return rows;
}

const voice = (from: Place, to: Place, ports: PortRange): FirewallRow => ({
  from,
  to,
  protocol: "udp",
  ports,
  purpose: "voice and video (RTP)",
});

/** Web services pass for OTT devices alone. */
const web = (settings: Settings, from: Place, to: Place): FirewallRow[] =>
  settings.ottSupport
    ? [{ from, to, protocol: "tcp", ports: one(WEB_SERVICES), purpose: "web services" }]
    : [];

export const portsText = ({ min, max }: PortRange): string =>
  min === max ? `${min}` : `${min}-${max}`;

/** The addresses of a place by family, as a packet filter wants them. */
export function byFamily({ addresses }: Place): {
  readonly ip: readonly string[];
  readonly ip6: readonly string[];
} {
  return { ip: addresses.filter((address) => !isIpv6(address)), ip6: addresses.filter(isIpv6) };
}
