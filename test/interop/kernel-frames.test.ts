import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { type Host, missing, type Program } from "../lab/index.ts";
import { type Datagram, frameOf, type Tag } from "./kernel/frames.ts";
import { both, PARTY_PORT, type Pair, PORTS, skip, streamOf, told, Wire } from "./kernel/wire.ts";

// What no socket sends: frames of VLANs, and packets whose checksums were made before they came to
// the wire, so that a receiver looks at them. Between namespaces the kernel else leaves them out.

// Writes each line of its standard input, in hex, to a card.
const SEND =
  "import socket, sys\n" +
  "card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n" +
  "card.bind((sys.argv[1], 0))\n" +
  "print('open', flush=True)\n" +
  "for line in sys.stdin: card.send(bytes.fromhex(line))";

// Sends each line of its standard input, in hex, as many packets in one, which a card cuts apart
// (UDP_SEGMENT): between namespaces they stay one.
const SEND_MANY =
  "import socket, sys\n" +
  "party = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n" +
  "party.bind((sys.argv[1], int(sys.argv[2])))\n" +
  "party.setsockopt(17, 103, int(sys.argv[5]))\n" +
  "print('open', flush=True)\n" +
  "for line in sys.stdin: party.sendto(bytes.fromhex(line), (sys.argv[3], int(sys.argv[4])))";

const BURST = 50;
const RTP_BYTES = 12 + 161;

const V4: Pair = {
  ours: { caller: "198.51.100.1", callee: "10.20.0.1" },
  peers: { caller: "198.51.100.2", callee: "10.20.0.2" },
};
const V6: Pair = {
  ours: { caller: "2001:db8:51::1", callee: "fd20::1" },
  peers: { caller: "2001:db8:51::2", callee: "fd20::2" },
};
const V4_TO_V6: Pair = {
  ours: { caller: "198.51.100.1", callee: "fd20::1" },
  peers: { caller: "198.51.100.2", callee: "fd20::2" },
};
const V6_TO_V4: Pair = {
  ours: { caller: "2001:db8:51::1", callee: "10.20.0.1" },
  peers: { caller: "2001:db8:51::2", callee: "10.20.0.2" },
};

function cardOf(host: Host, port: string): string {
  return /link\/ether (\S+)/.exec(host.ip("link", "show", "dev", port))![1]!;
}

function rtp(number: number): Buffer {
  const packet = Buffer.alloc(RTP_BYTES, number);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt16BE(number, 2);
  packet.writeUInt32BE(number * 160, 4);
  packet.writeUInt32BE(1, 8);
  packet.writeUInt32BE(number, 12);
  return packet;
}

describe("frames that the kernel's part sees", { skip: skip || missing("python3") }, () => {
  const wire = new Wire();
  let card: Program;
  let cards: { readonly gateway: string; readonly outer: string };
  let sent = 0;

  before(async () => {
    await wire.open();
    card = wire.outer.start({
      name: "card",
      command: ["python3", "-c", SEND, "public"],
      listening: true,
    });
    await card.line(/^open$/m);
    cards = { gateway: cardOf(wire.gateway, "public"), outer: cardOf(wire.outer, "public") };
  });
  after(() => wire.lab.close());
  afterEach(() => wire.settle());

  /** A stream that the kernel relays, whose caller speaks by frames; the callee's program. */
  async function lent(pair: Pair): Promise<Program> {
    sent = 0;
    const callee = await wire.talker(wire.inner, pair.peers.callee);
    wire.order({ kind: "stream", stream: streamOf(pair) });
    await wire.counters();
    callee.type(`to ${pair.ours.callee} ${PORTS.callee}\n`);
    await wire.until(({ callee }) => callee.packetsIn > 0);
    callee.type("quiet\n");
    await wire.until(({ caller }) => {
      if (caller.packetsByKernel === 0) send(pair);
      return caller.packetsByKernel > 0 && caller.packetsIn === sent;
    });
    return callee;
  }

  interface How {
    readonly tags?: readonly Tag[];
    readonly isSummed?: boolean;
    readonly isSpoilt?: boolean;
  }

  function send(pair: Pair, { tags = [], isSummed, isSpoilt }: How = {}): void {
    const datagram: Datagram = {
      from: [pair.peers.caller, PARTY_PORT],
      to: [pair.ours.caller, PORTS.caller],
      payload: rtp(sent++),
    };
    const envelope = { to: cards.gateway, from: cards.outer, tags };
    const frame = frameOf(envelope, datagram, isSummed);
    if (isSpoilt === true) frame[frame.length - 1]! ^= 1;
    card.type(`${frame.toString("hex")}\n`);
  }

  function sendMany(pair: Pair, how?: How): void {
    for (let i = 0; i < BURST; i++) send(pair, how);
  }

  for (const [what, pair] of Object.entries({
    IPv4: V4,
    IPv6: V6,
    "IPv4 to IPv6": V4_TO_V6,
    "IPv6 to IPv4": V6_TO_V4,
  })) {
    test(`${what}: a sum that is right stays right, and one that is wrong wrong`, async () => {
      const callee = await lent(pair);
      const before = (await wire.counters()).caller;
      sendMany(pair);
      sendMany(pair, { isSpoilt: true });
      const { caller } = await wire.until(({ caller }) => caller.packetsIn === sent);
      assert.equal(caller.packetsByKernel, before.packetsByKernel + 2 * BURST);
      assert.equal((await told(callee)).packets, sent - BURST);
    });
  }

  test("IPv4 without a sum: by the kernel to IPv4, by the sockets to IPv6", async () => {
    for (const [pair, byKernel] of [
      [V4, BURST],
      [V4_TO_V6, 0],
    ] as const) {
      const callee = await lent(pair);
      const before = (await wire.counters()).caller;
      sendMany(pair, { isSummed: false });
      const { caller } = await wire.until(({ caller }) => caller.packetsIn === sent);
      assert.equal(caller.packetsByKernel, before.packetsByKernel + byKernel);
      assert.equal((await told(callee)).packets, sent);
      await wire.settle();
    }
  });

  test("many packets in one: the sockets relay them", async () => {
    for (const pair of [V4, V4_TO_V6]) {
      const callee = await lent(pair);
      const before = (await wire.counters()).caller;
      const places = [pair.peers.caller, PARTY_PORT, pair.ours.caller, PORTS.caller, RTP_BYTES];
      const party = wire.outer.start({
        name: "party",
        command: ["python3", "-c", SEND_MANY, ...places.map(String)],
        listening: true,
      });
      await party.line(/^open$/m);
      const many = Array.from({ length: 8 }, () => rtp(sent++));
      party.type(`${Buffer.concat(many).toString("hex")}\n`);
      const { caller } = await wire.until(({ caller }) => caller.packetsIn === sent);
      assert.equal(caller.packetsByKernel, before.packetsByKernel);
      assert.equal((await told(callee)).packets, sent);
      await party.stop();
      await wire.settle();
    }
  });

  test("a VLAN that the card isn't in: nobody relays its packets, nor those of VLANs in VLANs", async () => {
    const callee = await lent(V4);
    const before = (await wire.counters()).caller;
    const foreign: readonly (readonly Tag[])[] = [
      [[0x8100, 5]],
      [[0x8100, 0xa005]],
      [[0x88a8, 7]],
      [
        [0x88a8, 7],
        [0x8100, 5],
      ],
      [
        [0x8100, 7],
        [0x8100, 5],
      ],
      [
        [0x8100, 0],
        [0x8100, 5],
      ],
    ];
    for (const tags of foreign) sendMany(V4, { tags });
    sendMany(V4);
    // These came last: what didn't come until now doesn't.
    await wire.until(({ caller }) => caller.packetsByKernel >= before.packetsByKernel + BURST);
    const { caller } = await wire.counters();
    assert.equal(caller.packetsByKernel, before.packetsByKernel + BURST);
    assert.equal(caller.packetsIn, before.packetsIn + BURST);
    assert.deepEqual(caller.drops, {});
    assert.equal((await told(callee)).packets, caller.packetsIn);
  });

  test("a priority without a VLAN (number 0): the sockets relay it", async () => {
    const callee = await lent(V4);
    const before = (await wire.counters()).caller;
    sendMany(V4, { tags: [[0x8100, 0xa000]] });
    const { caller } = await wire.until(({ caller }) => caller.packetsIn === sent);
    assert.equal(caller.packetsByKernel, before.packetsByKernel);
    assert.equal((await told(callee)).packets, sent);
  });

  test("an interface that is stacked on a card, as those of VLANs are: its own is attached", async () => {
    const pair = {
      ours: { caller: "192.0.2.1", callee: "fd20::1" },
      peers: { caller: "192.0.2.2", callee: "fd20::2" },
    };
    const talkers = await wire.talk(pair);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    const neighbour = wire.outer.ip("neigh", "show", "192.0.2.1");
    assert.ok(neighbour.includes(cardOf(wire.gateway, "stacked")), neighbour);
    await wire.allHeard(talkers, pair);
  });
});
