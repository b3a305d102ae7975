import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { both, type Pair, PORTS, pause, skip, streamOf, told, Wire } from "./kernel/wire.ts";

// Plain streams go by the kernel alone: between real interfaces of network namespaces, by IPv4 and
// IPv6 and from one to the other, between two cards and by one; and nobody hears when they begin to, cease to, or the plane dies.

const TWO_CARDS: Pair = {
  ours: { caller: "198.51.100.1", callee: "10.20.0.1" },
  peers: { caller: "198.51.100.2", callee: "10.20.0.2" },
};

describe("plain streams go by the kernel", { skip }, () => {
  const wire = new Wire();

  before(() => wire.open());
  after(() => wire.lab.close());
  afterEach(() => wire.settle());

  test("IPv4, two cards: none is lost when it is turned on, off and on again", async () => {
    const pair = await wire.talk(TWO_CARDS);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    wire.order({ kind: "kernel", isOn: false });
    const off = await wire.counters();
    const later = await wire.until(both(({ packetsIn }) => packetsIn > off.caller.packetsIn + 200));
    assert.equal(later.caller.packetsByKernel, off.caller.packetsByKernel);
    wire.order({ kind: "kernel", isOn: true });
    await wire.until(
      both(({ packetsByKernel }) => packetsByKernel > off.caller.packetsByKernel + 200),
    );
    await wire.allHeard(pair, TWO_CARDS);
  });

  const PAIRS: Readonly<Record<string, readonly [Pair, "one" | "two"]>> = {
    "IPv6, two cards": [
      {
        ours: { caller: "2001:db8:51::1", callee: "fd20::1" },
        peers: { caller: "2001:db8:51::2", callee: "fd20::2" },
      },
      "two",
    ],
    "IPv4, both sides by one card": [
      {
        ours: { caller: "198.51.100.1", callee: "198.51.100.1" },
        peers: { caller: "198.51.100.2", callee: "198.51.100.3" },
      },
      "one",
    ],
    "IPv6, both sides by one card": [
      {
        ours: { caller: "2001:db8:51::1", callee: "2001:db8:51::1" },
        peers: { caller: "2001:db8:51::2", callee: "2001:db8:51::3" },
      },
      "one",
    ],
    "IPv4 to IPv6 and back, two cards": [
      {
        ours: { caller: "198.51.100.1", callee: "fd20::1" },
        peers: { caller: "198.51.100.2", callee: "fd20::2" },
      },
      "two",
    ],
    "IPv6 to IPv4 and back, two cards": [
      {
        ours: { caller: "2001:db8:51::1", callee: "10.20.0.1" },
        peers: { caller: "2001:db8:51::2", callee: "10.20.0.2" },
      },
      "two",
    ],
    "IPv4 to IPv6 and back, by one card": [
      {
        ours: { caller: "198.51.100.1", callee: "2001:db8:51::1" },
        peers: { caller: "198.51.100.2", callee: "2001:db8:51::3" },
      },
      "one",
    ],
  };
  for (const [what, [pair, cards]] of Object.entries(PAIRS)) {
    test(what, async () => {
      const talkers = await wire.talk(pair, [
        wire.outer,
        cards === "one" ? wire.outer : wire.inner,
      ]);
      await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
      await wire.allHeard(talkers, pair);
    });
  }

  test("a route that changes is followed, and one that goes leaves it to the sockets", async () => {
    const far = {
      ours: TWO_CARDS.ours,
      peers: { caller: "198.51.100.2", callee: "203.0.113.9" },
    };
    wire.inner.address("lo", "203.0.113.9/32");
    wire.gateway.route("203.0.113.9", "10.20.0.2");
    const pair = await wire.talk(far);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    wire.gateway.ip("route", "replace", "203.0.113.9", "via", "10.20.0.3");
    const moved = await wire.counters();
    await wire.until(
      both(({ packetsByKernel }) => packetsByKernel > moved.caller.packetsByKernel + 400),
    );
    await wire.allHeard(pair, far);
  });

  test("who can't be reached any more is the sockets', until there is a way again", async () => {
    const far = {
      ours: TWO_CARDS.ours,
      peers: { caller: "198.51.100.2", callee: "203.0.113.8" },
    };
    wire.inner.address("lo", "203.0.113.8/32");
    wire.gateway.route("203.0.113.8", "10.20.0.2");
    const [, inner] = await wire.talk(far);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    wire.gateway.ip("route", "del", "203.0.113.8");
    const gone = await wire.until(({ caller }) => (caller.drops["send-failed"] ?? 0) > 20);
    assert.equal((await wire.counters()).caller.packetsByKernel, gone.caller.packetsByKernel);
    const { heard } = await told(inner);
    wire.gateway.route("203.0.113.8", "10.20.0.3");
    await wire.until(
      both(({ packetsByKernel }) => packetsByKernel > gone.caller.packetsByKernel + 200),
    );
    assert.ok((await told(inner)).heard > heard + 100);
  });

  test("a next hop that comes by another card, and doesn't say so, is found", async () => {
    // How long a neighbour is believed that isn't heard of: half a minute without this.
    for (const setting of [
      "base_reachable_time_ms=500",
      "delay_first_probe_time=1",
      "retrans_time_ms=100",
    ]) {
      wire.gateway.sysctl(`net.ipv4.neigh.private.${setting}`);
    }
    wire.gateway.ip("neigh", "flush", "dev", "private");
    const [, inner] = await wire.talk(TWO_CARDS);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    inner.type("quiet\n");
    wire.inner.ip("link", "set", "private", "address", "02:00:00:00:00:99");
    const { heard } = await told(inner);
    const moved = (await wire.counters()).caller.packetsIn;
    for (let now = heard; now < heard + 100; now = (await told(inner)).heard) {
      // 4 ms a packet: ten seconds.
      assert.ok((await wire.counters()).caller.packetsIn < moved + 2500);
      await pause();
    }
    const { caller } = await wire.counters();
    assert.ok(caller.packetsByKernel > moved, "and by the kernel all the while");
  });

  test("a path that grows narrower is the sockets' within seconds, who send in parts", async () => {
    const far = wire.lab.host("far");
    await wire.lab.cable(
      { host: wire.inner, port: "beyond", addresses: ["203.0.113.1/29"] },
      { host: far, port: "beyond", addresses: ["203.0.113.2/29"] },
    );
    wire.inner.forward();
    far.route("10.20.0.0/24", "203.0.113.1");
    wire.gateway.route("203.0.113.0/29", "10.20.0.2");
    wire.gateway.sysctl("net.ipv4.route.min_pmtu=68");
    const pair = {
      ours: TWO_CARDS.ours,
      peers: { caller: "198.51.100.2", callee: "203.0.113.2" },
    };
    const [, callee] = await wire.talk(pair, [wire.outer, far]);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 200));
    // A packet here has 204 bytes.
    wire.inner.ip("link", "set", "beyond", "mtu", "150");
    const narrow = await wire.counters();
    await wire.until(
      ({ caller }) =>
        caller.packetsIn - caller.packetsByKernel >
        100 + narrow.caller.packetsIn - narrow.caller.packetsByKernel,
    );
    const { heard } = await told(callee);
    while ((await told(callee)).heard < heard + 50) {
      assert.ok((await wire.counters()).caller.packetsIn < narrow.caller.packetsIn + 5000);
      await pause();
    }
  });

  test("a source that isn't the agreed one comes to the sockets, which refuse it", async () => {
    const [, inner] = await wire.talk(TWO_CARDS);
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 0));
    const stranger = await wire.talker(wire.outer, "198.51.100.3");
    stranger.type(`to 198.51.100.1 ${PORTS.caller}\n`);
    await wire.until(({ caller }) => (caller.drops["foreign-source"] ?? 0) > 20);
    const { from, packets, heard } = await told(inner);
    assert.deepEqual(from, [`10.20.0.1 ${PORTS.callee}`]);
    assert.equal(packets, heard);
  });

  test("who speaks by the kernel isn't silent, and is told of when he ceases", async () => {
    const [outer, inner] = await wire.talk(TWO_CARDS);
    // Far longer than it takes to be told of silence.
    await wire.until(both(({ packetsByKernel }) => packetsByKernel > 1200));
    assert.doesNotMatch(wire.plane.output, /^silent$/m);
    for (const talker of [outer, inner]) talker.type("quiet\n");
    await wire.plane.line(/^silent$/m);
  });

  test("a plane that is killed takes its part in the kernel with it", async () => {
    const [, inner] = await wire.talk(TWO_CARDS);
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
