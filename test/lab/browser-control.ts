import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** What the browser answers to one command of its protocol. */
interface Answer {
  readonly id?: number;
  readonly result?: {
    readonly targetInfos?: readonly { readonly targetId: string; readonly type: string }[];
    readonly sessionId?: string;
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: unknown;
  };
  readonly error?: { readonly message: string };
}

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--autoplay-policy=no-user-gesture-required",
  "--remote-debugging-pipe",
];

/** A headless Chromium with one page, asked by its debugging pipe (descriptors 3 and 4). */
export class BrowserControl {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #rest = "";
  #last = 0;
  #page: string | undefined;

  constructor(profile: string) {
    this.#child = spawn("chromium", [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    (this.#child.stdio[4] as Readable).setEncoding("utf8").on("data", (text) => this.#read(text));
  }

  async open(): Promise<void> {
    const found = await this.#ask("Target.getTargets", {});
    const page = found.result?.targetInfos?.find(({ type }) => type === "page");
    const { targetId } = page ?? {};
    const attached = await this.#ask("Target.attachToTarget", { targetId, flatten: true });
    this.#page = attached.result?.sessionId;
  }

  /** What an expression comes to in the page; its error is ours. */
  async evaluate(expression: string): Promise<unknown> {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, error } = await this.#ask("Runtime.evaluate", asked);
    const wrong = error ?? result?.exceptionDetails;
    if (wrong) throw new Error(`the page: ${JSON.stringify(wrong).slice(0, 500)}`);
    return result?.result?.value;
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }

  #ask(method: string, params: object): Promise<Answer> {
    const id = ++this.#last;
    const sessionId = this.#page;
    const pipe = this.#child.stdio[3] as Writable;
    pipe.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    return new Promise((resolve) => this.#asked.set(id, resolve));
  }

  #read(text: string): void {
    const messages = (this.#rest + text).split("\0");
    this.#rest = messages.pop() ?? "";
    for (const message of messages) {
      const answer = JSON.parse(message) as Answer;
      this.#asked.get(answer.id ?? 0)?.(answer);
      this.#asked.delete(answer.id ?? 0);
    }
  }
}
