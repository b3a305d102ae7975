import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PLACES } from "./options.ts";

/** The ports of one call: those of its parties, or those of the relay towards them. */
export interface CallPorts {
  readonly public: number;
  readonly private: number;
}

/** What the public parties and the private ones speak. */
export type Variant = "plain" | "srtp-rtp" | "srtp-srtp";

/**
 * What they protect their packets with, where they do. Two suites: where both sides have the same
 * one, rtpengine hands the keys on and has nothing to open or protect.
 */
export const SUITES = {
  public: "AES_CM_128_HMAC_SHA1_80",
  private: "AES_CM_128_HMAC_SHA1_32",
} as const;

/** Base64 of the key that every talker with SRTP protects its packets with. */
export const TALKERS_KEY = Buffer.alloc(30, 7).toString("base64");

export interface Talk {
  readonly sent: number;
  readonly heard: number;
  /** Percentiles 50, 99 and 99.9 of the way through the relay, in µs; of all that came. */
  readonly delayUs: readonly [number, number, number];
}

/** Compiles the program that plays the parties; its path. */
export function buildTalkers(): string {
  const program = join(mkdtempSync(join(tmpdir(), "talkers-")), "talkers");
  const source = new URL("talkers.cc", import.meta.url).pathname;
  const native = new URL("../../native/src/", import.meta.url).pathname;
  const modules = new URL("../../node_modules/", import.meta.url).pathname;
  const sources = ["srtp_sender.cc", "srtp_cipher.cc", "srtp_keys.cc", "rtp.cc"];
  const { status, stderr } = spawnSync("g++", [
    ...["-O2", "-std=c++20", "-isystem", `${modules}node-linux-${process.arch}/include/node`],
    ...["-o", program, source, ...sources.map((one) => native + one), "-l:libcrypto.so.3"],
  ]);
  if (status !== 0) throw new Error(`talkers.cc doesn't compile: ${stderr}`);
  return program;
}

export interface TalkPlan {
  /** The network namespace that the parties are in. */
  readonly namespace: string;
  readonly urgent: boolean;
  readonly calls: number;
  readonly seconds: number;
  readonly variant: Variant;
  /** Opens the calls: told the parties' ports, says the relay's. */
  readonly open: (parties: readonly CallPorts[]) => Promise<readonly CallPorts[]>;
  /** Called when the first packet is about to leave. */
  readonly started: (talkersPid: number) => void;
}

/** Plays both parties of so many calls through a relay. */
export async function talk(program: string, plan: TalkPlan): Promise<Talk> {
  const { namespace, urgent, calls, seconds, variant } = plan;
  const first = urgent ? ["chrt", "-r", "1"] : [];
  const within = ["netns", "exec", namespace, ...first, "taskset", "-c", "0", program];
  const { public: outer, private: inner } = PLACES;
  const places = [outer.talkers, inner.talkers, outer.relay, inner.relay];
  const child = spawn("ip", [...within, String(calls), String(seconds), variant, ...places], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ports: number[] = [];
  for (let line = await lines.next(); line.value !== "ready"; line = await lines.next()) {
    if (line.done) throw new Error("the talkers ended early: too many open files?");
    ports.push(Number(line.value));
  }
  const parties = Array.from({ length: calls }, (_, i) => ({
    public: ports[2 * i]!,
    private: ports[2 * i + 1]!,
  }));
  const ours = await plan.open(parties);
  child.stdin.write(ours.map((call) => `${call.public} ${call.private}\n`).join(""));
  // The first second is for the relay to learn who speaks, and isn't counted.
  await lines.next();
  plan.started(child.pid!);
  const { value } = await lines.next();
  await once(child, "exit");
  return JSON.parse(value as string) as Talk;
}
