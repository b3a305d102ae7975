import { connect, type Socket } from "node:net";
import { type SecureContext, type TLSSocket, connect as tlsConnect } from "node:tls";
import { BoundedMap, isAddress, isIpv6 } from "#base";
import type { Destination, Side, Transport } from "#sip";
import {
  DEFAULT_LIMITS,
  type Listener,
  type SocketConfiguration,
  type SocketEvents,
  type SocketLimits,
  type TlsSettings,
} from "./configuration.ts";
import { StreamAdmission } from "./stream-admission.ts";
import { type StreamEvents, StreamFlow, type StreamOrigin, type Unsent } from "./stream-flow.ts";
import { type Acceptor, markClass, STREAM_OPTIONS } from "./stream-listener.ts";
import { clientOptions } from "./tls-policy.ts";

/** What one side needs to open a connection. */
export interface TlsClient {
  readonly settings: TlsSettings;
  readonly context: SecureContext;
}

export interface PoolConfiguration {
  readonly listeners: readonly Listener[];
  readonly limits: SocketLimits;
  readonly tls: Partial<Readonly<Record<Side, TlsClient>>>;
  readonly isPeer?: SocketConfiguration["isPeer"];
}

/** Why a connection is refused; whoever counts refusals needs not be told of these. */
const DENIED = "denied";

/** Ended flows whose name is remembered, so that opening them again checks the same name. */
const NAMES_MAX = 4096;

/** All TCP and TLS connections: found by their flow, reused by their destination. */
export class StreamPool implements Acceptor {
  readonly #events: SocketEvents;
  readonly #told: StreamEvents;
  readonly #streams = new Map<string, StreamFlow>();
  /** The connections that we opened, by all that makes them the right one to reuse. */
  readonly #opened = new Map<string, StreamFlow>();
  readonly #names = new BoundedMap<string, string>(NAMES_MAX);
  readonly #admission = new StreamAdmission();
  #configuration: PoolConfiguration = { listeners: [], limits: DEFAULT_LIMITS, tls: {} };

  constructor(events: SocketEvents) {
    this.#events = events;
    this.#told = {
      admits: ({ side, remoteAddress, remotePort }) =>
        events.admits?.(side, remoteAddress, remotePort) !== false,
      received: (flow, text) => events.received(flow, text),
      keepAlive: (flow) => events.keepAlive?.(flow),
      pong: (flow) => events.pong?.(flow),
      closed: (stream, why, unsent) => this.#ended(stream, why, unsent),
    };
  }

  /** Connections that stand or are being opened. */
  get size(): number {
    return this.#streams.size;
  }

  /** Standing connections keep the limits that they began with. */
  configure(configuration: PoolConfiguration): void {
    this.#configuration = configuration;
  }

  admit(socket: Socket, side: Side, address: string): string | undefined {
    if (this.#events.admits?.(side, address, socket.remotePort ?? 0) === false) return DENIED;
    const { limits, isPeer } = this.#configuration;
    const place = this.#admission.admit(address, limits, isPeer?.(side, address));
    if (typeof place === "string") return place;
    socket.once("close", place);
    return undefined;
  }

  accepted(socket: Socket, side: Side, transport: Exclude<Transport, "udp">): void {
    this.#keep({ side, transport, socket, direction: "accepted" });
  }

  refused({ side, transport }: Listener, address: string, why: string): void {
    this.#events.refused?.({ side, transport, address, why });
  }

  warning(text: string): void {
    this.#events.warning?.(text);
  }

  /** Returns the flow that took it. */
  send(to: Destination, text: string, tag?: string): string | undefined {
    const stream = this.#streamTo(to);
    const why = typeof stream === "string" ? stream : stream.send(to, text, tag);
    if (why === undefined) return (stream as StreamFlow).id;
    process.nextTick(() => this.#events.sendFailed(to, tag, why));
    return undefined;
  }

  ping(flow: string): void {
    this.#streams.get(flow)?.ping();
  }

  close(flow: string, why: string): void {
    this.#streams.get(flow)?.close(why);
  }

  /** Ends the connections that others opened of whose source `passes` isn't true. */
  closeDenied(why: string, passes: NonNullable<SocketEvents["admits"]>): void {
    for (const stream of [...this.#streams.values()]) {
      const { flow, origin } = stream;
      if (!flow || origin.direction !== "accepted") continue;
      if (!passes(flow.side, flow.remoteAddress, flow.remotePort)) stream.close(why);
    }
  }

  /** Ends all: what is written goes out first, but nobody waits longer than a handshake takes. */
  async finish(): Promise<void> {
    const streams = [...this.#streams.values()];
    for (const stream of streams) stream.finish("shut down");
    const impatience = setTimeout(() => {
      for (const stream of streams) stream.close("shut down");
    }, this.#configuration.limits.handshakeMs);
    await Promise.all(streams.map((stream) => stream.ended));
    clearTimeout(impatience);
  }

  #streamTo(to: Destination): StreamFlow | string {
    const standing = to.flow === undefined ? undefined : this.#streams.get(to.flow);
    if (standing?.alive) return standing;
    const serverName =
      to.serverName ?? (to.flow === undefined ? undefined : this.#names.get(to.flow));
    const key = `${to.side} ${to.transport} ${to.address} ${to.port} ${serverName ?? ""}`;
    const opened = this.#opened.get(key);
    return opened?.alive ? opened : this.#open(to, serverName, key);
  }

  #open(to: Destination, serverName: string | undefined, key: string): StreamFlow | string {
    const { limits, tls } = this.#configuration;
    if (this.#opened.size >= limits.connectionsMax) return "too many connections";
    if (!isAddress(to.address)) return "no address";
    if (!(to.port > 0 && to.port <= 65_535)) return "no such port";
    const from = this.#localFor(to);
    if (!from) return "no listener for this side and family";
    const options = {
      ...STREAM_OPTIONS,
      host: to.address,
      port: to.port,
      ...(!isAny(from.address) && { localAddress: from.address }),
    };
    const client = tls[to.side];
    if (to.transport === "tls" && !client) return "no certificate for this side";
    const plain = connect(options);
    // Before the handshake's first packet; Node marks none through a TLS socket of its own making.
    plain.once("connect", () => markClass(plain, from.dscp));
    const isTls = to.transport === "tls" && client;
    const socket = isTls ? securing(plain, client, serverName) : plain;
    const transport = to.transport === "tls" ? "tls" : "tcp";
    const origin = { side: to.side, transport, socket, direction: "opened", key } as const;
    const stream = this.#keep(serverName === undefined ? origin : { ...origin, serverName });
    this.#opened.set(key, stream);
    return stream;
  }

  /** Our address towards a peer: that of the listener of the same transport, or else any. */
  #localFor({ side, transport, address }: Destination): Listener | undefined {
    const fits = this.#configuration.listeners.filter(
      (listener) => listener.side === side && isIpv6(listener.address) === isIpv6(address),
    );
    return fits.find((listener) => listener.transport === transport) ?? fits[0];
  }

  #keep(origin: StreamOrigin): StreamFlow {
    const stream = new StreamFlow(origin, this.#configuration.limits, this.#told);
    this.#streams.set(stream.id, stream);
    return stream;
  }

  #ended(stream: StreamFlow, why: string, unsent: readonly Unsent[]): void {
    const { key, serverName } = stream.origin;
    this.#streams.delete(stream.id);
    if (key !== undefined && this.#opened.get(key) === stream) this.#opened.delete(key);
    if (serverName !== undefined) this.#names.set(stream.id, serverName);
    for (const { to, tag } of unsent) this.#events.sendFailed(to, tag, why);
    if (stream.flow) this.#events.closed(stream.flow, why);
  }
}

const isAny = (address: string): boolean => address === "0.0.0.0" || address === "::";

/** TLS over a connection that is being opened; what fails below fails it by the same reason. */
function securing(plain: Socket, client: TlsClient, serverName: string | undefined): TLSSocket {
  const options = clientOptions(client.settings, client.context, serverName);
  const socket = tlsConnect({ ...options, socket: plain });
  plain.on("error", (error) => socket.destroy(error));
  return socket;
}
