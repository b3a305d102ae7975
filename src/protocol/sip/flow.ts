/** Which of the gateway's two faces: towards the internet or operator, or towards the PBX. */
export type Side = "public" | "private";

export const otherSide = (side: Side): Side => (side === "public" ? "private" : "public");

export type Transport = "udp" | "tcp" | "tls";

export const isReliable = (transport: Transport): boolean => transport !== "udp";

/**
 * What carries messages between us and one peer: a UDP pair of addresses, or one TCP/TLS
 * connection (RFC 5626 §3.1 "flow"). Plain data; `id` is unique in this process.
 */
export interface Flow {
  readonly id: string;
  readonly side: Side;
  readonly transport: Transport;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/**
 * Where to send. With `flow` set, that connection is used while it lives; else one is reused or
 * opened to the address. UDP always goes from the side's own socket.
 */
export interface Destination {
  readonly side: Side;
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly flow?: string;
  /** The name that a TLS certificate must bear (RFC 5922 §7); absent: not checked. */
  readonly serverName?: string;
}

export const destinationOf = (flow: Flow): Destination => ({
  side: flow.side,
  transport: flow.transport,
  address: flow.remoteAddress,
  port: flow.remotePort,
  flow: flow.id,
});
