import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MediaCommand, StreamCounters } from "#media";
import { addon } from "#native";
import { Channel } from "./channel.ts";
import type { Hello } from "./frames.ts";
import { type MediaListener, type MediaPlane, noCounters } from "./media-plane.ts";

const HOST = fileURLToPath(new URL("host.ts", import.meta.url));
/** A plane that lived this long has nothing wrong with it: its end is answered at once. */
const SOUND_LIFE_MS = 10_000;
const RESTART_DELAY_MS = 100;
const RESTART_DELAY_MAX_MS = 5000;
/** How long an ending plane may take before it is killed. */
const CLOSE_MS = 2000;

export interface PlaneOptions {
  /** Our addresses whose plain streams the kernel may relay by itself; none: it doesn't. */
  readonly kernelAddresses?: readonly string[];
}

/** Starts the plane in a process of its own, which is started again whenever it dies. */
export async function startPlaneProcess(options: PlaneOptions = {}): Promise<PlaneProcess> {
  const plane = new PlaneProcess(options);
  await plane.start();
  return plane;
}

/** One life of the plane's process. */
interface Life {
  readonly child: ChildProcess;
  readonly channel: Channel;
  readonly bornAt: number;
  /** Resolves when the process has ended. */
  readonly over: Promise<void>;
}

/** The plane as a process of its own: a crash there takes no call's signalling with it. */
export class PlaneProcess implements MediaPlane {
  readonly #options: PlaneOptions;
  #life: Life | undefined;
  #listener: MediaListener = () => {};
  #hello: Hello = { callsMax: 0, fingerprint: "", kernelFault: "off" };
  #shortLives = 0;
  #restart: NodeJS.Timeout | undefined;
  #closing: boolean = false;

  constructor(options: PlaneOptions) {
    this.#options = options;
  }

  get callsMax(): number {
    return this.#hello.callsMax;
  }

  get fingerprint(): string {
    return this.#hello.fingerprint;
  }

  /** Why the kernel relays nothing by itself; "" when it does. */
  get kernelFault(): string {
    return this.#hello.kernelFault;
  }

  /** The process now alive. */
  get pid(): number | undefined {
    return this.#life?.child.pid;
  }

  /** Fails when the plane doesn't come up at all. */
  async start(): Promise<void> {
    const life = this.#bear();
    try {
      this.#hello = await life.channel.ready;
    } catch (error) {
      this.#closing = true;
      throw error;
    }
  }

  /** While the plane is down nothing is opened: after `restarted` all streams are, once more. */
  perform(command: MediaCommand): void {
    if (this.#life) this.#life.channel.perform(command);
    else if (command.kind === "close") {
      queueMicrotask(() => this.#listener({ kind: "closed", counters: noCounters(command.id) }));
    }
  }

  onEvent(listener: MediaListener): void {
    this.#listener = listener;
  }

  counters(ids?: readonly string[]): Promise<StreamCounters[]> {
    return this.#life?.channel.counters(ids) ?? Promise.resolve([]);
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    const life = this.#life;
    if (!life) return;
    const killer = setTimeout(() => life.child.kill("SIGKILL"), CLOSE_MS);
    await Promise.all([life.channel.close(), life.over]);
    clearTimeout(killer);
  }

  #bear(): Life {
    const [ours, theirs] = addon().socketPair();
    // In a group of its own: a Ctrl-C in the terminal isn't meant for it.
    const child = spawn(process.execPath, [HOST, ...(this.#options.kernelAddresses ?? [])], {
      stdio: ["ignore", "ignore", "inherit", theirs],
      env: {},
      detached: true,
    });
    closeSync(theirs);
    const channel = new Channel(ours, (event) => this.#listener(event));
    const over = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    const life: Life = { child, channel, bornAt: performance.now(), over };
    this.#life = life;
    void Promise.all([over, channel.ended]).then(() => this.#mourn(life));
    return life;
  }

  #mourn(life: Life): void {
    this.#life = undefined;
    if (this.#closing) return;
    const sound = performance.now() - life.bornAt >= SOUND_LIFE_MS;
    this.#shortLives = sound ? 0 : this.#shortLives + 1;
    const doublings = this.#shortLives - 2;
    const delay = doublings < 0 ? 0 : RESTART_DELAY_MS * 2 ** doublings;
    this.#restart = setTimeout(() => this.#revive(), Math.min(delay, RESTART_DELAY_MAX_MS));
  }

  #revive(): void {
    const life = this.#bear();
    // The gateway hears of it when the new plane listens; a failure is mourned like any other.
    life.channel.ready.then(
      (hello) => {
        this.#hello = hello;
        this.#listener({ kind: "restarted", fingerprint: hello.fingerprint });
      },
      () => {},
    );
  }
}
