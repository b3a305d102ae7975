import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { BoundedMap, hostPort, isIpv6 } from "#base";
import type { Destination, Flow, Side } from "#sip";
import { ListenError, type Listener, type SetDscp, type SocketEvents } from "./configuration.ts";

/** Enough for a burst of some thousand messages; the system caps it by net.core.rmem_max. */
const BUFFER_BYTES = 4 * 1024 * 1024;
const DATAGRAM_BYTES_MAX = 65_507;
/** Peers remembered, so that most datagrams find their flow made; one forgotten is made again. */
const FLOWS_MAX = 20_000;
/** Keep-alives of phones: an empty line, nothing, or up to four bytes of no meaning. */
const KEEP_ALIVE_BYTES_MAX = 4;

/** One UDP address: what arrives becomes a flow and bytes, what leaves is sent at once. */
export class DatagramSocket {
  readonly address: string;
  readonly family: 4 | 6;
  #side: Side;
  #port: number;
  readonly #socket: Socket;
  readonly #events: SocketEvents;
  readonly #flows = new BoundedMap<string, Flow>(FLOWS_MAX);
  /** The flow that spoke last: most often the one that speaks next. */
  #last: Flow | undefined;
  #closed: boolean = false;

  private constructor(listener: Listener, socket: Socket, events: SocketEvents) {
    this.address = listener.address;
    this.family = isIpv6(listener.address) ? 6 : 4;
    this.#side = listener.side;
    this.#port = socket.address().port;
    this.#socket = socket;
    this.#events = events;
    socket.on("message", (bytes, remote) => this.#receive(bytes, remote));
    socket.on("error", (error) => events.warning?.(`${this.#name}: ${error.message}`));
  }

  /** Throws a ListenError when the address can't be had. */
  static async open(listener: Listener, events: SocketEvents): Promise<DatagramSocket> {
    const socket = createSocket({
      type: isIpv6(listener.address) ? "udp6" : "udp4",
      ipv6Only: isIpv6(listener.address),
      recvBufferSize: BUFFER_BYTES,
      sendBufferSize: BUFFER_BYTES,
      // Destinations are addresses: without this each send would ask the resolver, one tick later.
      lookup: (host, _options, done) => done(null, host, isIpv6(host) ? 6 : 4),
    });
    try {
      await bound(socket, listener);
    } catch (error) {
      socket.close();
      const { code = "unknown", message } = error as NodeJS.ErrnoException;
      throw new ListenError(listener, code, message);
    }
    return new DatagramSocket(listener, socket, events);
  }

  get port(): number {
    return this.#port;
  }

  get #name(): string {
    return `udp ${hostPort(this.address, this.#port)}`;
  }

  /** Gives the socket to a side; its flows begin anew when that is another. */
  assign(side: Side): void {
    if (side === this.#side) return;
    this.#side = side;
    this.#flows.clear();
    this.#last = undefined;
  }

  /** Sets the class of what leaves from here, or says false. */
  markClass(dscp: number, setDscp: SetDscp): boolean {
    const fd = descriptorOf(this.#socket);
    return fd !== undefined && setDscp(fd, this.family, dscp);
  }

  /** Whether the flow of this id came through this socket. */
  owns(flow: string): boolean {
    return flow.startsWith(`${this.#name} `);
  }

  /** Only a send with a tag is told when the system refuses it: asking costs time. */
  send(to: Destination, text: string, tag?: string): void {
    const { port, address } = to;
    const refusal = this.#refusal(port, text);
    if (refusal !== undefined) {
      process.nextTick(() => this.#events.sendFailed(to, tag, refusal));
    } else if (tag === undefined) {
      this.#socket.send(Buffer.from(text, "latin1"), port, address);
    } else {
      this.#socket.send(Buffer.from(text, "latin1"), port, address, (error) => {
        if (error) this.#events.sendFailed(to, tag, errorCode(error));
      });
    }
  }

  #refusal(port: number, text: string): string | undefined {
    if (this.#closed) return "closed";
    if (text.length > DATAGRAM_BYTES_MAX) return "too long for a datagram";
    return port > 0 && port <= 65_535 ? undefined : "no such port";
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #receive(bytes: Buffer, remote: RemoteInfo): void {
    // A datagram read just before the end, or one that can't be answered: source port 0 is forged.
    if (this.#closed || remote.port === 0) return;
    const flow = this.#flowOf(remote.address, remote.port);
    if (bytes.length <= KEEP_ALIVE_BYTES_MAX) this.#events.keepAlive?.(flow);
    else this.#events.bytes(flow, bytes);
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
        localPort: this.#port,
        remoteAddress: address,
        remotePort: port,
      };
      this.#flows.set(key, flow);
    }
    this.#last = flow;
    return flow;
  }
}

function bound(socket: Socket, { address, port }: Listener): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", reject);
      resolve();
    });
  });
}

/** Node keeps the handle of a datagram socket under a symbol of its own and offers no other way. */
function descriptorOf(socket: Socket): number | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find((s) => s.description === "state symbol");
  if (symbol === undefined) return undefined;
  const state = (socket as unknown as Record<symbol, { handle?: { fd?: number } } | undefined>)[
    symbol
  ];
  const fd = state?.handle?.fd;
  return fd !== undefined && fd >= 0 ? fd : undefined;
}

/** The system's short word for an error (ENETUNREACH), or its message. */
export const errorCode = (error: Error): string =>
  (error as NodeJS.ErrnoException).code ?? error.message;
