import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base";
import { orderPeers } from "./peer-order.ts";

const peer = (name: string, priority: number, weight: number) => ({ name, priority, weight });

test("the lowest priority comes first, whatever the weights", () => {
  const peers = [peer("c", 30, 100), peer("a", 10, 1), peer("b", 20, 50)];
  const names = orderPeers(peers, seededRandom(1)).map(({ name }) => name);
  assert.deepEqual(names, ["a", "b", "c"]);
});

test("equals share the first place in proportion to their weights", () => {
  const random = seededRandom(7);
  const peers = [peer("heavy", 0, 3), peer("light", 0, 1), peer("none", 0, 0)];
  const first = { heavy: 0, light: 0, none: 0 };
  const rounds = 10_000;
  for (let i = 0; i < rounds; i++) first[orderPeers(peers, random)[0]!.name as "heavy"]++;
  // Lots run from 0 to 4: weight 0 has the lot 0 alone (RFC 2782).
  assert.ok(Math.abs(first.heavy / rounds - 3 / 5) < 0.03, `heavy ${first.heavy}`);
  assert.ok(Math.abs(first.light / rounds - 1 / 5) < 0.03, `light ${first.light}`);
  assert.ok(Math.abs(first.none / rounds - 1 / 5) < 0.03, `none ${first.none}`);
});

test("nobody is lost or doubled", () => {
  const random = seededRandom(3);
  const peers = Array.from({ length: 16 }, (_, i) => peer(`p${i}`, i % 3, i % 4));
  for (let i = 0; i < 100; i++) {
    const names = orderPeers(peers, random).map(({ name }) => name);
    assert.deepEqual(new Set(names), new Set(peers.map(({ name }) => name)));
    assert.equal(names.length, peers.length);
  }
});
