import { addressKind, canonicalAddress, isAddress, parseAddress, parseCidr } from "#base";
import { protocolsOf, type Settings, transportsOf } from "#settings";
import type { Flow, Side } from "#sip";
import type { SipUri, Via } from "#sip-message";

const SIDES = ["public", "private"] as const;

/** What is the gateway's own or its PBX's, so that nobody else can be there. */
export class OwnPlaces {
  /** Addresses, canonical, and the name. */
  readonly #hosts: ReadonlySet<string>;
  readonly #name: string | undefined;
  /** Addresses with the ports that are listened at. */
  readonly #places: ReadonlySet<string>;
  readonly #pbx: ReadonlySet<string>;

  constructor(settings: Settings) {
    const { advertised, publicLocal, privateLocal, publicFqdn, pbx, pbxReached } = settings;
    this.#name = publicFqdn === undefined ? undefined : hostOf(publicFqdn);
    const own = { public: [advertised, publicLocal], private: [privateLocal] };
    const addresses = [...own.public, ...own.private].map(({ address }) => hostOf(address));
    this.#hosts = new Set(this.#name === undefined ? addresses : [...addresses, this.#name]);
    this.#places = new Set(
      SIDES.flatMap((side) => {
        const ports = portsOf(settings, side);
        return own[side].flatMap((at) => ports.map((port) => `${hostOf(at.address)} ${at[port]}`));
      }),
    );
    const hosts = [pbx.host, pbxReached.host, ...pbx.sourceAddresses.map(single)];
    this.#pbx = new Set(hosts.filter(isAddress).map(hostOf));
  }

  /** Whether a host is an address that the gateway has, or the name that it is known by. */
  isOwnHost(host: string): boolean {
    return this.#hosts.has(hostOf(host));
  }

  /** Whether an address that is named as one's own is the gateway's or the PBX's, and can't be. */
  isOthers(host: string, flow: Flow): boolean {
    return this.isOwnHost(host) || this.#isPbxSeenFrom(host, flow);
  }

  /** Whether the top Via of who is served says that we sent it (RFC 3261 §18.1.1 sent-by). */
  isOwnVia({ host, port, transport }: Via, flow: Flow): boolean {
    return this.#isOwnPlace(host, port ?? (transport === "TLS" ? 5061 : 5060), flow);
  }

  /** Whether who is served asks to be reached where we are, or where the PBX is. */
  isOthersContact({ scheme, host, port, params }: SipUri, flow: Flow): boolean {
    const isTls = scheme === "sips" || params.get("transport")?.toLowerCase() === "tls";
    if (this.#isOwnPlace(host, port ?? (isTls ? 5061 : 5060), flow)) return true;
    // The PBX may be known inside by the name that we have outside.
    if (flow.side === "private") return false;
    return this.#name === hostOf(host) || this.#isPbxSeenFrom(host, flow);
  }

  /** A PBX on the same machine has our address, and other ports. */
  #isOwnPlace(host: string, port: number, { remoteAddress }: Flow): boolean {
    return this.#places.has(`${hostOf(host)} ${port}`) && !this.#hosts.has(remoteAddress);
  }

  /**
   * Private addresses are many people's: who speaks from the internet and names the PBX's means
   * something of its own, and is never written to there.
   */
  #isPbxSeenFrom(host: string, { remoteAddress }: Flow): boolean {
    if (!this.#pbx.has(hostOf(host)) || this.#pbx.has(remoteAddress)) return false;
    return kindOf(host) === kindOf(remoteAddress);
  }
}

const single = (block: string): string => {
  const cidr = parseCidr(block);
  const isOne = cidr !== undefined && cidr.prefix === cidr.bytes.length * 8;
  return isOne ? block.slice(0, block.indexOf("/")) : "";
};

/** One text for each host, whoever wrote it: a name is the same with a dot at its end. */
function hostOf(host: string): string {
  const address = canonicalAddress(host);
  if (address !== undefined) return address;
  const name = host.toLowerCase();
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function kindOf(host: string) {
  const bytes = parseAddress(host);
  return bytes && addressKind(bytes);
}

function portsOf(settings: Settings, side: Side): ("tlsPort" | "plainPort")[] {
  const transports = transportsOf(protocolsOf(settings, side));
  return [
    ...(transports.includes("tls") ? (["tlsPort"] as const) : []),
    ...(transports.includes("udp") ? (["plainPort"] as const) : []),
  ];
}
