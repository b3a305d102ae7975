// A telephone that is a browser: SIP by TCP here, media and descriptions in Chromium. It prints what
// becomes of its call, and writes what it hears to a file. Runs in the namespace of its host.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { BrowserControl } from "./browser-control.ts";

/** How it is started: one JSON text as its argument. */
export interface BrowserPlan {
  readonly folder: string;
  readonly address: string;
  /** Where it is called. */
  readonly port: number;
  readonly toneHz: number;
  readonly codec: string;
  readonly bundlePolicy?: "balanced" | "max-compat" | "max-bundle";
  /** Whether it sends a picture (VP8) and waits for one. */
  readonly video?: boolean;
  /** Whom it calls, and by which gateway. */
  readonly dial?: { readonly uri: string; readonly host: string; readonly port: number };
}

const RATE = 16_000;
const FETCH_MS = 100;
const PICTURES_MIN = 5;
const HEADER_BYTES = 44;

/** One message of SIP, as far as a telephone of one call must know it. */
interface Heard {
  readonly first: string;
  readonly body: string;
  readonly header: (name: string) => string;
}

class BrowserPhone {
  readonly #plan: BrowserPlan;
  readonly #browser: BrowserControl;
  readonly #file: string;
  #socket: Socket | undefined;
  #bytes = "";
  #hasSeen = false;
  /** From, To, Call-ID and target of our requests, once there is a dialog. */
  #dialog: { from: string; to: string; callId: string; target: string } | undefined;

  constructor(plan: BrowserPlan) {
    this.#plan = plan;
    this.#browser = new BrowserControl(join(plan.folder, "profile"));
    this.#file = join(plan.folder, "heard.wav");
  }

  async start(): Promise<void> {
    const { toneHz, codec, bundlePolicy = "balanced", port, address, dial } = this.#plan;
    writeFileSync(this.#file, wavHeader());
    await this.#browser.open();
    const page = readFileSync(join(import.meta.dirname, "browser-page.js"), "utf8");
    await this.#browser.evaluate(page);
    await this.#browser.evaluate(`begin(${toneHz}, "${codec}", "${bundlePolicy}")`);
    if (this.#plan.video) await this.#browser.evaluate("beginPicture()");
    if (dial) {
      this.#use(connect({ host: dial.host, port: dial.port, localAddress: address }));
      await this.#invite(dial.uri);
    } else createServer((socket) => this.#use(socket)).listen(port, address);
    setInterval(() => void this.#keep(), FETCH_MS);
    say("browser is ready");
  }

  /** Hangs up. */
  stop(): void {
    if (this.#dialog) this.#request("BYE", 2);
    this.#browser.close();
    setTimeout(() => process.exit(0), FETCH_MS);
  }

  /** Its address as SIP writes it. */
  get #host(): string {
    const { address } = this.#plan;
    return address.includes(":") ? `[${address}]` : address;
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    socket.setEncoding("latin1").on("data", (text: string) => void this.#read(text));
    socket.on("error", () => {});
  }

  async #invite(uri: string): Promise<void> {
    const sdp = (await this.#browser.evaluate("offer()")) as string;
    const from = `<sip:browser@${this.#host}>;tag=b1`;
    this.#dialog = { from, to: `<${uri}>`, callId: `b${process.pid}`, target: uri };
    this.#request("INVITE", 1, sdp);
  }

  #request(method: string, cseq: number, body = ""): void {
    const { from, to, callId, target } = this.#dialog!;
    const { port } = this.#plan;
    this.#write(`${method} ${target} SIP/2.0`, body, [
      `Via: SIP/2.0/TCP ${this.#host}:${port};branch=z9hG4bK${callId}${method}${cseq}`,
      "Max-Forwards: 70",
      `From: ${from}`,
      `To: ${to}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
    ]);
  }

  #respond(request: Heard, status: string, body = ""): void {
    const to = request.header("to");
    this.#write(`SIP/2.0 ${status}`, body, [
      ...["via", "from", "call-id", "cseq"].map((name) => `${name}: ${request.header(name)}`),
      `To: ${to.includes("tag=") ? to : `${to};tag=b1`}`,
    ]);
  }

  #write(first: string, body: string, headers: readonly string[]): void {
    const { port } = this.#plan;
    const lines = [
      first,
      ...headers,
      `Contact: <sip:browser@${this.#host}:${port};transport=tcp>`,
      ...(body === "" ? [] : ["Content-Type: application/sdp"]),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.#socket?.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }

  async #read(text: string): Promise<void> {
    this.#bytes += text;
    for (;;) {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = this.#bytes.slice(0, end);
      const length = Number(/^content-length *: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (this.#bytes.length < end + 4 + length) return;
      const body = this.#bytes.slice(end + 4, end + 4 + length);
      this.#bytes = this.#bytes.slice(end + 4 + length);
      await this.#take(heardOf(head, body));
    }
  }

  async #take(message: Heard): Promise<void> {
    const { first, body } = message;
    if (first.startsWith("SIP/2.0")) return this.#answered(message);
    if (first.startsWith("INVITE")) {
      const sdp = (await this.#browser.evaluate(`answer(${JSON.stringify(body)})`)) as string;
      return this.#respond(message, "200 OK", sdp);
    }
    if (first.startsWith("ACK")) return say("Call established");
    this.#respond(message, "200 OK");
    if (first.startsWith("BYE")) say("session closed: by the other end");
  }

  async #answered(response: Heard): Promise<void> {
    const status = Number(response.first.split(" ")[1]);
    if (response.header("cseq") !== "1 INVITE" || status < 200) return;
    this.#dialog = {
      ...this.#dialog!,
      to: response.header("to"),
      target: /<([^>]+)>/.exec(response.header("contact"))?.[1] ?? this.#dialog!.target,
    };
    this.#request("ACK", 1);
    if (status >= 300) return say(`session closed: ${response.first.slice(8)}`);
    await this.#browser.evaluate(`take("answer", ${JSON.stringify(response.body)})`);
    say("Call established");
  }

  async #keep(): Promise<void> {
    const samples = (await this.#browser.evaluate("fetchHeard()")) as string;
    appendFileSync(this.#file, Buffer.from(samples, "base64"));
    if (!this.#plan.video || this.#hasSeen) return;
    this.#hasSeen = Number(await this.#browser.evaluate("seen()")) >= PICTURES_MIN;
    if (this.#hasSeen) say("sees the other end");
  }
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function heardOf(head: string, body: string): Heard {
  const [first = "", ...lines] = head.split("\r\n");
  const header = (name: string): string => {
    const values = lines.filter((line) => line.toLowerCase().startsWith(`${name}:`));
    return values.map((line) => line.slice(name.length + 1).trim()).join(", ");
  };
  return { first, body, header };
}

/** Of a file that isn't closed yet: mono, 16 bits. */
function wavHeader(): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("RIFF\0\0\0\0WAVEfmt ", 0, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(2 * RATE, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  return header;
}

const phone = new BrowserPhone(JSON.parse(process.argv[2]!) as BrowserPlan);
process.on("SIGTERM", () => phone.stop());
process.on("unhandledRejection", (error) => {
  say(`fault: ${String(error)}`);
  process.exit(1);
});
await phone.start();
