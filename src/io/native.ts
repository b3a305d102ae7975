import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** One UDP socket that takes and gives datagrams in batches, as latin1 texts. */
export interface Datagrams {
  readonly fd: number;
  readonly port: number;
  /**
   * Sends texts from the one at `from` on: how many of them need nothing more, and the system's
   * word for what befell the last of these. None with a word: the system has no room at the moment.
   */
  send(
    texts: readonly string[],
    hosts: readonly string[],
    ports: readonly number[],
    from: number,
  ): [settled: number, error?: string];
  /** What came and wasn't kept: for want of room, or because the filter says so. */
  readonly dropped: number;
  /**
   * What the system is to keep of what comes: a program of classic BPF, four words an instruction,
   * that says how much of a datagram; an empty one: all. False when the system refuses it: the
   * former one stays.
   */
  filter(program: Uint32Array): boolean;
  /**
   * To which of the place's two sockets the system is to give what comes, each with a buffer of its
   * own: a program that says 0 or 1. Only what comes to socket 0 is filtered. False when the system
   * refuses.
   */
  steer(program: Uint32Array): boolean;
  close(): void;
}

/**
 * Which of the first `count`, 32 at most, are to be read: a bit for each. Both lists are longer, and
 * the addon's: they are good until it returns.
 */
export type AdmitDatagrams = (
  hosts: readonly string[],
  ports: ArrayLike<number>,
  count: number,
) => number;

/** No text: it wasn't to be read. */
export type ReceiveDatagrams = (
  texts: readonly (string | undefined)[],
  hosts: readonly string[],
  ports: ArrayLike<number>,
) => void;

/** What could not be delivered: texts as far as ICMP repeats them, where to, and the system's words. */
export type LoseDatagrams = (
  texts: readonly string[],
  hosts: readonly string[],
  ports: readonly number[],
  errors: readonly string[],
) => void;

/** What the kernel is to relay by itself. */
export interface KernelPart {
  /** The file with its program, which may be missing. */
  readonly object: string;
  /** Likewise the one that steers what has keys past the network stack. */
  readonly steering: string;
  /** Our addresses that media comes to. */
  readonly addresses: readonly string[];
}

/** The addon's functions; native/src/addon.cc says what they do. */
interface Addon {
  /** Bound and listening, or it throws the system's word (EADDRINUSE). */
  readonly Datagrams: new (
    address: string,
    port: number,
    bufferBytes: number,
    admits: AdmitDatagrams,
    receive: ReceiveDatagrams,
    lost: LoseDatagrams,
  ) => Datagrams;
  /** Two connected Unix sockets, as file descriptors. */
  socketPair(): [number, number];
  /**
   * Makes this process a plane and nothing else: confined, and ended when the plane ends. Where it
   * was told to outlive its gateway another one finds it at the rendezvous, if that listens. Throws
   * what couldn't be confined.
   */
  serve(control: number, rendezvous: number, kernel?: KernelPart): void;
  /** Runs a plane on a thread of its own until its control socket closes. */
  run(control: number, manualClock: boolean): Promise<void>;
  /** A Unix socket that listens at this path, for its owner alone; -1 where that can't be. */
  listenAt(path: string): number;
  /** False when the kernel refuses. */
  setDscp(fd: number, family: 4 | 6, dscp: number): boolean;
}

let loaded: Addon | undefined;

/** Loaded at its first use: whoever needs no media needs no compiler. */
export function addon(): Addon {
  if (!loaded && !existsSync(ADDON))
    throw new Error("the media plane is not compiled: run npm ci, which says what it lacks");
  loaded ??= createRequire(import.meta.url)(ADDON) as Addon;
  return loaded;
}

const ADDON = fileURLToPath(
  new URL("../../native/build/Release/media_plane.node", import.meta.url),
);

/** The kernel's part of the media plane, where clang was there to build it. */
export const KERNEL_OBJECT = fileURLToPath(
  new URL("../../native/build/Release/relay.bpf.o", import.meta.url),
);
export const STEERING_OBJECT = fileURLToPath(
  new URL("../../native/build/Release/steer.bpf.o", import.meta.url),
);
