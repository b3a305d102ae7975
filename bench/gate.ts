import { instant } from "#base";
import { type Denied, Security } from "#security";
import { validateSettings } from "#settings";

// `npm run bench:gate`: what one packet of a denied source costs the gateway's own code, with full
// lists of IPv4 and IPv6 addresses, ports and blocks, as JSON; and what the gate costs a trunk.
// Each figure is the best of several rounds: the others have been disturbed.

const ENTRIES = 100_000;
const ROUNDS = 7;
const PACKETS = 1_000_000;
/** So many different texts are asked for, as a socket hands them out: fresh ones. */
const SOURCES = 4096;

const { settings } = validateSettings({
  securedInterface: "no",
  publicLocal: { address: "192.0.2.1" },
  privateLocal: { address: "10.0.0.1" },
  pbx: { host: "10.0.0.2" },
  trunks: [{ name: "op", peers: [{ host: "198.51.100.7" }] }],
  security: { denyListMax: ENTRIES },
});
if (!settings) throw new Error("the bench's settings are not valid");

const parts = {
  settings,
  seed: 12345,
  serves: () => false,
  now: () => instant(1),
  surface: {
    emit: () => {},
    alarm: (at: number) => ({ at: instant(at), what: undefined }),
    cancelAlarm: () => {},
  },
};

const addressOf = (i: number): string => {
  const low = `${(i >> 8) & 255}.${i & 255}`;
  switch (i % 4) {
    case 0:
      return `${20 + (i >> 16)}.7.${low}`;
    case 1:
      return `2001:db8:${(i >> 8).toString(16)}::${((i & 255) + 1).toString(16)}`;
    case 2:
      return `2001:db9:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::/64`;
    default:
      return `${30 + (i >> 16)}.9.${low}`;
  }
};

/** A quarter each: IPv4, IPv6, IPv6 blocks, and a port of an IPv4 address. */
function entry(i: number): Denied {
  const address = addressOf(i);
  const port = i % 4 === 3 ? { port: 5060 } : {};
  return {
    version: 1,
    list: "dos",
    id: `public ${address}${i % 4 === 3 ? " 5060" : ""}`,
    side: "public",
    address,
    ...port,
    rule: "flood",
    sinceMs: i,
    counts: { flood: 1 },
    evidence: [],
    isDryRun: false,
  };
}

const full = new Security(parts);
full.restore(
  Array.from({ length: ENTRIES }, (_, i) => entry(i)),
  instant(1),
);
const empty = new Security(parts);

/** A text as the socket makes one: flat, and met for the first time. */
const fresh = (text: string): string => Buffer.from(text, "latin1").toString("latin1");

interface Asked {
  readonly address: string;
  readonly port: number;
}

const deniedOnes: Asked[] = Array.from({ length: SOURCES }, (_, n) => {
  const at = (n * 24_571) % ENTRIES;
  const address = addressOf(at);
  return { address: fresh(address.replace("::/64", "::77")), port: 5060 };
});
const strangers: Asked[] = Array.from({ length: SOURCES }, (_, n) => ({
  address: fresh(n % 2 === 0 ? `203.0.${n >> 8}.${n & 255}` : `2001:dba::${n.toString(16)}`),
  port: 5060,
}));
const trunk: Asked[] = [{ address: fresh("198.51.100.7"), port: 5060 }];

interface Figure {
  readonly nsPerPacket: number;
  readonly bytesPerPacket: number;
  readonly admitted: number;
}

function measure(security: Security, asked: readonly Asked[]): Figure {
  let best: Figure | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    let admitted = 0;
    const heap = process.memoryUsage().heapUsed;
    const began = performance.now();
    for (let i = 0; i < PACKETS; i++) {
      const { address, port } = asked[i % asked.length]!;
      if (security.admits("public", address, port)) admitted += 1;
    }
    const ns = ((performance.now() - began) * 1e6) / PACKETS;
    const grown = Math.max(0, process.memoryUsage().heapUsed - heap);
    const figure = { nsPerPacket: round2(ns), bytesPerPacket: round2(grown / PACKETS), admitted };
    if (!best || figure.nsPerPacket < best.nsPerPacket) best = figure;
  }
  return best!;
}

const round2 = (value: number): number => Math.round(value * 100) / 100;

console.log(
  JSON.stringify(
    {
      entries: full.sizes.denied,
      denied: measure(full, deniedOnes),
      strangers: measure(full, strangers),
      trunk: measure(full, trunk),
      trunkWithNothingDenied: measure(empty, trunk),
    },
    undefined,
    2,
  ),
);
