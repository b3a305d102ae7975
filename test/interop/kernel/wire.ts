import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { SrtpKey, Stream, StreamCounters } from "#media";
import { KERNEL_OBJECT } from "#native";
import { type Host, Lab, missing, type Program } from "../../lab/index.ts";

/** Why the kernel's part can't be tried here, or `false`. */
export const skip =
  missing("setpriv") ||
  (existsSync(KERNEL_OBJECT) ? false : "the kernel's part isn't built: no clang");

const TALKER = fileURLToPath(new URL("talker.ts", import.meta.url));
const CONSOLE = fileURLToPath(new URL("plane-console.ts", import.meta.url));
export const PORTS = { caller: 30_000, callee: 30_002 };
export const PARTY_PORT = 9000;
const PATIENCE_MS = 20_000;
/** Longer than a busy machine may stop all programs at once. */
const SILENCE_S = 8;
const POLL_MS = 100;

interface Told {
  readonly sent: number;
  readonly packets: number;
  readonly heard: number;
  readonly late: number;
  readonly from: readonly string[];
}

/** A program that answers a line by a line. */
async function ask<Answer>(program: Program, question: string, answer: RegExp): Promise<Answer> {
  const before = program.output.length;
  program.type(`${question}\n`);
  const next = new RegExp(`^[^]{${before}}[^]*?^${answer.source}$`, "m");
  return JSON.parse((await program.line(next))[1]!) as Answer;
}

export const told = (talker: Program) => ask<Told>(talker, "tell", /(\{.*\})/);

export const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** The gateway's plane between two hosts, each by a card of its own, IPv4 and IPv6 on both. */
export class Wire {
  readonly lab = new Lab();
  readonly gateway = this.lab.host("gateway");
  readonly outer = this.lab.host("outer");
  readonly inner = this.lab.host("inner");
  plane!: Program;
  readonly #takesKeys: boolean;
  #talkers: Program[] = [];

  /** `takesKeys`: what has keys may go past the network stack too (CAP_NET_RAW). */
  constructor(takesKeys = false) {
    this.#takesKeys = takesKeys;
  }

  async open(): Promise<void> {
    for (const [other, port, net] of [
      [this.outer, "public", ["198.51.100", "2001:db8:51:"]],
      [this.inner, "private", ["10.20.0", "fd20:"]],
    ] as const) {
      const at = (last: number) => [`${net[0]}.${last}/24`, `${net[1]}:${last}/64`];
      await this.lab.cable(
        { host: this.gateway, port, addresses: at(1) },
        { host: other, port, addresses: [...at(2), ...at(3)] },
      );
    }
    this.#stack();
    // No more than it needs.
    const addresses = ["198.51.100.1", "10.20.0.1", "2001:db8:51::1", "fd20::1", "192.0.2.1"];
    this.plane = this.#start(this.gateway, "plane", CONSOLE, addresses, [
      "setpriv",
      `--bounding-set=-all,+net_admin,+bpf${this.#takesKeys ? ",+net_raw" : ""}`,
    ]);
    await this.plane.line(
      this.#takesKeys ? /kernel: on, AF_XDP: on/ : /kernel: on, AF_XDP: .*CAP_NET_RAW/,
    );
  }

  /** An interface of the gateway's on top of its public card, with an address of its own. */
  #stack(): void {
    // Else the card beneath answers for it.
    this.gateway.sysctl("net.ipv4.conf.public.arp_ignore=1");
    const stacked = ["type", "macvlan", "mode", "bridge"];
    this.gateway.ip("link", "add", "stacked", "link", "public", ...stacked);
    this.gateway.address("stacked", "192.0.2.1/24");
    this.gateway.ip("link", "set", "stacked", "up");
    this.outer.address("public", "192.0.2.2/24");
  }

  async talker(
    host: Host,
    address: string,
    port = PARTY_PORT,
    keys: readonly string[] = [],
  ): Promise<Program> {
    const args = [address, String(port), ...keys];
    const talker = this.#start(host, `talker ${address}`, TALKER, args);
    this.#talkers.push(talker);
    await talker.line(/^bound$/m);
    return talker;
  }

  /** Two parties that talk through the plane already. */
  async talk(
    pair: Pair,
    hosts: readonly [Host, Host] = [this.outer, this.inner],
    keyed: readonly Role[] = [],
  ) {
    const keys = (role: Role) =>
      keyed.includes(role) ? [KEYS[role].inbound, KEYS[role].outbound] : [];
    const talkers = [
      await this.talker(hosts[0], pair.peers.caller, PARTY_PORT, keys("caller")),
      await this.talker(hosts[1], pair.peers.callee, PARTY_PORT, keys("callee")),
    ] as const;
    this.order({ kind: "stream", stream: streamOf(pair, { keyed }) });
    await this.counters();
    for (const [i, role] of (["caller", "callee"] as const).entries()) {
      talkers[i]!.type(`to ${pair.ours[role]} ${PORTS[role]}\n`);
    }
    return talkers;
  }

  /** As before the first stream. */
  async settle(): Promise<void> {
    this.order({ kind: "close", id: "call:0" });
    this.order({ kind: "kernel", isOn: true });
    for (const talker of this.#talkers.splice(0)) await talker.stop();
  }

  order(command: object): void {
    this.plane.type(`${JSON.stringify(command)}\n`);
  }

  async counters(): Promise<StreamCounters["ends"]> {
    const [stream] = await ask<StreamCounters[]>(this.plane, "counters", /counters (\[.*\])/);
    return stream!.ends;
  }

  /** Looks again and again until the counters of both ends are so. */
  async until(holds: (ends: StreamCounters["ends"]) => boolean): Promise<StreamCounters["ends"]> {
    const limit = performance.now() + PATIENCE_MS;
    for (;;) {
      const ends = await this.counters();
      if (holds(ends)) return ends;
      assert.ok(performance.now() < limit, JSON.stringify(ends));
      await pause();
    }
  }

  /** What both parties sent has come to the other, each once and in turn, from our port. */
  async allHeard([outer, inner]: readonly [Program, Program], pair: Pair): Promise<void> {
    for (const talker of [outer, inner]) talker.type("quiet\n");
    const sent = [(await told(outer)).sent, (await told(inner)).sent] as const;
    await this.until(
      ({ caller, callee }) => caller.packetsIn >= sent[0] && callee.packetsIn >= sent[1],
    );
    const [atOuter, atInner] = [await told(outer), await told(inner)];
    assert.deepEqual(
      [atInner.heard, atInner.packets, atInner.late, atInner.from],
      [sent[0], sent[0], 0, [`${pair.ours.callee} ${PORTS.callee}`]],
    );
    assert.deepEqual(
      [atOuter.heard, atOuter.packets, atOuter.late, atOuter.from],
      [sent[1], sent[1], 0, [`${pair.ours.caller} ${PORTS.caller}`]],
    );
    const { caller, callee } = await this.counters();
    assert.deepEqual([caller.packetsIn, callee.packetsIn], sent);
    assert.deepEqual([caller.packetsOut, callee.packetsOut], [sent[1], sent[0]]);
    assert.deepEqual([caller.lost, caller.duplicates, caller.drops], [0, 0, {}]);
    assert.ok(caller.jitterMs !== undefined && caller.jitterMs < 20);
  }

  #start(
    host: Host,
    name: string,
    script: string,
    args: readonly string[],
    under: readonly string[] = [],
  ): Program {
    const command = [...under, process.execPath, script, ...args];
    return host.start({ name, command, listening: true });
  }
}

export interface Pair {
  readonly ours: { readonly caller: string; readonly callee: string };
  readonly peers: { readonly caller: string; readonly callee: string };
}

export type Role = "caller" | "callee";

const keyOf = (byte: number): string => Buffer.alloc(30, byte).toString("base64");
/** Each party's own key, and ours towards it. */
const KEYS = {
  caller: { inbound: keyOf(1), outbound: keyOf(2) },
  callee: { inbound: keyOf(3), outbound: keyOf(4) },
};

/** A key as the console reads it. */
const written = (keySalt: string) =>
  ({ suite: "AES_CM_128_HMAC_SHA1_80", keySalt }) as unknown as SrtpKey;

const srtpOf = (role: Role) => ({
  inbound: written(KEYS[role].inbound),
  outbound: written(KEYS[role].outbound),
});

interface Described {
  readonly remotePort?: number;
  /** The sides with SRTP. */
  readonly keyed?: readonly Role[];
}

export function streamOf({ ours, peers }: Pair, described: Described = {}): Stream {
  const { remotePort = PARTY_PORT, keyed = [] } = described;
  const end = (role: Role) => ({
    localAddress: ours[role],
    port: PORTS[role],
    rtcpPort: PORTS[role] + 1,
    remoteAddress: peers[role],
    remotePort,
    latch: false,
    dscp: 46,
    formats: [{ payloadType: 0, encoding: "pcmu", clockHz: 8000 }],
    ...(keyed.includes(role) && { srtp: srtpOf(role) }),
  });
  const ends = { caller: end("caller"), callee: end("callee") };
  return { id: "call:0", callId: "call", kind: "rtp", silenceS: SILENCE_S, ends };
}

export const both = (holds: (counters: StreamCounters["ends"]["caller"]) => boolean) => {
  return ({ caller, callee }: StreamCounters["ends"]) => holds(caller) && holds(callee);
};
