import { BoundedMap, hostPort, isIpv6, parseCidr } from "#base";
import { addon, type Datagrams } from "#native";
import { type Destination, type Flow, isStun, type Side } from "#sip";
import { requestKeyIn } from "#sip-transactions";
import { ListenError, type Listener, type SocketEvents, type Source } from "./configuration.ts";
import { DatagramFilter } from "./datagram-filter.ts";
import { DatagramQueue } from "./datagram-queue.ts";
import type { Pattern } from "./packet-program.ts";

/**
 * Enough for a burst of some thousand messages. Without CAP_NET_ADMIN the system caps it by
 * net.core.rmem_max.
 */
const BUFFER_BYTES = 4 * 1024 * 1024;
const DATAGRAM_BYTES_MAX = 65_507;
/** Peers remembered, so that most datagrams find their flow made; one forgotten is made again. */
const FLOWS_MAX = 20_000;
/** Keep-alives of phones: an empty line, nothing, or up to four bytes of no meaning. */
const KEEP_ALIVE_BYTES_MAX = 4;

/** One UDP address: what arrives becomes a flow and a text, what leaves goes in batches. */
export class DatagramSocket {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
  #side: Side;
  readonly #socket: Datagrams;
  readonly #queue: DatagramQueue;
  readonly #filter: DatagramFilter;
  readonly #events: SocketEvents;
  readonly #flows = new BoundedMap<string, Flow>(FLOWS_MAX);
  /** The flow that spoke last: most often the one that speaks next. */
  #last: Flow | undefined;
  #closed: boolean = false;

  private constructor(listener: Listener, events: SocketEvents) {
    const { address, port } = listener;
    this.address = address;
    this.family = isIpv6(address) ? 6 : 4;
    this.#side = listener.side;
    this.#events = events;
    const { Datagrams } = addon();
    this.#socket = new Datagrams(
      address,
      port,
      BUFFER_BYTES,
      (hosts, ports, count) => this.#admitted(hosts, ports, count),
      (texts, hosts, ports) => {
        for (let i = 0; i < texts.length; i++) {
          const text = texts[i];
          if (text !== undefined) this.#receive(text, hosts[i]!, ports[i]!);
        }
      },
      (texts, hosts, ports, errors) => {
        for (let i = 0; i < texts.length; i++)
          this.#lost(texts[i]!, hosts[i]!, ports[i]!, errors[i]!);
      },
    );
    this.port = this.#socket.port;
    this.#filter = new DatagramFilter(this.#socket, this.family);
    this.#queue = new DatagramQueue(this.#socket, (to, tag, why) =>
      this.#events.sendFailed(to, tag, why),
    );
  }

  /** Throws a ListenError when the address can't be had. */
  static open(listener: Listener, events: SocketEvents): DatagramSocket {
    try {
      return new DatagramSocket(listener, events);
    } catch (error) {
      const { message } = error as Error;
      throw new ListenError(listener, message, `bind ${message}`);
    }
  }

  get #name(): string {
    return `udp ${hostPort(this.address, this.port)}`;
  }

  /** Gives the socket to a side; its flows begin anew when that is another. */
  assign(side: Side): void {
    if (side === this.#side) return;
    this.#side = side;
    this.#flows.clear();
    this.#last = undefined;
  }

  /** Sets the class of what leaves from here, or says false. */
  markClass(dscp: number): boolean {
    return addon().setDscp(this.#socket.fd, this.family, dscp);
  }

  /** Has what these send dropped before it is read, and nothing else: those of this side count. */
  mute(sources: readonly Source[]): void {
    if (!this.#closed) this.#filter.drop(this.#patternsOf(sources));
  }

  /** Keeps a buffer for the datagrams of these that nobody else fills: those of this side count. */
  keepRoomFor(sources: readonly Source[]): void {
    if (!this.#closed) this.#filter.keepRoomFor(this.#patternsOf(sources));
  }

  #patternsOf(sources: readonly Source[]): Pattern[] {
    const length = this.family === 6 ? 16 : 4;
    return sources.flatMap(({ side, address, port }) => {
      const block = side === this.#side ? parseCidr(address) : undefined;
      if (block?.bytes.length !== length) return [];
      return [port === undefined ? { block } : { block, port }];
    });
  }

  /** Datagrams that came and weren't kept: for want of room, or since their source is muted. */
  get dropped(): number {
    return this.#closed ? 0 : this.#socket.dropped;
  }

  /** Whether the flow of this id came through this socket. */
  owns(flow: string): boolean {
    return flow.startsWith(`${this.#name} `);
  }

  /** Leaves at the end of this turn of the loop; what the system refuses is told then. */
  send(to: Destination, text: string, tag?: string): void {
    const refusal = this.#refusal(to.port, text);
    if (refusal === undefined) this.#queue.put(to, text, tag);
    else process.nextTick(() => this.#events.sendFailed(to, tag, refusal));
  }

  #refusal(port: number, text: string): string | undefined {
    if (this.#closed) return "closed";
    if (text.length > DATAGRAM_BYTES_MAX) return "too long for a datagram";
    return port > 0 && port <= 65_535 ? undefined : "no such port";
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.close();
    this.#socket.close();
  }

  /** A bit for each that is read: a flood of denied sources makes neither texts nor flows. */
  #admitted(hosts: readonly string[], ports: ArrayLike<number>, count: number): number {
    let admitted = 0;
    for (let i = 0; i < count; i++) {
      const port = ports[i]!;
      // It can't be answered: source port 0 is forged.
      if (port === 0 || this.#events.admits?.(this.#side, hosts[i]!, port) === false) continue;
      admitted |= 1 << i;
    }
    return admitted;
  }

  #receive(text: string, host: string, port: number): void {
    // A datagram read just before the end.
    if (this.#closed) return;
    const flow = this.#flowOf(host, port);
    if (text.length <= KEEP_ALIVE_BYTES_MAX) this.#events.keepAlive?.(flow);
    else if (isStun(text)) this.#events.stun?.(flow, text);
    else this.#events.received(flow, text);
  }

  /**
   * ICMP says that a place can't be reached (RFC 3261 §18.4). Anybody may forge that, but not the
   * branch in the message that it repeats: that alone names who is told.
   */
  #lost(text: string, address: string, port: number, why: string): void {
    const tag = this.#closed ? undefined : requestKeyIn(text);
    if (tag === undefined) return;
    this.#events.sendFailed({ side: this.#side, transport: "udp", address, port }, tag, why);
  }

  #flowOf(address: string, port: number): Flow {
    const last = this.#last;
    if (last?.remotePort === port && last.remoteAddress === address) return last;
    const key = `${port} ${address}`;
    let flow = this.#flows.get(key);
    if (!flow) {
      flow = {
        // The same peer has the same id however often it is forgotten.
        id: `${this.#name} ${hostPort(address, port)}`,
        side: this.#side,
        transport: "udp",
        localAddress: this.address,
        localPort: this.port,
        remoteAddress: address,
        remotePort: port,
      };
      this.#flows.set(key, flow);
    }
    this.#last = flow;
    return flow;
  }
}

/** The system's short word for an error (ENETUNREACH), or its message. */
export const errorCode = (error: Error): string =>
  (error as NodeJS.ErrnoException).code ?? error.message;
