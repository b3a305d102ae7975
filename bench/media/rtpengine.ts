import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { PLACES } from "./options.ts";
import { type CallPorts, SUITES, TALKERS_KEY, type Variant } from "./talkers.ts";

const NG_PORT = 22_222;
const START_TRIES = 50;

type Value = string | number | readonly Value[] | { readonly [key: string]: Value };

/** rtpengine in user space, driven by its own control protocol (ng over UDP). */
export class Rtpengine {
  readonly #child: ChildProcess;
  readonly #socket = createSocket("udp4");
  readonly #answers = new Map<string, (answer: string) => void>();
  #cookie = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#socket.on("message", (bytes) => {
      const text = bytes.toString("latin1");
      const cookie = text.slice(0, text.indexOf(" "));
      this.#answers.get(cookie)?.(text);
      this.#answers.delete(cookie);
    });
  }

  static async start(): Promise<Rtpengine> {
    const options = {
      "listen-ng": `127.0.0.1:${NG_PORT}`,
      table: "-1",
      "port-min": "40000",
      "port-max": "59999",
      "log-level": "3",
      pidfile: "/dev/null",
    };
    const sides = (["public", "private"] as const).map(
      (side) => `--interface=${side}/${PLACES[side].relay}`,
    );
    const args = [
      ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
      ...sides,
    ];
    const child = spawn("rtpengine", ["--foreground", "--log-stderr", ...args], {
      stdio: "ignore",
    });
    const engine = new Rtpengine(child);
    for (let left = START_TRIES; left > 0; left--) {
      if ((await engine.#ask({ command: "ping" }, 200))?.includes("pong")) return engine;
    }
    child.kill();
    throw new Error("rtpengine doesn't answer");
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Opens the ports of one call between these parties. */
  async open(id: string, parties: CallPorts, variant: Variant): Promise<CallPorts> {
    const common = { "call-id": id, "from-tag": "a", ICE: "remove" };
    const [outer, inner] = [variant !== "plain", variant === "srtp-srtp"];
    const offered = await this.#ask({
      ...common,
      command: "offer",
      direction: ["public", "private"],
      "transport-protocol": inner ? "RTP/SAVP" : "RTP/AVP",
      sdp: sdpOf("public", parties.public, outer ? "1" : undefined),
    });
    const tag = new RegExp(`a=crypto:(\\d+) ${SUITES.private} `).exec(offered ?? "")?.[1];
    if (inner && tag === undefined) throw new Error(`rtpengine offers no ${SUITES.private}`);
    const answered = await this.#ask({
      ...common,
      command: "answer",
      "to-tag": "b",
      sdp: sdpOf("private", parties.private, inner ? tag : undefined),
    });
    return { private: portOf(offered), public: portOf(answered) };
  }

  async close(id: string): Promise<void> {
    await this.#ask({ command: "delete", "call-id": id, "from-tag": "a", "delete-delay": 0 });
  }

  async stop(): Promise<void> {
    this.#socket.close();
    this.#child.kill();
    await once(this.#child, "exit");
  }

  #ask(command: Record<string, Value>, patienceMs = 2000): Promise<string | undefined> {
    const cookie = String(++this.#cookie);
    this.#socket.send(`${cookie} ${bencode(command)}`, NG_PORT, "127.0.0.1");
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), patienceMs);
      this.#answers.set(cookie, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }
}

/** `tag`: of the key, where there is one. */
function sdpOf(side: keyof typeof PLACES, port: number, tag: string | undefined): string {
  const host = PLACES[side].talkers;
  const lines = ["v=0", `o=- 1 1 IN IP4 ${host}`, "s=-", `c=IN IP4 ${host}`, "t=0 0"];
  lines.push(`m=audio ${port} RTP/${tag === undefined ? "AVP" : "SAVP"} 0`);
  if (tag !== undefined) lines.push(`a=crypto:${tag} ${SUITES[side]} inline:${TALKERS_KEY}`);
  return `${lines.join("\r\n")}\r\n`;
}

function portOf(answer: string | undefined): number {
  const port = /m=audio (\d+) /.exec(answer ?? "")?.[1];
  if (port === undefined) throw new Error(`rtpengine refused: ${answer ?? "no answer"}`);
  return Number(port);
}

function bencode(value: Value): string {
  if (typeof value === "string") return `${value.length}:${value}`;
  if (typeof value === "number") return `i${value}e`;
  if (Array.isArray(value)) return `l${value.map(bencode).join("")}e`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `d${entries.map(([name, of]) => bencode(name) + bencode(of)).join("")}e`;
}
