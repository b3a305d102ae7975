import { createSocket, type Socket } from "node:dgram";
import { monotonicNow, secureRandom } from "#io";
import type { Destination, Flow } from "#sip";
import { Headers, parseMessage, Request, type Response } from "#sip-message";
import { type TransactionEvent, Transactions } from "#sip-transactions";

/** A small SIP end on one UDP socket of the loopback, for the trial's PBX and caller. */
export class TrialEndpoint {
  readonly transactions: Transactions;
  readonly #port: number;
  readonly #socket: Socket;
  #listener: (event: TransactionEvent) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#port = socket.address().port;
    this.transactions = new Transactions({
      random: secureRandom(),
      viaFor: () => ({ host: "127.0.0.1", port: this.#port }),
    });
    socket.on("message", (bytes, { port }) => this.#receive(bytes, port));
  }

  /** Rejects when the port is taken. */
  static async open(port: number): Promise<TrialEndpoint> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, "127.0.0.1", () => resolve());
    });
    return new TrialEndpoint(socket);
  }

  get port(): number {
    return this.#port;
  }

  onEvent(listener: (event: TransactionEvent) => void): void {
    this.#listener = listener;
  }

  /** Performs some sends, then everything that they made due. */
  act(action: (transactions: Transactions) => void): void {
    action(this.transactions);
    this.#flush();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #receive(bytes: Uint8Array, port: number): void {
    const message = parseMessage(bytes);
    if (message.kind === "parse-failure") return;
    const event = this.transactions.receive(message, this.#flowFrom(port), monotonicNow());
    if (event) this.#listener(event);
    this.#flush();
  }

  #flush(): void {
    const now = monotonicNow();
    for (let due = this.transactions.due(now); due; due = this.transactions.due(now)) {
      this.#listener(due);
    }
    for (const { to, text } of this.transactions.drain()) {
      this.#socket.send(Buffer.from(text, "latin1"), to.port, to.address);
    }
    clearTimeout(this.#timer);
    const next = this.transactions.next;
    if (next !== undefined) this.#timer = setTimeout(() => this.#flush(), Math.max(1, next - now));
  }

  #flowFrom(remotePort: number): Flow {
    return {
      id: `trial ${this.#port} ${remotePort}`,
      side: "private",
      transport: "udp",
      localAddress: "127.0.0.1",
      localPort: this.#port,
      remoteAddress: "127.0.0.1",
      remotePort,
    };
  }
}

export const onLoopback = (port: number): Destination => ({
  side: "private",
  transport: "udp",
  address: "127.0.0.1",
  port,
});

/** What of an answered call a later request needs. */
export interface TrialDialog {
  readonly request: Request;
  readonly answer: Response;
}

/** ACK or BYE of a call that we placed. */
export function inTrialDialog({ request, answer }: TrialDialog, method: "ACK" | "BYE"): Request {
  const headers = new Headers();
  headers.add("max-forwards", "70");
  headers.add("from", request.headers.get("from") ?? "");
  headers.add("to", answer.headers.get("to") ?? "");
  headers.add("call-id", request.callId);
  headers.add("cseq", `${request.cseq.number + (method === "BYE" ? 1 : 0)} ${method}`);
  return new Request(method, answer.contact?.uri ?? request.uri, headers);
}
