import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  both,
  type Pair,
  PORTS,
  pause,
  type Role,
  skip,
  streamOf,
  told,
  Wire,
} from "./kernel/wire.ts";

// What has keys goes past the network stack (AF_XDP): between real interfaces of network namespaces,
// by IPv4 and IPv6, and nobody hears when it begins to, ceases to, or the plane dies.

const IPV4: Pair = {
  ours: { caller: "198.51.100.1", callee: "10.20.0.1" },
  peers: { caller: "198.51.100.2", callee: "10.20.0.2" },
};
const IPV6: Pair = {
  ours: { caller: "2001:db8:51::1", callee: "fd20::1" },
  peers: { caller: "2001:db8:51::2", callee: "fd20::2" },
};
const SIX_TO_FOUR: Pair = {
  ours: { caller: IPV6.ours.caller, callee: IPV4.ours.callee },
  peers: { caller: IPV6.peers.caller, callee: IPV4.peers.callee },
};

describe("what has keys goes past the network stack", { skip }, () => {
  const wire = new Wire(true);
  const hosts = [wire.outer, wire.inner] as const;

  before(() => wire.open());
  after(() => wire.lab.close());
  afterEach(() => wire.settle());

  const CASES: Readonly<Record<string, readonly [Pair, readonly Role[]]>> = {
    "SRTP to RTP and back, IPv4": [IPV4, ["caller"]],
    "SRTP to SRTP, each under its own keys, IPv4": [IPV4, ["caller", "callee"]],
    "RTP to SRTP and back, IPv6": [IPV6, ["callee"]],
    "SRTP by IPv6 to RTP by IPv4, and back": [SIX_TO_FOUR, ["caller"]],
  };
  for (const [what, [pair, keyed]] of Object.entries(CASES)) {
    test(`${what}: each packet comes once and in turn`, async () => {
      const talkers = await wire.talk(pair, hosts, keyed);
      await wire.until(both(({ packetsByKernel }) => packetsByKernel > 400));
      await wire.allHeard(talkers, pair);
    });
  }

  test("none is lost when it is turned on, off and on again", async () => {
    const talkers = await wire.talk(IPV4, hosts, ["caller"]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    wire.order({ kind: "kernel", isOn: false });
    const off = await wire.counters();
    const later = await wire.until(both(({ packetsIn }) => packetsIn > off.caller.packetsIn + 200));
    assert.equal(later.caller.packetsByKernel, off.caller.packetsByKernel);
    wire.order({ kind: "kernel", isOn: true });
    await wire.until(
      both(({ packetsByKernel }) => packetsByKernel > off.caller.packetsByKernel + 200),
    );
    await wire.allHeard(talkers, IPV4);
  });

  test("a description that comes again leaves counters, keys and replay windows as they are", async () => {
    const talkers = await wire.talk(IPV4, hosts, ["caller"]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    wire.order({ kind: "stream", stream: streamOf(IPV4, { keyed: ["caller"] }) });
    const again = await wire.counters();
    await wire.until(
      both(({ packetsByKernel }) => packetsByKernel > again.caller.packetsByKernel + 200),
    );
    await wire.allHeard(talkers, IPV4);
  });

  test("a forged packet and one that comes again are dropped and counted", async () => {
    const [outer, inner] = await wire.talk(IPV4, hosts, ["caller"]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    outer.type("quiet\n");
    const { sent } = await told(outer);
    await wire.until(({ caller }) => caller.packetsIn >= sent);
    outer.type("forge\n");
    outer.type("again\n");
    const { caller } = await wire.until(({ caller: { drops } }) => (drops.replayed ?? 0) > 0);
    assert.deepEqual(caller.drops, { unauthentic: 1, replayed: 1 });
    assert.equal(caller.packetsIn, sent);
    assert.equal((await told(inner)).packets, sent);
  });

  test("a source that isn't the agreed one comes to the sockets, which refuse it", async () => {
    const talkers = await wire.talk(IPV4, hosts, ["caller"]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    const before = await wire.counters();
    const stranger = await wire.talker(wire.outer, "198.51.100.3");
    stranger.type(`to ${IPV4.ours.caller} ${PORTS.caller}\n`);
    await wire.until(({ caller }) => (caller.drops["foreign-source"] ?? 0) > 20);
    const { caller } = await wire.until(
      both(({ packetsByKernel }) => packetsByKernel > before.caller.packetsByKernel + 400),
    );
    assert.deepEqual(Object.keys(caller.drops), ["foreign-source"]);
    const [, inner] = talkers;
    const { packets, heard } = await told(inner);
    assert.equal(packets, heard);
  });

  test("a description without keys has it go another way", async () => {
    await wire.talk(IPV4, hosts, ["caller"]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    // Our own key for the caller is gone with its; what it seals still passes, as what it seems.
    wire.order({ kind: "stream", stream: streamOf(IPV4) });
    const plain = await wire.counters();
    const { caller } = await wire.until(
      ({ caller }) => caller.packetsIn > plain.caller.packetsIn + 200,
    );
    assert.deepEqual(caller.drops, {});
  });

  test("a next hop that comes by another card is found", async () => {
    const talkers = await wire.talk(IPV4, hosts, ["caller"]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    wire.inner.ip("link", "set", "private", "address", "02:00:00:00:00:99");
    // It says so, as cards do that take over an address (RFC 5227 §3).
    wire.gateway.ip(
      "neigh",
      "replace",
      "10.20.0.2",
      "lladdr",
      "02:00:00:00:00:99",
      "dev",
      "private",
    );
    const moved = await told(talkers[1]);
    const { caller } = await wire.counters();
    await wire.until((ends) => ends.caller.packetsByKernel > caller.packetsByKernel + 600);
    assert.ok((await told(talkers[1])).heard > moved.heard + 200);
    wire.gateway.ip("neigh", "del", "10.20.0.2", "dev", "private");
  });

  test("a plane that is killed takes its part in the kernel with it", async () => {
    const [, inner] = await wire.talk(IPV4, hosts, ["caller"]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    assert.match(wire.gateway.ip("link", "show", "public"), /xdp/);
    const [, pid] = await wire.plane.line(/^plane (\d+),/m);
    process.kill(Number(pid), "SIGKILL");
    await wire.plane.line(/^restarted as \d+$/m);
    const { packets } = await told(inner);
    await pause();
    assert.equal((await told(inner)).packets, packets);
    wire.order({ kind: "stream", stream: streamOf(IPV4, { keyed: ["caller"] }) });
    await wire.until(({ caller }) => caller.packetsByKernel > 200);
    assert.ok((await told(inner)).packets > packets + 200);
  });
});
