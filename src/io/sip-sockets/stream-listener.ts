import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { isIpv6 } from "#base";
import type { Side, Transport } from "#sip";
import {
  ListenError,
  type Listener,
  type SocketLimits,
  type TlsSettings,
} from "./configuration.ts";
import { errorCode } from "./datagram-socket.ts";
import { serverOptions } from "./tls-policy.ts";

/** Where a listener brings what it accepts. */
export interface Acceptor {
  /** Gives the connection a place, released by itself at its end; or says why not. */
  admit(socket: Socket, side: Side, address: string): string | undefined;
  /** A connection that is ready for messages. */
  accepted(socket: Socket, side: Side, transport: Exclude<Transport, "udp">): void;
  refused(listener: Listener, address: string, why: string): void;
  warning(text: string): void;
}

const BACKLOG = 1024;
const KEEP_ALIVE_MS = 60_000;

/** What every connection of ours has, whoever opened it. */
export const STREAM_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
} as const;

/** One TCP or TLS address that others connect to. */
export class StreamListener {
  readonly #server: Server;
  readonly #acceptor: Acceptor;
  /** As configured last; its port is the real one. */
  #listener: Listener;
  /** Does the handshakes; it doesn't listen itself, so new certificates are a new one of these. */
  #tls: TlsServer | undefined;

  private constructor(listener: Listener, server: Server, acceptor: Acceptor) {
    this.#listener = listener;
    this.#server = server;
    this.#acceptor = acceptor;
    server.on("connection", (socket) => this.#connected(socket));
    server.on("error", (error) =>
      acceptor.warning(`${listener.transport} ${listener.address}: ${error.message}`),
    );
  }

  /** Throws a ListenError when the address can't be had. */
  static async open(listener: Listener, acceptor: Acceptor): Promise<StreamListener> {
    const server = createServer(STREAM_OPTIONS);
    try {
      await listening(server, listener);
    } catch (error) {
      const { code = "unknown", message } = error as NodeJS.ErrnoException;
      throw new ListenError(listener, code, message);
    }
    return new StreamListener(listener, server, acceptor);
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : this.#listener.port;
  }

  /** From the next connection on. */
  configure(listener: Listener, limits: SocketLimits, tls: TlsSettings | undefined): void {
    this.#listener = listener;
    this.#tls = tls && this.#handshakes(tls, limits);
  }

  /** No connection comes any more; those that stand go on. */
  close(): void {
    this.#server.close();
  }

  #connected(socket: Socket): void {
    // Errors before there is a flow end the connection, and that is all there is to do.
    socket.on("error", () => {});
    const { remoteAddress: address } = socket;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const why = this.#acceptor.admit(socket, this.#listener.side, address);
    if (why !== undefined) {
      // No farewell: a flood must not leave half-closed connections with us.
      socket.resetAndDestroy();
      this.#acceptor.refused(this.#listener, address, why);
      return;
    }
    markClass(socket, this.#listener.dscp);
    if (this.#listener.transport === "tcp") {
      this.#acceptor.accepted(socket, this.#listener.side, "tcp");
    } else if (!this.#tls?.emit("connection", socket)) {
      // It came before the listener was configured.
      socket.destroy();
    }
  }

  #handshakes(settings: TlsSettings, limits: SocketLimits): TlsServer {
    const server = createTlsServer({
      ...serverOptions(settings),
      handshakeTimeout: limits.handshakeMs,
    });
    server.on("secureConnection", (socket) => {
      socket.disableRenegotiation();
      this.#acceptor.accepted(socket, this.#listener.side, "tls");
    });
    server.on("tlsClientError", (error, socket) => {
      this.#acceptor.refused(this.#listener, socket.remoteAddress ?? "", errorCode(error));
      socket.destroy();
    });
    return server;
  }
}

function listening(server: Server, { address, port }: Listener): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const ipv6Only = isIpv6(address);
    server.listen({ host: address, port, ipv6Only, exclusive: true, backlog: BACKLOG }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** The class of the packets of one connection (RFC 2474 §3: the upper six bits of the octet). */
export function markClass(socket: Socket, dscp: number): void {
  try {
    socket.setTypeOfService(dscp << 2);
  } catch {
    // The connection is gone already, or the system has no such option: quality, not function.
  }
}
