import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Stream, StreamCounters } from "#media";
import { KERNEL_OBJECT } from "#native";
import { type Host, Lab, missing, type Program } from "../lab/index.ts";

// Plain streams go by the kernel alone: between real interfaces of network namespaces, by IPv4 and
// IPv6, between two cards and by one; and nobody hears when they begin to, cease to, or the plane dies.

const skip =
  missing("setpriv") ||
  (existsSync(KERNEL_OBJECT) ? false : "the kernel's part isn't built: no clang");

const TALKER = fileURLToPath(new URL("kernel/talker.ts", import.meta.url));
const CONSOLE = fileURLToPath(new URL("kernel/plane-console.ts", import.meta.url));
const PORTS = { caller: 30_000, callee: 30_002 };
const PARTY_PORT = 9000;
const PATIENCE_MS = 20_000;
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

const told = (talker: Program) => ask<Told>(talker, "tell", /(\{.*\})/);

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));

class Wire {
  readonly lab = new Lab();
  readonly gateway = this.lab.host("gateway");
  readonly outer = this.lab.host("outer");
  readonly inner = this.lab.host("inner");
  plane!: Program;

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
    // No more than it needs: CAP_BPF and CAP_NET_ADMIN.
    const addresses = ["198.51.100.1", "10.20.0.1", "2001:db8:51::1", "fd20::1"];
    this.plane = this.#start(this.gateway, "plane", CONSOLE, addresses, [
      "setpriv",
      "--bounding-set=-all,+net_admin,+bpf",
    ]);
    await this.plane.line(/kernel: on/);
  }

  async talker(host: Host, address: string, port = PARTY_PORT): Promise<Program> {
    const talker = this.#start(host, `talker ${address}`, TALKER, [address, String(port)]);
    await talker.line(/^bound$/m);
    return talker;
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

interface Pair {
  readonly ours: { readonly caller: string; readonly callee: string };
  readonly peers: { readonly caller: string; readonly callee: string };
}

function streamOf({ ours, peers }: Pair, remotePort = PARTY_PORT): Stream {
  const end = (role: "caller" | "callee") => ({
    localAddress: ours[role],
    port: PORTS[role],
    rtcpPort: PORTS[role] + 1,
    remoteAddress: peers[role],
    remotePort,
    latch: false,
    dscp: 46,
    formats: [{ payloadType: 0, encoding: "pcmu", clockHz: 8000 }],
  });
  const ends = { caller: end("caller"), callee: end("callee") };
  return { id: "call:0", callId: "call", kind: "rtp", silenceS: 3, ends };
}

const TWO_CARDS: Pair = {
  ours: { caller: "198.51.100.1", callee: "10.20.0.1" },
  peers: { caller: "198.51.100.2", callee: "10.20.0.2" },
};

describe("plain streams go by the kernel", { skip }, () => {
  const wire = new Wire();
  let talkers: Program[] = [];

  before(() => wire.open());
  after(() => wire.lab.close());
  afterEach(async () => {
    wire.order({ kind: "close", id: "call:0" });
    wire.order({ kind: "kernel", isOn: true });
    for (const talker of talkers) await talker.stop();
    talkers = [];
  });

  /** Two parties that talk through the plane already. */
  async function talk(pair: Pair, hosts: readonly [Host, Host]) {
    talkers = [
      await wire.talker(hosts[0], pair.peers.caller),
      await wire.talker(hosts[1], pair.peers.callee),
    ];
    wire.order({ kind: "stream", stream: streamOf(pair) });
    await wire.counters();
    for (const [i, role] of (["caller", "callee"] as const).entries()) {
      talkers[i]!.type(`to ${pair.ours[role]} ${PORTS[role]}\n`);
    }
    return talkers as [Program, Program];
  }

  const both = (holds: (counters: StreamCounters["ends"]["caller"]) => boolean) => {
    return ({ caller, callee }: StreamCounters["ends"]) => holds(caller) && holds(callee);
  };

  /** What both parties sent has come to the other, each once and in turn, from our port. */
  async function allHeard([outer, inner]: readonly [Program, Program], pair: Pair): Promise<void> {
    for (const talker of [outer, inner]) talker.type("quiet\n");
    const sent = [(await told(outer)).sent, (await told(inner)).sent] as const;
    await wire.until(
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
    const { caller, callee } = await wire.counters();
    assert.deepEqual([caller.packetsIn, callee.packetsIn], sent);
    assert.deepEqual([caller.packetsOut, callee.packetsOut], [sent[1], sent[0]]);
    assert.deepEqual([caller.lost, caller.duplicates, caller.drops], [0, 0, {}]);
    assert.ok(caller.jitterMs !== undefined && caller.jitterMs < 20);
  }

  test("IPv4, two cards: none is lost when it is turned on, off and on again", async () => {
    const pair = await talk(TWO_CARDS, [wire.outer, wire.inner]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    wire.order({ kind: "kernel", isOn: false });
    const off = await wire.counters();
    const later = await wire.until(both(({ packetsIn }) => packetsIn > off.caller.packetsIn + 200));
    assert.equal(later.caller.packetsByKernel, off.caller.packetsByKernel);
    wire.order({ kind: "kernel", isOn: true });
    await wire.until(
      both(({ packetsByKernel }) => packetsByKernel > off.caller.packetsByKernel + 200),
    );
    await allHeard(pair, TWO_CARDS);
  });

  test("IPv6, two cards", async () => {
    const ipv6 = {
      ours: { caller: "2001:db8:51::1", callee: "fd20::1" },
      peers: { caller: "2001:db8:51::2", callee: "fd20::2" },
    };
    const pair = await talk(ipv6, [wire.outer, wire.inner]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    await allHeard(pair, ipv6);
  });

  test("IPv4, both sides by one card", async () => {
    const one = {
      ours: { caller: "198.51.100.1", callee: "198.51.100.1" },
      peers: { caller: "198.51.100.2", callee: "198.51.100.3" },
    };
    const pair = await talk(one, [wire.outer, wire.outer]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    await allHeard(pair, one);
  });

  test("a route that changes is followed, and one that goes leaves it to the sockets", async () => {
    const far = {
      ours: TWO_CARDS.ours,
      peers: { caller: "198.51.100.2", callee: "203.0.113.9" },
    };
    wire.inner.address("lo", "203.0.113.9/32");
    wire.gateway.route("203.0.113.9", "10.20.0.2");
    const pair = await talk(far, [wire.outer, wire.inner]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    wire.gateway.ip("route", "replace", "203.0.113.9", "via", "10.20.0.3");
    const moved = await wire.counters();
    await wire.until(
      both(({ packetsByKernel }) => packetsByKernel > moved.caller.packetsByKernel + 400),
    );
    await allHeard(pair, far);
  });

  test("a source that isn't the agreed one comes to the sockets, which refuse it", async () => {
    await talk(TWO_CARDS, [wire.outer, wire.inner]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 0));
    const stranger = await wire.talker(wire.outer, "198.51.100.3");
    stranger.type(`to 198.51.100.1 ${PORTS.caller}\n`);
    talkers.push(stranger);
    await wire.until(({ caller }) => (caller.drops["foreign-source"] ?? 0) > 20);
    const { from, packets, heard } = await told(talkers[1]!);
    assert.deepEqual(from, [`10.20.0.1 ${PORTS.callee}`]);
    assert.equal(packets, heard);
  });

  test("who speaks by the kernel isn't silent, and is told of when he ceases", async () => {
    const [outer, inner] = await talk(TWO_CARDS, [wire.outer, wire.inner]);
    // Of silence one hears after 3 s.
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 1200));
    assert.doesNotMatch(wire.plane.output, /^silent$/m);
    for (const talker of [outer, inner]) talker.type("quiet\n");
    await wire.plane.line(/^silent$/m);
  });

  test("a plane that is killed takes its part in the kernel with it", async () => {
    const [, inner] = await talk(TWO_CARDS, [wire.outer, wire.inner]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    const [, pid] = await wire.plane.line(/^plane (\d+),/m);
    process.kill(Number(pid), "SIGKILL");
    await wire.plane.line(/^restarted as \d+$/m);
    const { packets } = await told(inner);
    await pause();
    assert.equal((await told(inner)).packets, packets);
    wire.order({ kind: "stream", stream: streamOf(TWO_CARDS) });
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    assert.ok((await told(inner)).packets > packets + 200);
  });
});
