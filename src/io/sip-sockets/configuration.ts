import { hostPort, type Secret } from "#base";
import type { Destination, Flow, Side, Transport } from "#sip";

/** One address to listen on. `port` 0 lets the system choose (tests): see `SipSockets.listening`. */
export interface Listener {
  readonly side: Side;
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  /** The class of all that leaves from here, 0 to 63 (RFC 2474 §3). */
  readonly dscp: number;
}

/** How one side speaks TLS, as server and as client. */
export interface TlsSettings {
  /** The certificate with its chain, PEM. */
  readonly certificate: string;
  readonly key: Secret<string>;
  /** The authorities trusted on this side, PEM; absent: those that Node ships. */
  readonly ca?: string;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** A peer that connects must show a certificate of a trusted authority. */
  readonly mutual?: boolean;
  /**
   * What a peer that we connect to must prove. `name` (default): where the destination has a
   * `serverName`, a trusted chain and that name. `chain`: a trusted chain, always. `none`: nothing.
   */
  readonly verify?: "name" | "chain" | "none";
  /** Whether `*.example.org` bears the name `sip.example.org`; RFC 5922 §7.2 says no. */
  readonly wildcards?: boolean;
}

/** What keeps the streams bounded; each connection over a limit is closed by name. */
export interface SocketLimits {
  /** Accepted connections at a time; as many again may be opened by us. */
  readonly connectionsMax: number;
  /** The share of them that is kept for those of whom `isPeer` is true. */
  readonly reservedPercent: number;
  /** Accepted connections of one source: an IPv4 address, or an IPv6 /64. */
  readonly connectionsPerSourceMax: number;
  /** The time to connect and to agree on TLS, either way. */
  readonly handshakeMs: number;
  /** The time to send the first message, and to finish any message that was begun. */
  readonly firstMessageMs: number;
  readonly idleS: number;
  /** How often a connection that we opened is kept alive (RFC 5626 §3.5.1); 0: never. */
  readonly keepAliveS: number;
  readonly headerBytesMax: number;
  readonly messageBytesMax: number;
  /** Bytes that may wait in one connection for a peer that doesn't read. */
  readonly outQueueBytesMax: number;
  /** The time in which a ping of ours must be answered (RFC 5626 §4.4.1). */
  readonly pongMs: number;
}

export const DEFAULT_LIMITS: SocketLimits = {
  connectionsMax: 10_000,
  reservedPercent: 25,
  connectionsPerSourceMax: 100,
  handshakeMs: 5_000,
  firstMessageMs: 10_000,
  idleS: 3_600,
  keepAliveS: 0,
  headerBytesMax: 65_536,
  messageBytesMax: 131_072,
  outQueueBytesMax: 1_048_576,
  pongMs: 10_000,
};

export interface SocketConfiguration {
  readonly listeners: readonly Listener[];
  /** Needed for each side that listens or sends by TLS. */
  readonly tls?: Partial<Readonly<Record<Side, TlsSettings>>>;
  readonly limits?: Partial<SocketLimits>;
  /** Whether an address is one that a side serves; without it nobody's is. */
  readonly isPeer?: (side: Side, address: string) => boolean;
}

/** An address, an IPv6 block, or one port of an address, on one side. */
export interface Source {
  readonly side: Side;
  readonly address: string;
  readonly port?: number;
}

/** What the sockets tell; never from within a call to them. */
export interface SocketEvents {
  /**
   * Whether what comes from there is taken at all; without it all is. Asked for each datagram, each
   * connection that others open and each message on one, before anything of it is looked at.
   */
  admits?(side: Side, address: string, port: number): boolean;
  /** One datagram, or one message cut from a stream: one character a byte. */
  received(flow: Flow, text: string): void;
  /** A stream ended; datagrams have no end. */
  closed(flow: Flow, why: string): void;
  sendFailed(to: Destination, tag: string | undefined, why: string): void;
  /** A peer keeps its flow alive: an empty line, answered already (RFC 5626 §3.5.1). */
  keepAlive?(flow: Flow): void;
  /** A `ping` of a stream was answered in time. */
  pong?(flow: Flow): void;
  /** A datagram that begins as STUN does, and SIP never (RFC 5626 §8). Nothing is answered to it. */
  stun?(flow: Flow, text: string): void;
  /** A connection that never became a flow: over a limit, or no TLS. */
  refused?(refusal: Refusal): void;
  /** Something the operator should know, in words. */
  warning?(text: string): void;
}

export interface Refusal {
  readonly side: Side;
  readonly transport: Transport;
  readonly address: string;
  readonly why: string;
}

/** Why a configuration can't be used: nothing of it was applied. */
export class ListenError extends Error {
  override name = "ListenError";
  /** Absent when a side's certificate is to blame and nothing listens with it. */
  readonly listener: Listener | undefined;
  /** The system's word, as EADDRINUSE or EADDRNOTAVAIL; or `tls` for a missing or bad certificate. */
  readonly code: string;

  constructor(listener: Listener | undefined, code: string, why: string) {
    super(listener ? `${listenerName(listener)}: ${why}` : why);
    this.listener = listener;
    this.code = code;
  }
}

export const listenerName = ({ side, transport, address, port }: Listener): string =>
  `${side} ${transport} ${hostPort(address, port)}`;
