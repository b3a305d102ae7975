import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** The addon's functions; native/src/addon.cc says what they do. */
interface Addon {
  /** Two connected Unix sockets, as file descriptors. */
  socketPair(): [number, number];
  /** Runs a plane on a thread of its own until its control socket closes. */
  run(control: number, manualClock: boolean): Promise<void>;
  /** Ends `run` as if the other end had closed. */
  stop(control: number): void;
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
  new URL("../../../native/build/Release/media_plane.node", import.meta.url),
);
