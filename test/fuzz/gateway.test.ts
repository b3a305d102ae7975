import assert from "node:assert/strict";
import { test } from "node:test";
import { latin1Bytes, type Random, seededRandom } from "#base";
import { flowOf, type Packet } from "../support/network.ts";
import { World } from "../support/world.ts";

// The whole gateway under mutated messages: while calls go on between honest peers, changed copies
// of what these say come from the same addresses. Nothing may throw, and nothing may stay.

const MUTANTS = 10_000;
const MUTANTS_A_PACKET = 4;

/** What a message is spoilt with: separators, numbers out of range, names of JavaScript's own. */
const SPLINTERS = [
  "\r\n",
  "\0",
  ";",
  ",",
  "<",
  '"',
  " ",
  "99999999999999999999",
  "-1",
  "__proto__",
  "%00",
  "sip:",
  "[::",
  "tag=",
  "\xff\xfe",
];

function mutated(text: string, random: Random): string {
  const at = random.integer(text.length);
  const length = 1 + random.integer(12);
  switch (random.integer(6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + pick(SPLINTERS, random) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(Math.max(0, at - length));
    case 3:
      return text.slice(0, at);
    case 4:
      return text.slice(0, at) + String.fromCharCode(random.integer(256)) + text.slice(at + 1);
    default:
      return swappedLines(text, random);
  }
}

function swappedLines(text: string, random: Random): string {
  const lines = text.split("\r\n");
  const [a, b] = [random.integer(lines.length), random.integer(lines.length)];
  [lines[a], lines[b]] = [lines[b]!, lines[a]!];
  return lines.join("\r\n");
}

const pick = <T>(list: readonly T[], random: Random): T => list[random.integer(list.length)]!;

/** One call each way with mutants among its messages; how many there were. */
function runAmongMutants(seed: number): number {
  const random = seededRandom(seed);
  const world = new World({ seed });
  const { gateway, network } = world;
  const seen: Packet[] = [];
  network.tap = (packet) => {
    if (gateway.addresses.includes(packet.to.address)) seen.push(packet);
  };
  const up = { rings: [{ status: 183, afterMs: 50 }], final: { status: 200, afterMs: 300 } };
  for (const peer of world.peers) peer.answer = () => up;
  for (const caller of [world.operator, world.pbx]) {
    const hangUp = (leg: { bye(): void }) => network.in(4000, () => leg.bye());
    caller.call({ uri: "0123", offer: true, up: hangUp });
  }
  let count = 0;
  const inject = (): void => {
    for (const packet of seen.splice(0)) {
      for (let i = 0; i < MUTANTS_A_PACKET; i++) {
        const text = mutated(packet.text, random);
        const side = packet.from.address.startsWith("10.") ? "private" : "public";
        const bytes = latin1Bytes(text.replace(/[^\0-\xff]/g, "?"));
        gateway.take(
          { kind: "bytes", flow: flowOf({ ...packet, text }, side), bytes },
          network.now,
        );
        count++;
      }
    }
    if (network.now < end) network.in(40, inject);
  };
  const end = network.now + 8000;
  network.in(40, inject);
  network.run(10_000);
  gateway.hangUpAll();
  // Longer than the ringing and every transaction's patience.
  network.run(400_000);
  assert.equal(gateway.gateway.callCount, 0, `seed ${seed}: a call stays`);
  assert.equal(gateway.gateway.portsHeld, 0, `seed ${seed}: a port stays`);
  assert.equal(gateway.streams.size, 0, `seed ${seed}: a stream stays`);
  return count;
}

test(`${MUTANTS} mutated messages among live calls: no throw, and nothing stays behind`, () => {
  let count = 0;
  for (let seed = 1; count < MUTANTS; seed++) {
    const before = count;
    count += runAmongMutants(seed);
    assert.ok(count > before, "each world has messages to mutate");
  }
});
