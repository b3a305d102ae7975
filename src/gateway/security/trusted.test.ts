import assert from "node:assert/strict";
import { test } from "node:test";
import { PBX, SecurityByHand, settingsOf, TRUNK } from "../../../test/support/security-by-hand.ts";

const ALLOWED = "203.0.113.0/24";

const named = (bench: SecurityByHand): string[] =>
  bench.security.trusted.map(({ side, address }) => `${side} ${address}`);

test("who is trusted is told of by block, the peers first, and again when that changes", () => {
  const bench = new SecurityByHand({ allowList: [{ address: ALLOWED }] });
  bench.security.learn("public", "sip.example", ["198.51.100.9"], bench.now);
  const all = [
    `private ${PBX}`,
    `public ${TRUNK}`,
    "public 198.51.100.9",
    `public ${ALLOWED}`,
    `private ${ALLOWED}`,
  ];
  assert.equal(named(bench).length, all.length);
  assert.deepEqual(new Set(named(bench)), new Set(all));
  assert.ok(
    named(bench).indexOf("public 198.51.100.9") < named(bench).indexOf(`public ${ALLOWED}`),
  );
  assert.deepEqual(bench.effectsOf("trust").at(-1)?.sources, bench.security.trusted);
  bench.security.learn("public", "sip.example", ["198.51.100.9"], bench.now);
  assert.equal(bench.effectsOf("trust").length, 1);
  const none = settingsOf({ level: "none", allowList: [{ address: ALLOWED }] });
  bench.security.apply(none, [{ side: "public", host: "sip.example" }], bench.now);
  assert.equal(named(bench).includes(`public ${ALLOWED}`), false);
  assert.deepEqual(bench.effectsOf("trust").at(-1)?.sources, bench.security.trusted);
});
