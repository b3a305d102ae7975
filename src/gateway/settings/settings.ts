import { isAddress, parseCidr, printCidr, type Secret } from "#base";
import type { Side, Transport } from "#sip";
import type { FileSettings } from "./schema.ts";

type DeepReadonly<T> = T extends string | number | boolean | undefined | Secret<string>
  ? T
  : T extends readonly (infer E)[]
    ? readonly DeepReadonly<E>[]
    : { readonly [K in keyof T]: DeepReadonly<T[K]> };

export type Protocols = "tls" | "tls+udp/tcp" | "udp/tcp";

type FileTrunk = FileSettings["trunks"][number];

/** One address of an operator. */
export interface TrunkPeer {
  readonly host: string;
  /** Absent: SRV records of the name say it (always set for an address). */
  readonly port?: number;
  /** Absent: NAPTR records of the name say it (RFC 3263 §4.1). */
  readonly transport?: Transport;
  readonly priority: number;
  readonly weight: number;
}

export type NumberRule = DeepReadonly<FileTrunk["numberRules"]["in"][number]>;
export type E164Rule = NonNullable<NumberRule["e164"]>;
/** Where calls may go, and how much they may talk. */
export type Destinations = DeepReadonly<FileTrunk["destinations"]>;
export type DestinationRule = Destinations["rules"][number];
export type TrunkRegister = DeepReadonly<NonNullable<FileTrunk["register"]>>;
export type TrunkCredentials = DeepReadonly<NonNullable<FileTrunk["credentials"]>>;

/** A SIP link to an operator or peer on the public side. */
export interface Trunk extends DeepReadonly<Omit<FileTrunk, "peers" | "sourceAddresses">> {
  readonly peers: readonly TrunkPeer[];
  /**
   * Blocks in canonical form; without a list of its own, the peers that are given by address. The
   * addresses that the peers' names resolve to are accepted beside these.
   */
  readonly sourceAddresses: readonly string[];
}

/** The PBX (IP5), or for a WAN element the LAN element in its place. */
export interface Pbx
  extends DeepReadonly<
    Omit<NonNullable<FileSettings["pbx"]>, "port" | "transport" | "sourceAddresses">
  > {
  /** Absent: SRV records of the name say it (always set for an address). */
  readonly port?: number;
  readonly transport: Transport;
  /** As of a trunk: canonical blocks; by default IP4 when that is an address. */
  readonly sourceAddresses: readonly string[];
}

export type RouteRule = DeepReadonly<FileSettings["routing"]["rules"][number]>;

type Derived =
  | "publicProtocols"
  | "privateProtocols"
  | "advertised"
  | "pbx"
  | "pbxReached"
  | "trunks"
  | "routing";

/** The settings as the gateway uses them: whole, valid, every default and derived value filled in. */
export interface Settings extends DeepReadonly<Omit<FileSettings, Derived>> {
  readonly publicProtocols: Protocols;
  readonly privateProtocols: Protocols;
  /** IP1; equals IP2 (`publicLocal`) without NAT on the public interface. */
  readonly advertised: {
    readonly address: string;
    readonly tlsPort: number;
    readonly plainPort: number;
  };
  readonly pbx: Pbx;
  /** IP4, where the gateway really sends; equals IP5 (`pbx`) without NAT on the private interface. */
  readonly pbxReached: { readonly host: string; readonly port?: number };
  readonly trunks: readonly Trunk[];
  readonly routing: {
    readonly rules: readonly RouteRule[];
    readonly byRequestDomain: boolean;
    /** Absent: what no rule takes is refused. */
    readonly defaultTrunk?: string;
  };
}

/** Fills in what follows from other fields. The draft has passed every rule. */
export function settled(file: FileSettings): Settings {
  const publicProtocols = file.publicProtocols ?? impliedProtocols(file);
  const privateProtocols = file.privateProtocols ?? impliedProtocols(file);
  const pbx = settledPbx(file, privateProtocols);
  const { defaultTrunk: _, ...routing } = file.routing;
  const defaultTrunk = settledDefaultTrunk(file);
  return {
    ...file,
    publicProtocols,
    privateProtocols,
    advertised: file.publicNat && file.advertised ? file.advertised : file.publicLocal,
    ...pbx,
    trunks: file.trunks.map((trunk) => settledTrunk(trunk, publicProtocols)),
    routing: { ...routing, ...(defaultTrunk === undefined ? {} : { defaultTrunk }) },
  };
}

/** Without a secured interface UDP and TCP are implied (§3.1). */
export const impliedProtocols = (file: { readonly securedInterface: boolean }): Protocols =>
  file.securedInterface ? "tls" : "udp/tcp";

export const hasTls = (protocols: Protocols): boolean => protocols !== "udp/tcp";
export const hasPlain = (protocols: Protocols): boolean => protocols !== "tls";

/** Which transports a side speaks. */
export function transportsOf(protocols: Protocols): readonly Transport[] {
  if (protocols === "tls") return ["tls"];
  return protocols === "udp/tcp" ? ["udp", "tcp"] : ["tls", "udp", "tcp"];
}

export const protocolsOf = (settings: Settings, side: Side): Protocols =>
  side === "public" ? settings.publicProtocols : settings.privateProtocols;

const defaultTransport = (protocols: Protocols): Transport => (protocols === "tls" ? "tls" : "udp");

export const defaultPort = (transport: Transport): number => (transport === "tls" ? 5061 : 5060);

function settledPbx(
  file: FileSettings,
  protocols: Protocols,
): Pick<Settings, "pbx" | "pbxReached"> {
  const pbx = file.mode === "chained-wan" ? lanElementAsPbx(file) : file.pbx!;
  const transport = pbx.transport ?? (hasTls(protocols) ? "tls" : "udp");
  const ip5 = withPort(pbx.host, pbx.port, transport);
  const reached = file.privateNat && file.pbxReached ? file.pbxReached : ip5;
  const ip4 = withPort(reached.host, reached.port, transport);
  const { port: _, ...rest } = pbx;
  return {
    pbx: {
      ...rest,
      ...ip5,
      transport,
      sourceAddresses: pbx.sourceAddresses ?? blocksOf([ip4.host]),
    },
    pbxReached: ip4,
  };
}

/** A WAN element has the LAN element as its only peer on the private side (§2.3.4). */
function lanElementAsPbx(file: FileSettings): NonNullable<FileSettings["pbx"]> {
  const { host, tlsPort } = file.lanElement!;
  const health = { optionsIntervalS: 30, optionsMissesMax: 3 };
  const voice = { rtpPortMin: file.rtp.portMin, rtpPortMax: file.rtp.portMax };
  return { host, port: tlsPort, transport: "tls", verifyCertificate: false, ...health, ...voice };
}

function settledTrunk(trunk: FileTrunk, protocols: Protocols): Trunk {
  const addresses = trunk.peers.map((peer) => peer.host);
  return {
    ...trunk,
    peers: trunk.peers.map((peer) => settledPeer(peer, protocols)),
    sourceAddresses: trunk.sourceAddresses ?? blocksOf(addresses),
  };
}

function settledPeer(peer: FileTrunk["peers"][number], protocols: Protocols): TrunkPeer {
  const { host, port, transport: written, ...rank } = peer;
  if (written === "auto" && !isAddress(host)) {
    return { host, ...(port === undefined ? {} : { port }), ...rank };
  }
  const transport =
    written === undefined || written === "auto" ? defaultTransport(protocols) : written;
  return { ...withPort(host, port, transport), transport, ...rank };
}

/** A name without a port is left to SRV records (RFC 3263 §4.2). */
function withPort(
  host: string,
  port: number | undefined,
  transport: Transport,
): { host: string; port?: number } {
  if (port !== undefined) return { host, port };
  return isAddress(host) ? { host, port: defaultPort(transport) } : { host };
}

function blocksOf(hosts: readonly string[]): string[] {
  const blocks = hosts.map((host) => parseCidr(host)).filter((block) => block !== undefined);
  return [...new Set(blocks.map(printCidr))];
}

function settledDefaultTrunk(file: FileSettings): string | undefined {
  const written = file.routing.defaultTrunk;
  if (written !== undefined) return written === "none" ? undefined : written;
  return file.trunks.length === 1 ? file.trunks[0]!.name : undefined;
}
