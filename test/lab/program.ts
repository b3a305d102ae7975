import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const OUTPUT_CHARACTERS_MAX = 4_000_000;
const PATIENCE_MS = 15_000;
const STOP_PATIENCE_MS = 5_000;
const POLL_MS = 10;

/** How to start a program in one network namespace. */
export interface Launch {
  /** What failures and the report call it. */
  readonly name: string;
  readonly namespace: string;
  readonly command: readonly string[];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The one core it may run on. */
  readonly core?: number;
  /** Whether it takes commands (`type`); others find an empty standard input. */
  readonly listening?: boolean;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program: what it prints, what it listens on, how it ends. */
export class Program {
  readonly name: string;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #output = "";
  #end: Ended | undefined;

  constructor(launch: Launch) {
    const pin = launch.core === undefined ? [] : ["taskset", "-c", String(launch.core)];
    const command = ["netns", "exec", launch.namespace, ...pin, ...launch.command];
    this.name = launch.name;
    this.#child = spawn("ip", command, {
      cwd: launch.folder,
      env: { ...process.env, HOME: launch.folder, ...launch.env },
      stdio: [launch.listening === true ? "pipe" : "ignore", "pipe", "pipe"],
    });
    // What is typed to a program that has just ended is lost, and no error of ours.
    this.#child.stdin?.on("error", () => {});
    // `ip netns exec` and taskset replace themselves, so this is the program's own id.
    this.pid = this.#child.pid ?? 0;
    this.#child.stdout?.setEncoding("latin1").on("data", (text: string) => this.#take(text));
    this.#child.stderr?.setEncoding("latin1").on("data", (text: string) => this.#take(text));
    this.ended = new Promise((resolve) => {
      const settle = (end: Ended): void => {
        this.#end = end;
        resolve(end);
        for (const watcher of this.#watchers) watcher();
      };
      this.#child.once("error", () => settle({ code: 127, signal: null }));
      this.#child.once("close", (code, signal) => settle({ code, signal }));
    });
  }

  /** All it has printed, both streams together. */
  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return this.#end === undefined;
  }

  /** The first match of `pattern` in what it printed or will print. */
  line(pattern: RegExp, withinMs = PATIENCE_MS): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(alarm);
        this.#watchers.delete(look);
        act();
      };
      const look = (): void => {
        const match = pattern.exec(this.#output);
        if (match !== null) finish(() => resolve(match));
        else if (!this.running) finish(() => reject(this.#complaint(`ended before ${pattern}`)));
      };
      const alarm = setTimeout(
        () => finish(() => reject(this.#complaint(`printed no ${pattern} in ${withinMs} ms`))),
        withinMs,
      );
      this.#watchers.add(look);
      look();
    });
  }

  /** Resolves once a socket of its namespace is bound to the port. */
  async listens(protocol: "udp" | "tcp", port: number, withinMs = PATIENCE_MS): Promise<void> {
    await this.reaches(
      `listens on ${protocol} ${port}`,
      () => isBound(this.pid, protocol, port),
      withinMs,
    );
  }

  /** Looks again and again until `holds`, the program ends, or patience does. */
  async reaches(what: string, holds: () => boolean, withinMs = PATIENCE_MS): Promise<void> {
    const limit = performance.now() + withinMs;
    while (!holds()) {
      if (!this.running) throw this.#complaint(`ended before it ${what}`);
      if (performance.now() > limit) throw this.#complaint(`never ${what} in ${withinMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Resolves when it has ended by itself with code 0; anything else is a failure with its output. */
  async succeeds(withinMs = PATIENCE_MS): Promise<void> {
    const end = await this.#endWithin(withinMs);
    if (end === undefined) {
      await this.stop("SIGKILL");
      throw this.#complaint(`still ran after ${withinMs} ms`);
    }
    if (end.code !== 0) throw this.#complaint(`ended with ${end.code ?? end.signal}`);
  }

  /** Asks it to end, and ends it when it doesn't. */
  async stop(signal: NodeJS.Signals = "SIGTERM", withinMs = STOP_PATIENCE_MS): Promise<Ended> {
    this.signal(signal);
    // A frozen one hears it only once it goes on.
    this.thaw();
    const end = await this.#endWithin(withinMs);
    if (end !== undefined) return end;
    for (const pid of familyOf(this.pid)) signalTo(pid, "SIGKILL");
    // Children that it lost before would hold its output open, and it would never have ended.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    return this.ended;
  }

  /** Keys on its standard input, for a program that is `listening`. */
  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Stops it and what it started where they stand: their ports stay open and nobody answers. */
  freeze(): void {
    for (const pid of familyOf(this.pid)) signalTo(pid, "SIGSTOP");
  }

  /** The opposite: it goes on with what has come since. */
  thaw(): void {
    for (const pid of familyOf(this.pid)) signalTo(pid, "SIGCONT");
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running && this.pid > 0) this.#child.kill(signal);
  }

  async #endWithin(ms: number): Promise<Ended | undefined> {
    let alarm: NodeJS.Timeout | undefined;
    const patience = new Promise<undefined>((resolve) => {
      alarm = setTimeout(() => resolve(undefined), ms);
    });
    const end = await Promise.race([this.ended, patience]);
    clearTimeout(alarm);
    return end;
  }

  #take(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_CHARACTERS_MAX);
    for (const watcher of this.#watchers) watcher();
  }

  #complaint(what: string): Error {
    const tail = this.#output.slice(-3_000).trim();
    return new Error(`${this.name} ${what}; it printed:\n${tail}`);
  }
}

/** A process and its descendants, the eldest first; none once it has ended. */
function familyOf(pid: number): number[] {
  const children = readLines(`/proc/${pid}/task/${pid}/children`)[0];
  if (children === undefined) return [];
  return [pid, ...children.split(" ").filter(Boolean).map(Number).flatMap(familyOf)];
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in between.
  }
}

const LISTENING = "0A";

/** Reads the namespace's own socket tables: nothing is sent to find out. */
function isBound(pid: number, protocol: "udp" | "tcp", port: number): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["", "6"].some((family) =>
    readLines(`/proc/${pid}/net/${protocol}${family}`).some((row) => {
      const [, local, , state] = row.trim().split(/\s+/);
      return local?.endsWith(suffix) === true && (protocol === "udp" || state === LISTENING);
    }),
  );
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "latin1").split("\n");
  } catch {
    return [];
  }
}
