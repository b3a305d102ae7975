import { type AddressKind, addressKind, parseAddress } from "#base";
import {
  connectionOf,
  findAttribute,
  hasAttribute,
  type MediaSection,
  parseRtcp,
  type Sdp,
} from "#sdp";
import type { Side } from "#sip";
import { type MediaFacts, type MediaRefusal, refusal } from "./media-facts.ts";

/** Where a peer wants its media; nothing set while it is on hold. */
export interface Remote {
  readonly address?: string;
  readonly port?: number;
  readonly rtcpPort?: number;
}

/**
 * Reads where a stream in use wants its media, and refuses to send to what no peer has any
 * business to name (attack case E4: a relay pointed at a victim, or at itself).
 */
export function remoteOf(
  sdp: Sdp,
  section: MediaSection,
  from: Side,
  facts: MediaFacts,
  isOurPort: (port: number) => boolean,
): Remote | MediaRefusal {
  const connection = connectionOf(sdp, section);
  if (!connection) return refusal("bad-sdp", "connection");
  // A name can't be judged here, and by the time it is resolved it may mean another address.
  const { host: address, kind } = connection;
  if (kind === undefined) return refusal("bad-sdp", "address-is-a-name");
  if (kind === "unspecified") return {};
  const fault = forbiddenKind(kind, from, facts);
  if (fault) return refusal("sdp-target", fault);
  const { port } = section.line;
  if (isOurs(address, port, facts, isOurPort)) return refusal("sdp-target", "own-address");
  // Behind a NAT many have the same address; where we learn, the source that is heard takes its place.
  const isFollowed = from === "public" && !facts.sides.public.latch;
  if (isFollowed && facts.pbx?.has(address)) return refusal("sdp-target", "pbx-address");
  if (address.includes(":") !== facts.sides[from].localAddress.includes(":")) {
    return refusal("media-not-allowed", "address-family");
  }
  const rtcpPort = rtcpPortOf(section, address);
  if (rtcpPort === undefined) return { address, port };
  if (isOurs(address, rtcpPort, facts, isOurPort)) return refusal("sdp-target", "own-address");
  return { address, port, rtcpPort };
}

/** RTCP's port: under a=rtcp that one, else the next (RFC 3550 §11); not at another address. */
function rtcpPortOf(section: MediaSection, address: string): number | undefined {
  const { port } = section.line;
  if (hasAttribute(section.lines, "rtcp")) {
    const rtcp = parseRtcp(findAttribute(section.lines, "rtcp")!);
    if (rtcp) return rtcp.address === undefined || rtcp.address === address ? rtcp.port : undefined;
  }
  return port < 65_535 ? port + 1 : undefined;
}

function forbiddenKind(kind: AddressKind, from: Side, facts: MediaFacts): string | undefined {
  if (kind === "multicast" || kind === "broadcast") return kind;
  // In the trial and in tests everything is on loopback.
  const trial = kind === "loopback" && kindOf(facts.sides[from].localAddress) === "loopback";
  return kind === "loopback" && !trial ? kind : undefined;
}

function isOurs(
  address: string,
  port: number,
  facts: MediaFacts,
  isOurPort: (port: number) => boolean,
): boolean {
  const { public: outer, private: inner } = facts.sides;
  const ours =
    address === outer.localAddress ||
    address === outer.advertisedAddress ||
    address === inner.localAddress ||
    address === inner.advertisedAddress;
  return ours && (isOurPort(port) || facts.signallingPorts?.has(port) === true);
}

function kindOf(address: string): AddressKind | undefined {
  const bytes = parseAddress(address);
  return bytes && addressKind(bytes);
}
