import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant, seededRandom } from "#base";
import { PortPool } from "./port-pool.ts";

const NOW = instant(1_000_000);
const QUARANTINE_MS = 10_000;
const pool = (portMin: number, portMax: number): PortPool =>
  new PortPool({ portMin, portMax, random: seededRandom(1) });

test("a range of 8,000 ports has 4,000 pairs", () => {
  assert.equal(pool(20_000, 27_999).capacity, 4000);
});

test("pairs begin even and end inside the range", () => {
  const odd = pool(20_001, 20_006);
  assert.equal(odd.capacity, 2);
  assert.deepEqual(odd.take(2, NOW)!.sort(), [20_002, 20_004]);
});

test("all are taken or none", () => {
  const small = pool(20_000, 20_007);
  assert.equal(small.take(5, NOW), undefined);
  assert.equal(small.held, 0);
  assert.equal(new Set(small.take(4, NOW)).size, 4);
  assert.equal(small.take(1, NOW), undefined);
  assert.deepEqual(small.take(0, NOW), []);
});

test("a port rests before it is used again (E6)", () => {
  const small = pool(20_000, 20_001);
  assert.deepEqual(small.take(1, NOW), [20_000]);
  small.release(20_000, NOW);
  assert.equal(small.held, 0);
  assert.equal(small.take(1, instant(NOW + QUARANTINE_MS - 1)), undefined);
  assert.deepEqual(small.take(1, instant(NOW + QUARANTINE_MS)), [20_000]);
});

test("the port that has rested longest comes first", () => {
  const small = pool(20_000, 20_005);
  const [a, b, c] = small.take(3, NOW)!;
  for (const port of [b!, c!, a!]) small.release(port, NOW);
  assert.deepEqual(small.take(3, instant(NOW + QUARANTINE_MS)), [b, c, a]);
});

test("ports don't come in the order of their numbers when there is chance", () => {
  const ports = pool(20_000, 27_999).take(100, NOW)!;
  assert.notDeepEqual(ports, ports.toSorted());
});

test("only what is held is released, and once", () => {
  const small = pool(20_000, 20_007);
  const [port] = small.take(1, NOW)!;
  assert.throws(() => small.release(port! + 1, NOW), /only a port that is held/);
  small.release(port!, NOW);
  assert.throws(() => small.release(port!, NOW), /only a port that is held/);
});

test("a claimed port is nobody else's", () => {
  const small = pool(20_000, 20_003);
  assert.equal(small.claim(20_002), true);
  assert.equal(small.claim(20_002), false);
  assert.equal(small.claim(20_001), false);
  assert.deepEqual(small.take(1, NOW), [20_000]);
  assert.equal(small.take(1, NOW), undefined);
});

test("a new range keeps what is held, and takes back nothing outside", () => {
  const moved = pool(20_000, 20_003);
  const [kept, other] = moved.take(2, NOW)!;
  moved.resize(30_000, 30_003);
  assert.equal(moved.held, 2);
  assert.ok(!moved.covers(20_000) && moved.covers(30_003));
  assert.deepEqual(moved.take(2, NOW)!.sort(), [30_000, 30_002]);
  moved.release(kept!, NOW);
  assert.equal(moved.take(1, instant(NOW + QUARANTINE_MS)), undefined);
  moved.resize(20_000, 30_003);
  assert.equal(moved.claim(other!), false);
  assert.equal(moved.claim(kept!), true);
});

test("a port in quarantine stays in it when the range grows", () => {
  const grown = pool(20_000, 20_001);
  grown.take(1, NOW);
  grown.release(20_000, NOW);
  grown.resize(20_000, 20_003);
  assert.deepEqual(grown.take(1, NOW), [20_002]);
  assert.equal(grown.take(1, NOW), undefined);
});

test("whatever happens, held, free and resting ports add up and none has two owners", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("take" as const), n: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ kind: fc.constant("release" as const), n: fc.nat(20) }),
    fc.record({ kind: fc.constant("claim" as const), n: fc.nat(20) }),
    fc.record({ kind: fc.constant("wait" as const), n: fc.nat(6000) }),
    fc.record({ kind: fc.constant("resize" as const), n: fc.nat(8) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const subject = pool(20_000, 20_019);
      const held = new Set<number>();
      let now = NOW;
      for (const { kind, n } of steps) {
        if (kind === "wait") now = instant(now + n);
        if (kind === "resize") subject.resize(20_000 + n, 20_019 + 2 * n);
        if (kind === "release") {
          const port = [...held][n % Math.max(1, held.size)];
          if (port === undefined) continue;
          subject.release(port, now);
          held.delete(port);
        }
        const taken =
          kind === "take"
            ? (subject.take(n, now) ?? [])
            : kind === "claim" && subject.claim(20_000 + 2 * n)
              ? [20_000 + 2 * n]
              : [];
        for (const port of taken) {
          assert.ok(!held.has(port), "no port has two owners");
          if (kind === "take") {
            assert.ok(subject.covers(port), "only ports of the range are handed out");
          }
          held.add(port);
        }
        assert.equal(subject.held, held.size);
      }
      for (const port of held) subject.release(port, now);
      const later = instant(now + QUARANTINE_MS);
      assert.equal(subject.take(subject.capacity, later)?.length, subject.capacity);
    }),
    { numRuns: 500 },
  );
});
