import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Denied, DeniedSource, DenyList, Forgiven, Rule } from "#security";
import type { Side, Transport } from "#sip";
import { PBX, SecurityByHand, settingsOf, TRUNK } from "../../../test/support/security-by-hand.ts";

// Whatever comes from wherever, in whatever order: what the lists say, what the gate does and what
// is written down are one, and nobody trusted is ever shut out.

const ALLOWED = "203.0.113.200";
const LIST_MAX = 100;
const SETTINGS = [
  {},
  { level: "none" },
  { level: "allow-list" },
  { dryRun: true },
  { dos: { requests: 10, windowS: 2 }, ddos: { requests: 20, windowS: 2 } },
  { denyPeriod: "30s", bruteForce: { denyPeriod: "forever" } },
  { allowList: [{ address: "203.0.113.0/30" }, { address: "2001:db8:0:1::5" }] },
].map((security) =>
  settingsOf({ denyListMax: LIST_MAX, allowList: [{ address: ALLOWED }], ...security }),
);

const address = fc.constantFrom(
  TRUNK,
  PBX,
  ALLOWED,
  ...Array.from({ length: 8 }, (_, i) => `203.0.113.${i}`),
  ...Array.from({ length: 6 }, (_, i) => `2001:db8:0:1::${i + 1}`),
);
const from = fc.record({
  side: fc.constantFrom<Side>("public", "public", "private"),
  transport: fc.constantFrom<Transport>("udp", "tcp", "tls"),
  remoteAddress: address,
  remotePort: fc.constantFrom(5060, 5061, 40_000),
});
const list = fc.constantFrom<DenyList>("dos", "brute-force");
const rule = fc.constantFrom<Rule>("scanner", "malformed", "wrong-password", "unknown-account");

const step = fc.oneof(
  fc.record({ kind: fc.constant("send"), from, count: fc.constantFrom(1, 30, 300) }),
  fc.record({ kind: fc.constant("record"), from, rule, weight: fc.constantFrom(5, 60, 100) }),
  fc.record({ kind: fc.constant("prove"), from }),
  fc.record({ kind: fc.constant("wait"), ms: fc.constantFrom(10, 2000, 40_000, 4_000_000) }),
  fc.record({ kind: fc.constant("apply"), settings: fc.constantFrom(...SETTINGS) }),
  fc.record({ kind: fc.constant("learn"), address }),
  fc.record({
    kind: fc.constant("forgive"),
    list,
    which: fc.constantFrom("one", "following", "all"),
    nth: fc.nat(),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const linesOf = (bench: SecurityByHand): Denied[] =>
  bench.lines.map((line) => {
    const { dropped: _, ...denied } = line as Denied & { dropped?: number };
    return denied;
  });

function take(bench: SecurityByHand, one: Step): void {
  const { security } = bench;
  if ("count" in one) bench.sendMany(one.count, one.from);
  else if ("weight" in one) bench.record(one.weight, one.from, one.rule);
  else if ("ms" in one) bench.wait(one.ms);
  else if ("settings" in one) {
    security.apply(one.settings, [{ side: "public", host: "sip.example" }], bench.now);
  } else if ("nth" in one) {
    const ids = linesOf(bench).flatMap((line) => (line.list === one.list ? [line.id] : []));
    const id = ids[one.nth % Math.max(1, ids.length)] ?? "nobody";
    const which = (one.which === "all" ? { kind: "all" } : { kind: one.which, id }) as Forgiven;
    security.forgive(one.list, which, bench.now);
  } else if ("address" in one) {
    security.learn("public", "sip.example", [one.address], bench.now);
  } else {
    const { side, remoteAddress, remotePort } = one.from;
    security.prove(side, remoteAddress, remotePort, bench.now);
  }
}

const keyOf = ({ list, id }: Pick<Denied, "list" | "id">): string => `${list} ${id}`;

/** What is written down, after all that was asked for. */
function written(bench: SecurityByHand): Denied[] {
  const kept = new Map<string, Denied>();
  for (const effect of bench.effects) {
    if (effect.kind === "keep-denied") kept.set(keyOf(effect.denied), effect.denied);
    else if (effect.kind === "forget-denied") kept.delete(keyOf(effect));
  }
  return [...kept.values()];
}

/** Whom the sockets drop unread, after all that was asked for. */
const mutedBy = (bench: SecurityByHand): readonly DeniedSource[] =>
  bench.effectsOf("mute").at(-1)?.sources ?? [];

const sorted = (lines: readonly Denied[]): Denied[] =>
  [...lines].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));

function holds(bench: SecurityByHand): void {
  const { security } = bench;
  assert.ok(security.admits("public", TRUNK, 5060), "a trunk is heard");
  assert.ok(security.admits("private", PBX, 5060), "the PBX is heard");
  const lines = linesOf(bench);
  assert.deepEqual(sorted(written(bench)), sorted(lines), "what is written down is the lists");
  for (const { side, address: source, port = 1 } of mutedBy(bench))
    if (!source.includes("/"))
      assert.equal(security.admits(side, source, port), false, "who is muted is denied");
  for (const { side, address: source, port = 1, untilMs } of lines) {
    assert.ok(untilMs === undefined || untilMs > bench.now - 10, "nothing outstays its time");
    if (source.includes("/")) continue;
    const { passes } = security.wouldPass(side, source, port);
    assert.equal(security.admits(side, source, port), passes, "the answer is what the gate does");
    const { denied, trust } = security.explain(source, bench.now);
    assert.ok(denied.length > 0, "each line is explained");
    assert.ok(trust[side] === undefined || trust[side] === "proven", "nobody trusted is on a list");
  }
}

test("the lists, the gate and what is written down are one, and trust is never broken", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bench = new SecurityByHand({ denyListMax: LIST_MAX });
      for (const one of steps) {
        take(bench, one);
        holds(bench);
      }
      const next = new SecurityByHand({ denyListMax: LIST_MAX });
      next.now = bench.now;
      next.security.restore(written(bench), next.now);
      const kept = linesOf(next).map(({ id }) => id);
      const trusted = (id: string): boolean =>
        id.startsWith(`public ${TRUNK}`) || id.startsWith(`private ${PBX}`);
      const wanted = linesOf(bench).flatMap(({ id }) => (trusted(id) ? [] : [id]));
      assert.deepEqual(new Set(kept), new Set(wanted), "the next process has the same");
    }),
    { numRuns: 300 },
  );
});
