import type { Socket } from "node:net";
import { latin1Text } from "#base";
import type { Destination, Flow, Side, Transport } from "#sip";
import type { SocketLimits } from "./configuration.ts";
import { errorCode } from "./datagram-socket.ts";
import { Framing } from "./framing.ts";

/** What a stream tells its pool. */
export interface StreamEvents {
  /** Whether the source of an accepted connection may still speak. */
  admits(flow: Flow): boolean;
  received(flow: Flow, text: string): void;
  keepAlive(flow: Flow): void;
  pong(flow: Flow): void;
  /** The end, once: `unsent` is what the system had not taken yet. */
  closed(stream: StreamFlow, why: string, unsent: readonly Unsent[]): void;
}

export interface Unsent {
  readonly to: Destination;
  readonly tag: string;
}

export interface StreamOrigin {
  readonly side: Side;
  readonly transport: Exclude<Transport, "udp">;
  readonly socket: Socket;
  readonly direction: "accepted" | "opened";
  /** What an opened one may be reused for. */
  readonly key?: string;
  /** The name that an opened one has proved. */
  readonly serverName?: string;
}

const PING = "\r\n\r\n";
const PONG = "\r\n";
/** Answers in a row that show a peer to be one that answers: some send empty lines of their own. */
const ANSWERS_MIN = 2;

let count = 0;

/** One TCP or TLS connection: framing, deadlines, a bounded queue. */
export class StreamFlow {
  readonly id: string;
  readonly origin: StreamOrigin;
  readonly #limits: SocketLimits;
  readonly #events: StreamEvents;
  readonly #framing: Framing;
  readonly #unsent: Unsent[] = [];
  readonly #ended = Promise.withResolvers<void>();
  /** Undefined until the handshake is done, and before that nothing is received. */
  #flow: Flow | undefined;
  #closed: boolean = false;
  #why = "closed by the peer";
  #heardAt = 0;
  #emptyLines = 0;
  #idleWatched: boolean = false;
  /** The handshake's, then the first message's, then the idle deadline. */
  #deadline: NodeJS.Timeout;
  #messageDeadline: NodeJS.Timeout | undefined;
  #pongDeadline: NodeJS.Timeout | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  /** When a keep-alive went out that nobody waits for, and how many in a row were answered. */
  #askedAt: number | undefined;
  #answers = 0;

  constructor(origin: StreamOrigin, limits: SocketLimits, events: StreamEvents) {
    const { socket } = origin;
    count += 1;
    this.id = `${origin.transport}-${count}`;
    this.origin = origin;
    this.#limits = limits;
    this.#events = events;
    this.#framing = new Framing(limits);
    this.#deadline = this.#closeIn(limits.handshakeMs, "handshake too slow");
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (error) => {
      this.#why = errorCode(error);
    });
    socket.on("close", () => this.#end());
    if (origin.direction === "accepted") this.#open();
    else socket.once(origin.transport === "tls" ? "secureConnect" : "connect", () => this.#open());
  }

  /** The flow, once there is one. */
  get flow(): Flow | undefined {
    return this.#flow;
  }

  /** Resolves at the end. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Whether something can still be sent. */
  get alive(): boolean {
    return !this.#closed && this.origin.socket.writable;
  }

  /** Writes, or keeps until the connection stands; returns why not. */
  send(to: Destination, text: string, tag?: string): string | undefined {
    const { socket } = this.origin;
    if (!this.alive) return "closed";
    if (socket.writableLength + text.length > this.#limits.outQueueBytesMax) return "queue full";
    if (tag === undefined) {
      socket.write(text, "latin1");
    } else {
      this.#unsent.push({ to, tag });
      socket.write(text, "latin1", this.#written);
    }
    return undefined;
  }

  /** Asks whether the peer is still there; without an answer in time the flow ends. */
  ping(): void {
    if (!this.#flow || !this.alive || this.#pongDeadline) return;
    this.#pongDeadline = this.#closeIn(this.#limits.pongMs, "ping unanswered");
    this.origin.socket.write(PING, "latin1");
  }

  /**
   * Keeps what lies between us and the peer from forgetting the flow. Peers need not answer unless
   * they said so (RFC 5626 §4.4.1): one that has never answered is not cut off for its silence.
   */
  #stayAlive(): void {
    if (this.#answers >= ANSWERS_MIN) return this.ping();
    if (!this.alive || this.#pongDeadline || this.origin.socket.writableLength > 0) return;
    if (this.#askedAt !== undefined) this.#answers = 0;
    this.#askedAt = performance.now();
    this.origin.socket.write(PING, "latin1");
  }

  /** Ends at once; what was not sent yet is reported. */
  close(why: string): void {
    if (this.origin.socket.destroyed) return;
    this.#why = why;
    this.origin.socket.destroy();
  }

  /** Ends when everything is sent. */
  finish(why: string): void {
    if (this.origin.socket.destroyed) return;
    this.#why = why;
    if (this.#flow) this.origin.socket.destroySoon();
    else this.origin.socket.destroy();
  }

  /** The system takes writes in their order, so the oldest is the one that is done. */
  readonly #written = (error?: Error | null): void => {
    if (!error) this.#unsent.shift();
  };

  #open(): void {
    const { socket, side, transport, direction } = this.origin;
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    if (!localAddress || !localPort || !remoteAddress || !remotePort) {
      this.close("closed");
      return;
    }
    const { id } = this;
    this.#flow = { id, side, transport, localAddress, localPort, remoteAddress, remotePort };
    clearTimeout(this.#deadline);
    if (direction === "opened") {
      this.#watchIdle();
      const { keepAliveS } = this.#limits;
      if (keepAliveS > 0) {
        this.#keepAlive = setInterval(() => this.#stayAlive(), keepAliveS * 1000).unref();
      }
      return;
    }
    // One that connects and says nothing holds a place that others need.
    this.#deadline = this.#closeIn(this.#limits.firstMessageMs, "no message in time");
  }

  #receive(chunk: Buffer): void {
    const flow = this.#flow;
    if (!flow || this.#closed) return;
    this.#heardAt = performance.now();
    if (this.#askedAt !== undefined && this.#answersUs(chunk)) return;
    let messages = 0;
    for (const framed of this.#framing.push(chunk)) {
      switch (framed.kind) {
        case "message":
          messages += 1;
          this.#message(flow, framed.bytes);
          break;
        case "empty-line":
          this.#emptyLine(flow);
          break;
        case "broken":
          this.close(framed.why);
          break;
      }
      if (this.origin.socket.destroyed) return;
    }
    this.#watchMessage(messages > 0);
  }

  /** One empty line, alone and in time, is a pong; two would be the peer's own ping. */
  #answersUs(chunk: Buffer): boolean {
    if (chunk.length !== PONG.length || chunk.toString("latin1") !== PONG) return false;
    const late = this.#heardAt - this.#askedAt! > this.#limits.pongMs;
    if (late || this.#framing.pendingBytes > 0) return false;
    this.#askedAt = undefined;
    this.#answers += 1;
    return true;
  }

  #message(flow: Flow, bytes: Uint8Array): void {
    // What we opened leads where we wanted to go.
    if (this.origin.direction === "accepted" && !this.#events.admits(flow)) {
      this.close("denied");
      return;
    }
    this.#emptyLines = 0;
    if (!this.#idleWatched) this.#watchIdle();
    this.#events.received(flow, latin1Text(bytes));
  }

  /** Two are a ping; one is a pong where we wait for one, else nothing (RFC 3261 §7.5). */
  #emptyLine(flow: Flow): void {
    if (this.#pongDeadline) {
      clearTimeout(this.#pongDeadline);
      this.#pongDeadline = undefined;
      this.#events.pong(flow);
      return;
    }
    this.#emptyLines += 1;
    if (this.#emptyLines < 2) return;
    this.#emptyLines = 0;
    // A peer that pings and never reads gets no more pongs than it has taken.
    if (this.origin.socket.writableLength === 0) this.origin.socket.write(PONG, "latin1");
    this.#events.keepAlive(flow);
  }

  /** A message that was begun must come to its end: the clock of each starts anew. */
  #watchMessage(anew: boolean): void {
    const pending = this.#framing.pendingBytes > 0;
    if (this.#messageDeadline && (anew || !pending)) {
      clearTimeout(this.#messageDeadline);
      this.#messageDeadline = undefined;
    }
    if (!pending || this.#messageDeadline) return;
    this.#messageDeadline = this.#closeIn(this.#limits.firstMessageMs, "message too slow");
  }

  /** Hearing only notes the time; the timer looks at it when it rings. */
  #watchIdle(): void {
    this.#idleWatched = true;
    const idleMs = this.#limits.idleS * 1000;
    clearTimeout(this.#deadline);
    const look = (): void => {
      const left = this.#heardAt + idleMs - performance.now();
      if (left <= 0) this.close("idle");
      else this.#deadline = setTimeout(look, Math.ceil(left)).unref();
    };
    this.#heardAt = performance.now();
    this.#deadline = setTimeout(look, idleMs).unref();
  }

  #closeIn(ms: number, why: string): NodeJS.Timeout {
    return setTimeout(() => this.close(why), ms).unref();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#messageDeadline);
    clearTimeout(this.#pongDeadline);
    clearInterval(this.#keepAlive);
    this.#events.closed(this, this.#why, this.#unsent);
    this.#ended.resolve();
  }
}
