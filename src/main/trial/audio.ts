import { createSocket, type Socket } from "node:dgram";

/** G.711 µ-law, 20 ms: 160 samples of 8 kHz in one packet. */
const SAMPLES = 160;
const PACKET_MS = 20;
const RTP_HEADER_BYTES = 12;

/** One RTP end on the loopback: sends a tone, sends back what comes, or listens; and counts. */
export class TrialAudio {
  received = 0;
  sent = 0;
  readonly #socket: Socket;
  readonly #seen = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (bytes) => this.#count(bytes));
  }

  static async open(): Promise<TrialAudio> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, "127.0.0.1", () => resolve());
    });
    return new TrialAudio(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** The SDP of this end. */
  get sdp(): string {
    const lines = [
      "v=0",
      `o=- ${this.port} 1 IN IP4 127.0.0.1`,
      "s=-",
      "c=IN IP4 127.0.0.1",
      "t=0 0",
    ];
    lines.push(
      `m=audio ${this.port} RTP/AVP 0`,
      "a=rtpmap:0 PCMU/8000",
      "a=ptime:20",
      "a=sendrecv",
    );
    return `${lines.join("\r\n")}\r\n`;
  }

  /** Packets of the peer's sequence that never came, within what did come. */
  get lost(): number {
    if (this.#seen.size === 0) return 0;
    const numbers = [...this.#seen];
    return Math.max(...numbers) - Math.min(...numbers) + 1 - numbers.length;
  }

  echo(port: number): void {
    this.#socket.on("message", (bytes) => {
      this.sent++;
      this.#socket.send(bytes, port, "127.0.0.1");
    });
  }

  /** Sends a tone of 440 Hz for `packets` packets of 20 ms; resolves a moment after the last. */
  tone(port: number, packets: number): Promise<void> {
    const start = performance.now();
    return new Promise((resolve) => {
      this.#timer = setInterval(() => {
        const due = Math.min(packets, Math.floor((performance.now() - start) / PACKET_MS));
        while (this.sent < due) this.#socket.send(tonePacket(this.sent++), port, "127.0.0.1");
        if (this.sent < packets) return;
        clearInterval(this.#timer);
        setTimeout(resolve, 5 * PACKET_MS);
      }, PACKET_MS);
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #count(bytes: Buffer): void {
    if (bytes.length < RTP_HEADER_BYTES) return;
    this.received++;
    this.#seen.add(bytes.readUInt16BE(2));
  }
}

function tonePacket(index: number): Buffer {
  const packet = Buffer.alloc(RTP_HEADER_BYTES + SAMPLES);
  packet[0] = 0x80;
  packet.writeUInt16BE(index & 0xffff, 2);
  packet.writeUInt32BE((index * SAMPLES) >>> 0, 4);
  packet.writeUInt32BE(0x7a55e2e1, 8);
  for (let i = 0; i < SAMPLES; i++) {
    const phase = (2 * Math.PI * 440 * (index * SAMPLES + i)) / 8000;
    packet[RTP_HEADER_BYTES + i] = muLaw(Math.round(8000 * Math.sin(phase)));
  }
  return packet;
}

/** ITU-T G.711 µ-law of a 16-bit sample. */
function muLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  const exponent = Math.max(0, Math.floor(Math.log2(magnitude)) - 7);
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

/** The port of the first m= line. */
export function audioPort(sdp: string): number | undefined {
  const match = /^m=audio (\d{1,5}) /m.exec(sdp);
  return match ? Number(match[1]) : undefined;
}
