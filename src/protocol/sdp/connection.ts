import { type AddressKind, addressKind, parseAddress, printAddress } from "#base";
import { words } from "./media-line.ts";
import type { MediaSection, Sdp } from "./sdp.ts";

/** A c= line (RFC 8866 §5.7). */
export interface Connection {
  /** An address in its canonical text, or a host name as it stands. */
  readonly host: string;
  /** What kind of address; absent for a name. */
  readonly kind?: AddressKind;
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
  const [network, type, text, more] = words(value);
  if (!text || more !== undefined || network?.toUpperCase() !== "IN") return undefined;
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const suffix = slash < 0 ? "" : text.slice(slash);
  if (suffix !== "" && !/^(?:\/\d{1,3}){1,2}$/.test(suffix)) return undefined;
  return readHost(type!, host, suffix);
}

/** The c= line that says "send to this address". */
export const connectionLine = (address: string): string => `c=${networkAddress(address)}`;

/** "IN IP4 192.0.2.1": how c=, o= and a=rtcp write an address. */
export const networkAddress = (address: string): string =>
  `IN ${address.includes(":") ? "IP6" : "IP4"} ${address}`;

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
  const said = words(value);
  const at = said.length - 5;
  if (at < 1 || said[at + 2]!.toUpperCase() !== "IN" || !isAddressType(said[at + 3]!)) {
    return undefined;
  }
  const username = at === 1 ? said[0]! : said.slice(0, at).join(" ");
  return { username, sessionId: said[at]!, version: said[at + 1]!, host: said[at + 4]! };
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
  if (!isAddressType(type)) return undefined;
  const address = parseAddress(host);
  if (address === undefined) {
    return /^(?=.*[a-z])[a-z0-9.-]{1,255}$/i.test(host) ? { host, suffix } : undefined;
  }
  // Judged by the text as it stands: the canonical form of ::ffff:192.0.2.1 is IPv4.
  const said = host.includes(":") ? "IP6" : "IP4";
  if (type.toUpperCase() !== said) return undefined;
  return { host: printAddress(address), kind: addressKind(address), suffix };
}

const isAddressType = (text: string): boolean =>
  text === "IP4" || text === "IP6" || /^IP[46]$/i.test(text);
