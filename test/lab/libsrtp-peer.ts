import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { command } from "./command.ts";

const SOURCE = fileURLToPath(new URL("./libsrtp-peer.c", import.meta.url));

export type SrtpPart = "rtp" | "rtcp";

export interface LibsrtpKeys {
  /** By its name in SDP. */
  readonly suite: string;
  /** Master key and salt of what it opens, and of what it seals. */
  readonly inbound: Buffer;
  readonly outbound: Buffer;
  /** The name that it writes into its packets (MKI). */
  readonly mki?: Buffer;
}

/** Why libsrtp can't be a peer here, or `false` when it can: a value for node:test's `skip`. */
export function missingLibsrtp(): string | false {
  const found = spawnSync("cc", ["-E", "-include", "srtp2/srtp.h", "-x", "c", "/dev/null"]);
  return found.status === 0 ? false : "srtp2/srtp.h (libsrtp2-dev) or cc is not installed";
}

/** Builds the program in a folder, and says where it is. */
export function buildLibsrtpPeer(folder: string): string {
  const program = join(folder, "libsrtp-peer");
  command("cc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE, "-lsrtp2");
  return program;
}

/** libsrtp in a program of its own: packets go in and come out by a pipe. */
export class LibsrtpPeer {
  readonly #program: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor(program: string, { suite, inbound, outbound, mki }: LibsrtpKeys) {
    const words = [suite, ...[inbound, outbound, mki].flatMap((key) => key?.toString("hex") ?? [])];
    this.#program = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#program.stdout! });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** The packet as libsrtp sends it. */
  async protect(part: SrtpPart, packet: Buffer): Promise<Buffer> {
    const sealed = await this.#ask("protect", part, packet);
    if (typeof sealed === "string") throw new Error(`libsrtp doesn't protect it: ${sealed}`);
    return sealed;
  }

  /** The packet as libsrtp hears it, or the reason why it doesn't. */
  unprotect(part: SrtpPart, packet: Buffer): Promise<Buffer | string> {
    return this.#ask("unprotect", part, packet);
  }

  async #ask(what: string, part: SrtpPart, packet: Buffer): Promise<Buffer | string> {
    this.#program.stdin!.write(`${what} ${part} ${packet.toString("hex")}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("libsrtp's program has ended");
    return value.startsWith("refused") ? value : Buffer.from(value, "hex");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#program, "close");
    this.#program.stdin!.end();
    await ended;
  }
}
