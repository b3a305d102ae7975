import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MediaCommand, StreamCounters } from "#media";
import { addon } from "#native";
import { Channel, found, inherited } from "./channel.ts";
import { type MediaListener, type MediaPlane, noCounters } from "./media-plane.ts";
import { type Hello, OtherVersion } from "./plane-word.ts";

const HOST = fileURLToPath(new URL("host.ts", import.meta.url));
/** The runtime keeps a thread for its debugger otherwise, which no signal reaches (native/src/capabilities.cc). */
const FLAGS = ["--disable-sigusr1"];
/** A plane that lived this long has nothing wrong with it: its end is answered at once. */
const SOUND_LIFE_MS = 10_000;
const RESTART_DELAY_MS = 100;
const RESTART_DELAY_MAX_MS = 5000;
/** How long an ending plane may take before it is killed. */
const CLOSE_MS = 2000;

/** How long a plane that was found may take to say what it has. */
const GREETING_MS = 3000;

export interface PlaneOptions {
  /** Our addresses whose plain streams the kernel may relay by itself; none: it doesn't. */
  readonly kernelAddresses?: readonly string[];
  /**
   * The path of a Unix socket in a folder that is the owner's alone, at most 100 characters: there
   * the next gateway finds the plane when this one has died.
   */
  readonly rendezvous?: string;
  /** How long streams go on then; 0: not at all. */
  readonly outliveS?: number;
}

/**
 * Starts the plane in a process of its own, which is started again whenever it dies; or takes over
 * the one that has outlived another gateway.
 */
export async function startPlaneProcess(options: PlaneOptions = {}): Promise<PlaneProcess> {
  const plane = new PlaneProcess(options);
  await plane.start();
  return plane;
}

/** One life of the plane's process. */
interface Life {
  /** Absent: it was found. */
  readonly child?: ChildProcess;
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
  /** The streams that it had when it was found. */
  found: readonly string[] = [];
  #hello: Hello = {
    ...{ pid: 0, streams: 0, callsMax: 0, fingerprint: "", fingerprint384: "" },
    ...{ kernelFault: "off", xdpFault: "off" },
  };
  #outliveS: number;
  #shortLives = 0;
  #restart: NodeJS.Timeout | undefined;
  #closing: boolean = false;

  constructor(options: PlaneOptions) {
    this.#options = options;
    this.#outliveS = options.outliveS ?? 0;
  }

  get callsMax(): number {
    return this.#hello.callsMax;
  }

  get fingerprint(): string {
    return this.#hello.fingerprint;
  }

  get fingerprint384(): string {
    return this.#hello.fingerprint384;
  }

  /** Why the kernel relays nothing by itself; "" when it does. */
  get kernelFault(): string {
    return this.#hello.kernelFault;
  }

  /** Why what has keys goes by sockets; "" when it goes past the network stack. */
  get xdpFault(): string {
    return this.#hello.xdpFault;
  }

  /** The process now alive. */
  get pid(): number | undefined {
    return this.#life && (this.#life.child?.pid ?? this.#hello.pid);
  }

  /** Fails when the plane doesn't come up at all. */
  async start(): Promise<void> {
    if (await this.#adopt()) return;
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

  /** How long streams go on when the gateway dies; 0: not at all. */
  outlive(forS: number): void {
    this.#outliveS = forS;
    this.#life?.channel.outlive(forS);
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
    const { pid } = this;
    const killer = setTimeout(() => pid && kill(pid), CLOSE_MS);
    await Promise.all([life.channel.close(), life.over]);
    clearTimeout(killer);
  }

  /** Ends the plane here and now. */
  kill(): void {
    const { pid } = this;
    if (pid !== undefined) kill(pid);
  }

  /** Goes, and leaves the plane with its streams to the next gateway. */
  leave(): void {
    this.#closing = true;
    clearTimeout(this.#restart);
    this.#life?.channel.leave();
  }

  /**
   * Takes over a plane that has outlived its gateway; false where there is none. One that doesn't
   * greet has its gateway still: it and its calls are left alone.
   */
  async #adopt(): Promise<boolean> {
    const { rendezvous } = this.#options;
    if (rendezvous === undefined) return false;
    const channel = new Channel(found(rendezvous), (event) => this.#listener(event));
    let isMute = false;
    const patience = setTimeout(() => {
      isMute = true;
      channel.leave();
    }, GREETING_MS);
    try {
      this.#hello = await channel.ready;
    } catch (error) {
      // Built by another version: nothing is to be had of it, and it holds ports.
      if (error instanceof OtherVersion) kill(error.pid);
      const isCrowded = error instanceof Error && "code" in error && error.code === "EAGAIN";
      if (isMute || isCrowded) throw new Error(`${rendezvous} is in use by another gateway`);
      return false;
    } finally {
      clearTimeout(patience);
    }
    this.found = channel.streams;
    const bornAt = performance.now() - SOUND_LIFE_MS;
    this.#live({ channel, bornAt, over: channel.ended });
    return true;
  }

  #bear(): Life {
    const [ours, theirs] = addon().socketPair();
    // In a group of its own: a Ctrl-C in the terminal isn't meant for it.
    const { rendezvous, kernelAddresses = [] } = this.#options;
    const meeting = rendezvous === undefined ? -1 : addon().listenAt(rendezvous);
    const child = spawn(process.execPath, [...FLAGS, HOST, ...kernelAddresses], {
      stdio: ["ignore", "ignore", "inherit", theirs, meeting < 0 ? "ignore" : meeting],
      env: {},
      detached: true,
    });
    closeSync(theirs);
    if (meeting >= 0) closeSync(meeting);
    const channel = new Channel(inherited(ours), (event) => this.#listener(event));
    const over = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    return this.#live({ child, channel, bornAt: performance.now(), over });
  }

  #live(life: Life): Life {
    this.#life = life;
    if (this.#outliveS > 0) life.channel.outlive(this.#outliveS);
    void life.channel.ended.then(() => this.#end(life));
    void Promise.all([life.over, life.channel.ended]).then(() => this.#mourn(life));
    return life;
  }

  /** One that hangs has nothing to be told by, and doesn't end by itself. */
  #end({ child, over }: Life): void {
    if (this.#closing || !child) return;
    const killer = setTimeout(() => child.kill("SIGKILL"), CLOSE_MS);
    void over.then(() => clearTimeout(killer));
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
        const { fingerprint, fingerprint384 } = hello;
        this.#listener({ kind: "restarted", fingerprint, fingerprint384 });
      },
      () => {},
    );
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
