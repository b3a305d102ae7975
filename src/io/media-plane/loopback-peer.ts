import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Role, Stream, StreamEnd } from "#media";

export interface Packet {
  readonly bytes: Buffer;
  readonly from: number;
}

/** A socket that plays one party of a stream on loopback, for tests. */
export class LoopbackPeer {
  readonly address: string;
  readonly #socket: Socket;
  readonly #arrived: Packet[] = [];
  #awaited: ((packet: Packet) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.address = socket.address().address;
    socket.on("message", (bytes: Buffer, { port }: RemoteInfo) => {
      const packet = { bytes, from: port };
      if (this.#awaited) this.#awaited(packet);
      else this.#arrived.push(packet);
      this.#awaited = undefined;
    });
  }

  static async open(address = "127.0.0.1", port = 0): Promise<LoopbackPeer> {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.bind(port, address);
    await once(socket, "listening");
    return new LoopbackPeer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Resolves when the packet is in the receiver's queue, or lost. */
  send(bytes: Uint8Array, end: { localAddress: string; port: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, end.port, end.localAddress, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** The next packet in order of arrival; waits for it. */
  next(): Promise<Packet> {
    const packet = this.#arrived.shift();
    if (packet) return Promise.resolve(packet);
    return new Promise((resolve) => {
      this.#awaited = resolve;
    });
  }

  /** How many packets have come that nobody asked for. */
  get waiting(): number {
    return this.#arrived.length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}

/** An address of loopback that no other test process has: nobody takes its ports meanwhile. */
export const ownAddress = (): string =>
  `127.77.${(process.pid >> 8) & 0xff}.${process.pid & 0xff || 1}`;

/** Ports on an address that nobody had a moment ago: an even one and the next, as often as asked. */
export async function freePairs(count: number, address = "127.0.0.1"): Promise<number[]> {
  const pairs: number[] = [];
  const held: LoopbackPeer[] = [];
  while (pairs.length < count) {
    const one = await LoopbackPeer.open(address);
    held.push(one);
    if (one.port % 2 !== 0 || one.port > 65_000) continue;
    try {
      held.push(await LoopbackPeer.open(address, one.port + 1));
      pairs.push(one.port);
    } catch {
      // Somebody has the odd one: look on.
    }
  }
  await Promise.all(held.map((peer) => peer[Symbol.asyncDispose]()));
  return pairs;
}

/** A packet of RTP with a payload of voice. */
export function rtpPacket(sequence: number, ssrc = 0x1234_5678): Buffer {
  const packet = Buffer.alloc(172, sequence & 0xff);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt16BE(sequence, 2);
  packet.writeUInt32BE(sequence * 160, 4);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

/** An empty receiver report (RFC 3550 §6.4.2). */
export function rtcpPacket(ssrc = 0x1234_5678): Buffer {
  const packet = Buffer.alloc(8);
  packet.writeUInt32BE(0x80c9_0001, 0);
  packet.writeUInt32BE(ssrc, 4);
  return packet;
}

/** What a test says of an end; the rest is usual. */
export type EndWish = Partial<StreamEnd> & { readonly port: number };

/** A stream between two ends on loopback. */
export function streamBetween(
  wishes: Readonly<Record<Role, EndWish>>,
  others: Partial<Stream> = {},
): Stream {
  const end = (wish: EndWish): StreamEnd => ({
    localAddress: "127.0.0.1",
    rtcpPort: wish.port + 1,
    latch: false,
    dscp: 46,
    ...wish,
  });
  return {
    id: "call-1:0",
    callId: "call-1",
    kind: "rtp",
    silenceS: 0,
    ...others,
    ends: { caller: end(wishes.caller), callee: end(wishes.callee) },
  };
}

/** Where a peer wants its media. */
export const remoteOf = (
  rtp: LoopbackPeer,
  rtcp?: LoopbackPeer,
): Pick<StreamEnd, "remoteAddress" | "remotePort" | "remoteRtcpPort"> => ({
  remoteAddress: rtp.address,
  remotePort: rtp.port,
  ...(rtcp ? { remoteRtcpPort: rtcp.port } : {}),
});
