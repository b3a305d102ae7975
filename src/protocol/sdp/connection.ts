import { canonicalAddress, isIpv6 } from "#base";
import type { MediaSection, Sdp } from "./sdp.ts";

/** A c= line (RFC 8866 §5.7). */
export interface Connection {
  /** An address in its canonical text, or a host name as it stands. */
  readonly host: string;
  readonly isName: boolean;
  /** "/127" or "/127/3": the TTL and count of a multicast address. */
  readonly suffix: string;
}

/** An o= line (RFC 8866 §5.2). The numbers stay text: they may be longer than ours. */
export interface Origin {
  readonly username: string;
  readonly sessionId: string;
  readonly version: string;
  readonly host: string;
}

/** Reads the value of a c= line; undefined when it isn't one. */
export function parseConnection(value: string): Connection | undefined {
  const [network, type, text, more] = value.trim().split(/ +/);
  if (!text || more !== undefined || network?.toUpperCase() !== "IN") return undefined;
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const suffix = slash < 0 ? "" : text.slice(slash);
  if (!/^(?:\/\d{1,3}){0,2}$/.test(suffix)) return undefined;
  return readHost(type!, host, suffix);
}

/** The c= line that says "send to this address". */
export const connectionLine = (address: string): string => `c=${networkAddress(address)}`;

/** "IN IP4 192.0.2.1": how c=, o= and a=rtcp write an address. */
export const networkAddress = (address: string): string =>
  `IN ${isIpv6(address) ? "IP6" : "IP4"} ${address}`;

/** The c= that counts for a stream: its own, else that of the session. */
export function connectionOf(sdp: Sdp, section: MediaSection): Connection | undefined {
  const line = firstConnection(section.lines) ?? firstConnection(sdp.session);
  return line === undefined ? undefined : parseConnection(line.slice(2));
}

/**
 * Reads the value of an o= line; undefined when it isn't one. User names with spaces are out
 * there, so the line is read from its end.
 */
export function parseOrigin(value: string): Origin | undefined {
  const words = value.trim().split(/ +/);
  const [sessionId, version, network, type, host] = words.splice(-5);
  if (!host || words.length === 0 || network!.toUpperCase() !== "IN") return undefined;
  if (!/^IP[46]$/i.test(type!)) return undefined;
  return { username: words.join(" "), sessionId: sessionId!, version: version!, host };
}

/** `host` must be an address; its type follows from it. */
export const printOrigin = (origin: Origin): string =>
  `o=${origin.username} ${origin.sessionId} ${origin.version} ${networkAddress(origin.host)}`;

export function originOf(sdp: Sdp): Origin | undefined {
  const line = sdp.session.find((one) => one.startsWith("o="));
  return line === undefined ? undefined : parseOrigin(line.slice(2));
}

const firstConnection = (lines: readonly string[]): string | undefined =>
  lines.find((line) => line.startsWith("c="));

function readHost(type: string, host: string, suffix: string): Connection | undefined {
  const address = canonicalAddress(host);
  if (address === undefined) {
    const named = /^IP[46]$/i.test(type) && /^(?=.*[a-z])[a-z0-9.-]{1,255}$/i.test(host);
    return named ? { host, isName: true, suffix } : undefined;
  }
  // Judged by the text as it stands: the canonical form of ::ffff:192.0.2.1 is IPv4.
  const said = host.includes(":") ? "IP6" : "IP4";
  return type.toUpperCase() === said ? { host: address, isName: false, suffix } : undefined;
}
