import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type Message, parseMessageText, type Request, type Response } from "#sip-message";

/** How often each stream of each call sends, and how many packets may be missing in a row. */
export const PACE_MS = 40;

interface Stream {
  readonly socket: Socket;
  readonly port: number;
  /** Where the gateway takes this stream. */
  toward: number;
  sent: number;
  /** The highest number that came, and the longest run of numbers that never did. */
  heard: number;
  gap: number;
}

/** One end of a call: its tags and numbers, and its media. */
export interface Leg {
  readonly callId: string;
  readonly media: Stream;
  dialog?: { readonly from: string; readonly to: string; readonly target: string };
  cseq: number;
  over: boolean;
}

/** A crowd of telephones behind one SIP socket, on loopback; texts in, texts out. */
export class Telephones {
  readonly legs = new Map<string, Leg>();
  readonly #sip: Socket;
  readonly #gateway: number;
  readonly #port: number;
  /** Answers in dialogs, by Call-ID and CSeq. */
  readonly #finals = new Map<string, (status: number) => void>();

  private constructor(sip: Socket, port: number, gateway: number) {
    this.#sip = sip;
    this.#port = port;
    this.#gateway = gateway;
    sip.on("message", (bytes) => void this.#receive(bytes.toString("latin1")));
  }

  static async open(port: number, gateway: number): Promise<Telephones> {
    const sip = createSocket("udp4");
    sip.bind(port, "127.0.0.1");
    await once(sip, "listening");
    return new Telephones(sip, port, gateway);
  }

  /** Calls; resolves with the final status. */
  async call(callId: string): Promise<number> {
    const leg = await this.#leg(callId);
    const from = `<sip:caller@127.0.0.1>;tag=${callId}`;
    const target = `sip:200@127.0.0.1:${this.#gateway}`;
    leg.dialog = { from, to: `<${target}>`, target };
    return this.#ask(leg, "INVITE", sdpOf(leg.media.port));
  }

  /** Another offer in the dialog, or its end. */
  ask(leg: Leg, method: "INVITE" | "BYE"): Promise<number> {
    return this.#ask(leg, method, method === "INVITE" ? sdpOf(leg.media.port) : "");
  }

  /** One packet of each stream. */
  speak(): void {
    for (const { media, over } of this.legs.values()) {
      if (over || media.toward === 0) continue;
      const packet = Buffer.alloc(172);
      packet[0] = 0x80;
      packet[1] = 8;
      packet.writeUInt16BE(media.sent & 0xffff, 2);
      packet.writeUInt32BE(media.sent * 320, 4);
      packet.writeUInt32BE(media.port, 8);
      media.sent++;
      media.socket.send(packet, media.toward, "127.0.0.1");
    }
  }

  close(): void {
    this.#sip.close();
    for (const { media } of this.legs.values()) media.socket.close();
  }

  async #leg(callId: string): Promise<Leg> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const media = { socket, port: socket.address().port, toward: 0, sent: 0, heard: -1, gap: 0 };
    socket.on("message", (packet) => {
      const number = packet.readUInt16BE(2);
      if (media.heard >= 0) media.gap = Math.max(media.gap, number - media.heard - 1);
      media.heard = Math.max(media.heard, number);
    });
    const leg: Leg = { callId, media, cseq: 0, over: false };
    this.legs.set(callId, leg);
    return leg;
  }

  #ask(leg: Leg, method: string, body: string): Promise<number> {
    const cseq = ++leg.cseq;
    this.#request(leg, method, cseq, body);
    return new Promise((resolve) => this.#finals.set(`${leg.callId} ${cseq}`, resolve));
  }

  #request(leg: Leg, method: string, cseq: number, body: string): void {
    const { from, to, target } = leg.dialog!;
    const branch = `z9hG4bK${leg.callId}${cseq}${method}`;
    this.#send(
      `${method} ${target} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.#port};branch=${branch}`,
      `From: ${from}`,
      `To: ${to}`,
      `Call-ID: ${leg.callId}`,
      `CSeq: ${cseq} ${method}`,
      "Max-Forwards: 70",
      `Contact: <sip:phone@127.0.0.1:${this.#port}>`,
      ...bodyOf(body),
    );
  }

  async #receive(text: string): Promise<void> {
    const message: Message | { readonly kind: "parse-failure" } = parseMessageText(text);
    if (message.kind === "response") this.#answered(message);
    else if (message.kind === "request") await this.#asked(message);
  }

  #answered(response: Response): void {
    const leg = this.legs.get(response.callId);
    const { number, method } = response.cseq;
    if (!leg?.dialog || response.status < 200) return;
    if (method === "INVITE" && response.status < 300) {
      const { from } = leg.dialog;
      const target = response.contact!.uri;
      leg.dialog = { from, to: response.headers.get("to")!, target };
      leg.media.toward = portIn(response.body);
      this.#request(leg, "ACK", number, "");
    }
    if (method === "BYE") leg.over = true;
    this.#finals.get(`${leg.callId} ${number}`)?.(response.status);
  }

  async #asked(request: Request): Promise<void> {
    if (request.method === "ACK") return;
    const known = this.legs.get(request.callId);
    const leg = known ?? (await this.#leg(request.callId));
    const { headers } = request;
    const to = headers.get("to")!;
    const ours = to.includes(";tag=") ? to : `${to};tag=${request.callId}`;
    leg.dialog ??= { from: ours, to: headers.get("from")!, target: request.contact!.uri };
    if (request.method === "INVITE") leg.media.toward = portIn(request.body);
    if (request.method === "BYE") leg.over = true;
    this.#send(
      "SIP/2.0 200 OK",
      `Via: ${headers.get("via")}`,
      `From: ${headers.get("from")}`,
      `To: ${ours}`,
      `Call-ID: ${request.callId}`,
      `CSeq: ${headers.get("cseq")}`,
      `Contact: <sip:phone@127.0.0.1:${this.#port}>`,
      ...bodyOf(request.method === "INVITE" ? sdpOf(leg.media.port) : ""),
    );
  }

  #send(...lines: readonly string[]): void {
    this.#sip.send(lines.join("\r\n"), this.#gateway, "127.0.0.1");
  }
}

const bodyOf = (body: string): string[] =>
  body === ""
    ? ["Content-Length: 0", "", ""]
    : ["Content-Type: application/sdp", `Content-Length: ${body.length}`, "", body];

const sdpOf = (port: number): string =>
  [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "c=IN IP4 127.0.0.1",
    "t=0 0",
    `m=audio ${port} RTP/AVP 8`,
    "a=rtpmap:8 PCMA/8000",
    "",
  ].join("\r\n");

const portIn = (sdp: string): number => Number(/^m=audio (\d+)/m.exec(sdp)?.[1] ?? 0);
