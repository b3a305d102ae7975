import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "#base";
import {
  type Answer,
  inOrder,
  isHostName,
  type Located,
  type LocateQuery,
  locate,
  type Srv,
} from "./rfc3263.ts";

type Zone = Readonly<Record<string, Partial<Answer>>>;

const none: Answer = { naptr: [], srv: [], addresses: [], ttlS: 60, failure: "no-such-name" };

/** Plays the conversation with a zone written by hand; tells what was asked too. */
function play(query: Partial<LocateQuery>, zone: Zone, random: Random = seededRandom(1)) {
  const whole: LocateQuery = { host: "example.org", secure: false, families: [4], ...query };
  const conversation = locate(whole, random);
  const asked: string[] = [];
  let step = conversation.next();
  while (!step.done) {
    const names = step.value.map(({ type, name }) => `${type} ${name}`);
    asked.push(...names);
    step = conversation.next(
      names.map((name) => {
        const found = zone[name];
        return found ? { naptr: [], srv: [], addresses: [], ttlS: 60, ...found } : none;
      }),
    );
  }
  return { asked, ...step.value };
}

const places = ({ targets }: Located): string[] =>
  targets.map(({ transport, address, port }) => `${transport} ${address} ${port}`);

const naptr = (order: number, service: string, replacement: string, flags = "s") => ({
  order,
  preference: 0,
  flags,
  service,
  replacement,
});

const srv = (priority: number, weight: number, target: string, port = 5060): Srv => ({
  priority,
  weight,
  port,
  target,
});

/** The example of RFC 3263 §4.1 and §4.2. */
const EXAMPLE: Zone = {
  "NAPTR example.org": {
    naptr: [
      naptr(90, "SIP+D2U", "_sip._udp.example.org"),
      naptr(50, "SIPS+D2T", "_sips._tcp.example.org"),
      naptr(70, "SIP+D2T", "_sip._tcp.example.org"),
    ],
  },
  "SRV _sips._tcp.example.org": { srv: [srv(0, 1, "server1.example.org", 5061)] },
  "SRV _sip._tcp.example.org": {
    srv: [srv(1, 0, "server2.example.org"), srv(0, 0, "server1.example.org")],
    ttlS: 20,
  },
  "SRV _sip._udp.example.org": { srv: [srv(0, 0, "server1.example.org", 5070)] },
  "A server1.example.org": { addresses: ["192.0.2.1"] },
  "A server2.example.org": { addresses: ["192.0.2.2", "192.0.2.3"] },
  "AAAA server2.example.org": { addresses: ["2001:db8::2"] },
  "A example.org": { addresses: ["192.0.2.99"] },
};

test("NAPTR orders the transports, SRV the servers, and every address is a target", () => {
  const located = play({}, EXAMPLE);
  assert.deepEqual(places(located), [
    "tls 192.0.2.1 5061",
    "tcp 192.0.2.1 5060",
    "tcp 192.0.2.2 5060",
    "tcp 192.0.2.3 5060",
    "udp 192.0.2.1 5070",
  ]);
  assert.equal(located.ttlS, 20);
  assert.deepEqual(located.asked.slice(0, 2), ["NAPTR example.org", "SRV _sips._tcp.example.org"]);
});

test("a TLS target must bear the domain's name, not the host's that DNS gave", () => {
  const { targets } = play({ host: "Example.ORG." }, EXAMPLE);
  assert.deepEqual(
    targets.map(({ serverName }) => serverName),
    ["example.org", undefined, undefined, undefined, undefined],
  );
});

test("sips: leaves TLS alone", () => {
  assert.deepEqual(places(play({ secure: true }, EXAMPLE)), ["tls 192.0.2.1 5061"]);
  const bare = play({ secure: true }, { "A example.org": { addresses: ["192.0.2.9"] } });
  assert.deepEqual(places(bare), ["tls 192.0.2.9 5061"]);
  assert.deepEqual(bare.asked, [
    "NAPTR example.org",
    "SRV _sips._tcp.example.org",
    "A example.org",
  ]);
});

test("a given transport skips NAPTR, a given port skips SRV too", () => {
  const byTransport = play({ transport: "tcp" }, EXAMPLE);
  assert.deepEqual(byTransport.asked.slice(0, 1), ["SRV _sip._tcp.example.org"]);
  assert.equal(places(byTransport)[0], "tcp 192.0.2.1 5060");
  const byPort = play({ port: 5080 }, EXAMPLE);
  assert.deepEqual(byPort.asked, ["A example.org"]);
  assert.deepEqual(places(byPort), ["udp 192.0.2.99 5080"]);
  const both = play({ port: 5081, transport: "tls" }, EXAMPLE);
  assert.deepEqual(places(both), ["tls 192.0.2.99 5081"]);
});

test("without NAPTR the usual services are asked for, in the caller's order", () => {
  const { "NAPTR example.org": _, ...zone } = EXAMPLE;
  const located = play({ transports: ["udp", "tcp"] }, zone);
  assert.deepEqual(located.asked.slice(1, 3), [
    "SRV _sip._udp.example.org",
    "SRV _sip._tcp.example.org",
  ]);
  assert.equal(places(located)[0], "udp 192.0.2.1 5070");
});

test("without SRV the name's own addresses serve, at the usual port", () => {
  const zone = { "A example.org": { addresses: ["192.0.2.9"] } };
  assert.deepEqual(places(play({}, zone)), ["udp 192.0.2.9 5060"]);
  assert.deepEqual(places(play({ transport: "tls" }, zone)), ["tls 192.0.2.9 5061"]);
});

test("NAPTR records of other services, flags and transports are passed over", () => {
  const zone = {
    ...EXAMPLE,
    "NAPTR example.org": {
      naptr: [
        naptr(1, "E2U+sip", "", "u"),
        naptr(2, "SIP+D2T", "_sip._tcp.example.org", "a"),
        naptr(3, "constructor", "_sip._tcp.example.org"),
        naptr(4, "sip+d2u", "_sip._udp.example.org", "S"),
      ],
    },
  };
  assert.deepEqual(places(play({}, zone)), ["udp 192.0.2.1 5070"]);
});

test("families are asked for as the caller can reach them", () => {
  const zone = {
    "A example.org": { addresses: ["192.0.2.9"] },
    "AAAA example.org": { addresses: ["2001:db8::9"] },
  };
  assert.deepEqual(places(play({ port: 1, families: [6, 4] }, zone)), [
    "udp 2001:db8::9 1",
    "udp 192.0.2.9 1",
  ]);
  assert.deepEqual(places(play({ port: 1, families: [6] }, zone)), ["udp 2001:db8::9 1"]);
});

test("an address needs no question", () => {
  assert.deepEqual(play({ host: "192.0.2.1" }, {}).asked, []);
  assert.deepEqual(places(play({ host: "192.0.2.1" }, {})), ["udp 192.0.2.1 5060"]);
  const six = play({ host: "[2001:DB8::1]", secure: true, families: [6] }, {});
  assert.deepEqual(places(six), ["tls 2001:db8::1 5061"]);
  assert.equal(six.targets[0]!.serverName, undefined);
  assert.equal(play({ host: "192.0.2.1", families: [6] }, {}).why, "no-records");
});

test("there is a reason where there is nowhere to go", () => {
  assert.equal(play({}, {}).why, "no-such-name");
  assert.equal(play({ host: "a..b" }, {}).why, "bad-name");
  assert.equal(play({ host: "x".repeat(300) }, {}).why, "bad-name");
  assert.equal(play({ secure: true, transports: ["udp"] }, {}).why, "no-transport");
  const down = { "A example.org": { failure: "timeout", ttlS: 5 } } as const;
  assert.deepEqual([play({}, down).why, play({}, down).ttlS], ["timeout", 5]);
  const declined = {
    "SRV _sip._udp.example.org": { srv: [srv(0, 0, "", 0)] },
    "A example.org": { addresses: ["192.0.2.9"] },
  };
  assert.equal(play({}, declined).why, "service-declined");
});

test("servers and targets are bounded", () => {
  const records = Array.from({ length: 60 }, (_, i) => srv(i, 0, `h${i}.example.org`));
  const hosts = Object.fromEntries(
    records.map(({ target }, i) => [
      `A ${target}`,
      { addresses: Array.from({ length: 9 }, (__, j) => `192.0.${i}.${j}`) },
    ]),
  );
  const located = play(
    { transport: "udp" },
    { "SRV _sip._udp.example.org": { srv: records }, ...hosts },
  );
  assert.equal(located.targets.length, 32);
  assert.equal(located.asked.length, 1 + 16);
});

test("servers of one priority share the load by their weights", () => {
  const records = [srv(1, 0, "spare"), srv(0, 30, "big"), srv(0, 10, "small"), srv(0, 0, "zero")];
  const random = seededRandom(7);
  const first = new Map<string, number>();
  for (let i = 0; i < 4000; i++) {
    const order = inOrder(records, random).map(({ target }) => target);
    assert.equal(order.length, 4);
    assert.equal(order[3], "spare");
    first.set(order[0]!, (first.get(order[0]!) ?? 0) + 1);
  }
  // Of 41 lots: 0 is zero's, 1 to 30 (or 0 to 30 of what is left) the big one's.
  assert.ok(Math.abs(first.get("big")! / 4000 - 30 / 41) < 0.03, `${first.get("big")}`);
  assert.ok(Math.abs(first.get("small")! / 4000 - 10 / 41) < 0.03, `${first.get("small")}`);
  assert.ok(first.get("zero")! < 200);
});

test("names are letters, digits, - and _ between dots", () => {
  for (const name of ["a", "sip.example.org", "_sip._udp.x", "1.a", "xn--bcher-kva.example"]) {
    assert.ok(isHostName(name), name);
  }
  for (const name of ["", ".", "a.", "-a.b", "a b", "a/b", "é", `${"a".repeat(64)}.b`, "a\0"]) {
    assert.ok(!isHostName(name), name);
  }
});
