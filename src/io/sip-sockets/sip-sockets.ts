import { canonicalAddress, hostPort } from "#base";
import type { Destination, Side } from "#sip";
import {
  DEFAULT_LIMITS,
  ListenError,
  type Listener,
  listenerName,
  type SocketConfiguration,
  type SocketEvents,
  type Source,
} from "./configuration.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import { StreamListener } from "./stream-listener.ts";
import { type PoolConfiguration, StreamPool, type TlsClient } from "./stream-pool.ts";
import { contextOf } from "./tls-policy.ts";

type Opened = DatagramSocket | StreamListener;

/** Everything that listens, by address: what keeps its address keeps its socket. */
type Listening = ReadonlyMap<string, { readonly listener: Listener; readonly socket: Opened }>;

type Datagrams = Readonly<Record<Side, Readonly<Record<4 | 6, readonly DatagramSocket[]>>>>;

/** All the SIP sockets of the gateway: where bytes come in and text goes out. */
export class SipSockets {
  readonly #events: SocketEvents;
  readonly #streams: StreamPool;
  #listening: Listening = new Map();
  #datagrams: Datagrams = datagramsOf(new Map());
  /** One change at a time. */
  #change: Promise<void> = Promise.resolve();
  #warned: boolean = false;
  #muted: readonly Source[] = [];
  #known: readonly Source[] = [];
  #isMuting: boolean = false;

  private constructor(events: SocketEvents) {
    this.#events = events;
    this.#streams = new StreamPool(events);
  }

  /** Throws a ListenError that names the first address that can't be had. */
  static async open(configuration: SocketConfiguration, events: SocketEvents): Promise<SipSockets> {
    const sockets = new SipSockets(events);
    await sockets.apply(configuration);
    return sockets;
  }

  /** Why listeners can't be had, all of them, for whoever can't run yet anyway: none stays open. */
  static async faults(listeners: readonly Listener[]): Promise<readonly Error[]> {
    const sockets = new SipSockets({ received() {}, closed() {}, sendFailed() {} });
    try {
      const opened = await sockets.#openMissing(listeners);
      for (const { socket } of opened.values()) socket.close();
      return [];
    } catch (error) {
      return error instanceof AggregateError ? error.errors : [error as Error];
    }
  }

  /** What listens now, with the ports that the system chose. */
  get listening(): readonly Listener[] {
    return [...this.#listening.values()].map(({ listener, socket }) => ({
      ...listener,
      port: socket.port,
    }));
  }

  /** How many TCP and TLS connections there are. */
  get connections(): number {
    return this.#streams.size;
  }

  /**
   * Sends latin1 text, datagrams at the end of this turn of the loop. A failure is told by
   * `sendFailed`, later. Returns the flow of the connection that took it; of a datagram nothing.
   */
  send(to: Destination, text: string, tag?: string): string | undefined {
    if (to.transport !== "udp") return this.#streams.send(to, text, tag);
    this.#sendDatagram(to, text, tag);
    return undefined;
  }

  /** Asks the peer of a stream for a sign of life (RFC 5626 §3.5.1); without one the flow ends. */
  ping(flow: string): void {
    this.#streams.ping(flow);
  }

  /** Ends a stream; of a datagram flow there is nothing to end. */
  closeFlow(flow: string, why: string): void {
    this.#streams.close(flow, why);
  }

  /** Ends the connections that others opened of whose source `passes` isn't true. */
  closeDenied(why: string, passes: NonNullable<SocketEvents["admits"]>): void {
    this.#streams.closeDenied(why, passes);
  }

  /**
   * Has the system drop the datagrams of these sources unread, and no others', from the end of this
   * turn of the loop on.
   */
  mute(sources: readonly Source[]): void {
    this.#muted = sources;
    if (this.#isMuting) return;
    this.#isMuting = true;
    process.nextTick(() => {
      this.#isMuting = false;
      for (const socket of this.#datagramSockets()) socket.mute(this.#muted);
    });
  }

  /** Keeps buffers for the datagrams of these sources, which are trusted, that nobody else fills. */
  keepRoomFor(sources: readonly Source[]): void {
    this.#known = sources;
    for (const socket of this.#datagramSockets()) socket.keepRoomFor(sources);
  }

  /** Datagrams that came and weren't kept: for want of room, or since their source is muted. */
  get dropped(): number {
    return this.#datagramSockets().reduce((sum, { dropped }) => sum + dropped, 0);
  }

  #datagramSockets(): DatagramSocket[] {
    const all = [...this.#listening.values()].map(({ socket }) => socket);
    return all.filter((socket) => socket instanceof DatagramSocket);
  }

  /**
   * Changes to another configuration, whole or not at all: what is new is opened first, and only
   * when all of it stands is the old closed. Connections that stand go on.
   */
  apply(configuration: SocketConfiguration): Promise<void> {
    const change = this.#change.then(() => this.#apply(configuration));
    this.#change = change.catch(() => undefined);
    return change;
  }

  /** Ends everything, what is written goes out first. */
  async close(): Promise<void> {
    await this.#change;
    for (const { socket } of this.#listening.values()) {
      if (socket instanceof StreamListener) socket.close();
    }
    await this.#streams.finish();
    for (const { socket } of this.#listening.values()) {
      if (socket instanceof DatagramSocket) socket.close();
    }
    this.#listening = new Map();
    this.#datagrams = datagramsOf(this.#listening);
  }

  #sendDatagram(to: Destination, text: string, tag: string | undefined): void {
    const fitting = this.#datagrams[to.side][to.address.includes(":") ? 6 : 4];
    const { flow } = to;
    const own = flow === undefined ? undefined : fitting.find((socket) => socket.owns(flow));
    const socket = own ?? fitting[0];
    if (socket) {
      socket.send(to, text, tag);
      return;
    }
    process.nextTick(() =>
      this.#events.sendFailed(to, tag, "no listener for this side and family"),
    );
  }

  async #apply(configuration: SocketConfiguration): Promise<void> {
    const { listeners } = configuration;
    const pool: PoolConfiguration = {
      listeners,
      limits: { ...DEFAULT_LIMITS, ...configuration.limits },
      tls: tlsClients(configuration),
      ...(configuration.isPeer && { isPeer: configuration.isPeer }),
    };
    const previous = this.#listening;
    const next = await this.#openMissing(listeners);
    this.#streams.configure(pool);
    for (const { listener, socket } of next.values()) this.#configure(listener, socket, pool);
    this.#listening = next;
    this.#datagrams = datagramsOf(next);
    for (const [key, { socket }] of previous) if (!next.has(key)) socket.close();
  }

  async #openMissing(listeners: readonly Listener[]): Promise<Listening> {
    const next = new Map<string, { listener: Listener; socket: Opened }>();
    const fresh: Opened[] = [];
    const faults: Error[] = [];
    for (const listener of listeners) {
      try {
        const key = keyOf(listener);
        if (next.has(key)) throw new ListenError(listener, "EADDRINUSE", "configured twice");
        const kept = this.#listening.get(key)?.socket;
        const socket = kept ?? (await this.#open(listener));
        if (!kept) fresh.push(socket);
        next.set(key, { listener, socket });
      } catch (error) {
        faults.push(error as Error);
      }
    }
    if (faults.length === 0) return next;
    for (const socket of fresh) socket.close();
    // Whoever mends one port wants to know of the others at once.
    throw faults.length === 1 ? faults[0] : new AggregateError(faults, linesOf(faults));
  }

  async #open(listener: Listener): Promise<Opened> {
    return listener.transport === "udp"
      ? DatagramSocket.open(listener, this.#events)
      : StreamListener.open(listener, this.#streams);
  }

  #configure(listener: Listener, socket: Opened, { limits, tls }: PoolConfiguration): void {
    if (socket instanceof StreamListener) {
      const settings = listener.transport === "tls" ? tls[listener.side]?.settings : undefined;
      socket.configure(listener, limits, settings);
      return;
    }
    socket.assign(listener.side);
    socket.mute(this.#muted);
    socket.keepRoomFor(this.#known);
    if (!socket.markClass(listener.dscp))
      this.#warnOnce(`${listenerName(listener)}: datagrams go without their class (DSCP)`);
  }

  #warnOnce(text: string): void {
    if (this.#warned) return;
    this.#warned = true;
    process.nextTick(() => this.#events.warning?.(text));
  }
}

/** A port that the system chooses is told apart by its side. */
const keyOf = ({ side, transport, address, port }: Listener): string =>
  `${transport} ${hostPort(canonicalAddress(address) ?? address, port)}${port === 0 ? ` ${side}` : ""}`;

function datagramsOf(listening: Listening): Datagrams {
  const of = (side: Side, family: 4 | 6): DatagramSocket[] =>
    [...listening.values()].flatMap(({ listener, socket }) =>
      socket instanceof DatagramSocket && listener.side === side && socket.family === family
        ? [socket]
        : [],
    );
  return {
    public: { 4: of("public", 4), 6: of("public", 6) },
    private: { 4: of("private", 4), 6: of("private", 6) },
  };
}

/** Reads each side's certificate before anything changes. */
function tlsClients({
  listeners,
  tls = {},
}: SocketConfiguration): Partial<Record<Side, TlsClient>> {
  const clients: Partial<Record<Side, TlsClient>> = {};
  for (const side of ["public", "private"] as const) {
    const settings = tls[side];
    const listener = listeners.find((each) => each.side === side && each.transport === "tls");
    if (listener && !settings) throw new ListenError(listener, "tls", "there is no certificate");
    if (!settings) continue;
    try {
      clients[side] = { settings, context: contextOf(settings) };
    } catch (error) {
      throw new ListenError(listener, "tls", `${side} certificate: ${(error as Error).message}`);
    }
  }
  return clients;
}

const linesOf = (faults: readonly Error[]): string =>
  faults.map(({ message }) => message).join("\n");
