import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeniedSource } from "#security";
import { SecurityByHand, STRANGER, settingsOf } from "../../../test/support/security-by-hand.ts";

/** Who floods is denied at its 21st message, and forgiven an hour later. */
const FLOODED = { dos: { requests: 20, windowS: 2 } };

const mutedBy = ({ effects }: SecurityByHand): (readonly DeniedSource[])[] =>
  effects.flatMap((effect) => (effect.kind === "mute" ? [effect.sources] : []));

const source = (port = 5060, address = STRANGER): DeniedSource => ({
  side: "public",
  address,
  port,
});

test("D1: who goes on flooding after it was denied is muted at once", () => {
  const bench = new SecurityByHand(FLOODED);
  bench.sendMany(21 + 99);
  bench.wait(10);
  assert.deepEqual(mutedBy(bench), []);
  bench.sendMany(1);
  bench.wait(10);
  assert.deepEqual(mutedBy(bench), [[source()]]);
  assert.equal(bench.security.sizes.muted, 1);
});

test("a denied source that sends a little is left to the gate", () => {
  const bench = new SecurityByHand(FLOODED);
  bench.sendMany(21);
  for (let i = 0; i < 100; i++) {
    bench.sendMany(50);
    bench.wait(1000);
  }
  assert.deepEqual(mutedBy(bench), []);
});

test("sources are added ten times a second at most", () => {
  const bench = new SecurityByHand(FLOODED);
  const sources = [1, 2, 3, 4].map((i) => source(5060, `203.0.113.${i}`));
  for (const { address } of sources) {
    bench.sendMany(200, { remoteAddress: address });
    bench.wait(10);
  }
  assert.deepEqual(mutedBy(bench), [sources.slice(0, 1)]);
  bench.wait(100);
  assert.deepEqual(mutedBy(bench).slice(1), [sources]);
});

test("after a minute it is looked whether it still comes", () => {
  const bench = new SecurityByHand(FLOODED);
  bench.sendMany(200);
  bench.wait(59_000);
  assert.equal(mutedBy(bench).length, 1);
  bench.wait(2000);
  assert.deepEqual(mutedBy(bench).slice(1), [[]]);
  bench.sendMany(200);
  bench.wait(10);
  assert.deepEqual(mutedBy(bench).at(-1), [source()]);
});

test("each has its own minute", () => {
  const bench = new SecurityByHand(FLOODED);
  bench.sendMany(200);
  bench.wait(30_000);
  bench.sendMany(200, { remoteAddress: "203.0.113.6" });
  bench.wait(31_000);
  assert.deepEqual(mutedBy(bench).at(-1), [source(5060, "203.0.113.6")]);
  bench.wait(30_000);
  assert.deepEqual(mutedBy(bench).at(-1), []);
});

test("nobody is muted a moment longer than it is denied: by time, by the operator, by trust", () => {
  const forgiven = (bench: SecurityByHand): void =>
    bench.security.forgive("dos", { kind: "all" }, bench.now);
  const ways: readonly ((bench: SecurityByHand) => void)[] = [
    (bench) => bench.wait(30_000),
    forgiven,
    (bench) =>
      bench.security.apply(settingsOf({ allowList: [{ address: STRANGER }] }), [], bench.now),
    (bench) => bench.security.apply(settingsOf({ ...FLOODED, dryRun: true }), [], bench.now),
  ];
  for (const way of ways) {
    const bench = new SecurityByHand({ ...FLOODED, denyPeriod: "30s" });
    bench.sendMany(200);
    bench.wait(10);
    assert.deepEqual(mutedBy(bench), [[source()]]);
    way(bench);
    assert.deepEqual(mutedBy(bench).slice(1), [[]]);
    assert.equal(bench.security.sizes.muted, 0);
  }
});

test("who is forgiven before its turn isn't muted", () => {
  const bench = new SecurityByHand(FLOODED);
  bench.sendMany(200);
  bench.security.forgive("dos", { kind: "all" }, bench.now);
  bench.wait(1000);
  assert.deepEqual(mutedBy(bench), []);
});

test("a line that was muted says that it doesn't count all", () => {
  const bench = new SecurityByHand({ ...FLOODED, denyPeriod: "30s" });
  bench.sendMany(200);
  bench.wait(40_000);
  bench.sendMany(30);
  bench.wait(40_000);
  const facts = bench.facts("source-forgiven") as { wasMuted?: boolean }[];
  assert.deepEqual(
    facts.map(({ wasMuted }) => wasMuted),
    [true, false],
  );
});

test("a dry run mutes nobody", () => {
  const bench = new SecurityByHand({ ...FLOODED, dryRun: true });
  bench.sendMany(500);
  bench.wait(1000);
  assert.deepEqual(mutedBy(bench), []);
});

test("no more than so many are muted, those that were loud first", () => {
  const bench = new SecurityByHand({ dos: { requests: 10 }, ddos: { requests: 5000 } });
  for (let i = 0; i < 600; i++) {
    if (i % 50 === 0) bench.wait(1000);
    bench.sendMany(200, { remoteAddress: `203.0.${i >> 8}.${i & 255}` });
  }
  bench.wait(1000);
  const muted = mutedBy(bench).at(-1)!;
  assert.equal(muted.length, 512);
  assert.equal(muted[0]?.address, "203.0.0.0");
});
