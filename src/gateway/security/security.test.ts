import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "#base";
import {
  PBX,
  SecurityByHand,
  STRANGER,
  settingsOf,
  sourceFlow,
  TRUNK,
} from "../../../test/support/security-by-hand.ts";
import type { Denied } from "./denied.ts";

const idsOf = (lines: readonly Denied[]): string[] => lines.map(({ id }) => id);

test("D1: a source over its threshold is heard no more, and again when its time is over", () => {
  const bench = new SecurityByHand({ dos: { requests: 20, windowS: 2 }, denyPeriod: "5min" });
  assert.equal(bench.sendMany(100), 21);
  assert.deepEqual(idsOf(bench.lines), [`public ${STRANGER} 5060`]);
  const [line] = [...bench.security.denied("dos")];
  assert.equal(line?.dropped, 79);
  assert.deepEqual([line?.rule, line?.counts], ["flood", { flood: 21 }]);
  assert.deepEqual(line?.evidence, ["OPTIONS sip:a@b SIP/2.0"]);
  assert.equal(line!.untilMs! - line!.sinceMs, 300_000);
  bench.wait(299_000);
  assert.equal(bench.send(), false);
  bench.wait(2000);
  assert.equal(bench.send(), true);
  assert.deepEqual(bench.lines, []);
  assert.equal(bench.facts("source-denied").length, 1);
  assert.equal(bench.facts("source-forgiven").length, 1);
});

test("requests that spread over windows are no flood", () => {
  const bench = new SecurityByHand({ dos: { requests: 10, windowS: 2 } });
  for (let i = 0; i < 50; i++) {
    assert.equal(bench.sendMany(10), 10);
    bench.wait(2000);
  }
  assert.deepEqual(bench.lines, []);
});

test("who is trusted floods unhindered, at auto-protection and without watch", () => {
  const allowList = [{ address: "203.0.113.0/24", comment: "a partner" }];
  for (const from of [
    { remoteAddress: TRUNK },
    { remoteAddress: PBX, side: "private" as const },
    { remoteAddress: STRANGER },
  ]) {
    const bench = new SecurityByHand({ dos: { requests: 10 }, allowList });
    assert.equal(bench.sendMany(5000, from), 5000);
    bench.record(1000, { ...from, transport: "tcp" });
    assert.deepEqual(bench.lines, []);
  }
});

test("level none watches no flood, denies malicious sources, and has no allow list", () => {
  const bench = new SecurityByHand({ level: "none", allowList: [{ address: STRANGER }] });
  assert.equal(bench.sendMany(9000), 9000);
  bench.record(100, { transport: "tcp" });
  assert.equal(bench.send(), false);
});

test("level allow-list: whoever is not trusted is dropped without a word, and on no list", () => {
  const bench = new SecurityByHand({
    level: "allow-list",
    allowList: [{ address: "2001:db8::/32" }],
  });
  assert.equal(bench.sendMany(9000), 0);
  assert.equal(bench.send({ remoteAddress: TRUNK }), true);
  assert.equal(bench.send({ remoteAddress: PBX, side: "private" }), true);
  assert.equal(bench.send({ remoteAddress: PBX }), false);
  assert.equal(bench.send({ remoteAddress: "2001:db8:1::9" }), true);
  assert.deepEqual(bench.lines, []);
  assert.deepEqual(bench.effects, []);
});

test("D5: what came by UDP weighs half, and denies its port alone", () => {
  const bench = new SecurityByHand();
  bench.record(100);
  assert.equal(bench.send(), true);
  bench.record(100);
  assert.deepEqual(idsOf(bench.lines), [`public ${STRANGER} 5060`]);
  assert.equal(bench.send({ remotePort: 5062 }), true);
  const overTcp = new SecurityByHand();
  overTcp.record(100, { transport: "tcp" });
  assert.deepEqual(idsOf(overTcp.lines), [`public ${STRANGER}`]);
});

test("D5: who forges a trunk's, the PBX's or an allowed address denies nobody", () => {
  const bench = new SecurityByHand({
    allowList: [{ address: "203.0.113.77" }],
    dos: { requests: 10 },
  });
  for (const remoteAddress of [TRUNK, "203.0.113.77"]) {
    for (let i = 0; i < 100; i++) bench.record(100, { remoteAddress });
    bench.sendMany(1000, { remoteAddress });
  }
  assert.deepEqual(bench.lines, []);
});

test("D5: forged sources deny no more than so many hosts in a second", () => {
  const bench = new SecurityByHand();
  for (let i = 0; i < 2000; i++) {
    const remoteAddress = `203.0.${i >> 8}.${i & 255}`;
    bench.record(100, { remoteAddress });
    bench.record(100, { remoteAddress });
  }
  assert.equal(bench.lines.length, 100);
});

test("D8: one bad phone behind an office's address doesn't silence the office", () => {
  const bench = new SecurityByHand({ dos: { requests: 10 } });
  bench.security.prove("public", STRANGER, 5060, bench.now);
  assert.equal(bench.sendMany(100, { remotePort: 40_001 }), 11);
  bench.record(100, { remotePort: 40_002, transport: "tcp" });
  assert.deepEqual(idsOf(bench.lines), [`public ${STRANGER} 40001`, `public ${STRANGER} 40002`]);
  assert.equal(bench.send({ remotePort: 40_003 }), true);
});

test("D5: a port that has its part in our calls isn't denied for what may be forged", () => {
  const bench = new SecurityByHand({ dos: { requests: 10 } });
  bench.security.prove("public", STRANGER, 5060, bench.now);
  assert.equal(bench.sendMany(500), 500);
  for (let i = 0; i < 10; i++) bench.record(100);
  assert.deepEqual(bench.lines, []);
  bench.sendMany(500, { remotePort: 5062 });
  assert.deepEqual(idsOf(bench.lines), [`public ${STRANGER} 5062`]);
  bench.record(100, { transport: "tcp", remotePort: 40_000 });
  assert.equal(bench.send({ remotePort: 40_000 }), false);
});

test("C5: malicious messages from ever other addresses of an IPv6 /64 add up", () => {
  const bench = new SecurityByHand();
  for (let i = 1; i <= 20; i++)
    bench.record(40, { transport: "tcp", remoteAddress: `2001:db8:0:7::${i}` });
  assert.deepEqual(idsOf(bench.lines), ["public 2001:db8:0:7::/64"]);
});

test("C5: changing its port again and again, a source is denied as a whole", () => {
  const bench = new SecurityByHand({ dos: { requests: 10 } });
  let isIn = 0;
  for (let port = 10_000; port < 11_000; port++) if (bench.send({ remotePort: port })) isIn += 1;
  assert.equal(isIn, 11);
  assert.deepEqual(idsOf(bench.lines), [`public ${STRANGER}`]);
});

test("C5: an IPv6 source that changes its address is denied with its /64, its neighbours aren't", () => {
  const bench = new SecurityByHand({ dos: { requests: 10 } });
  let isIn = 0;
  for (let i = 1; i <= 500; i++)
    if (bench.send({ remoteAddress: `2001:db8:0:7::${i.toString(16)}` })) isIn += 1;
  assert.equal(isIn, 41);
  assert.deepEqual(idsOf(bench.lines), ["public 2001:db8:0:7::/64"]);
  assert.equal(bench.send({ remoteAddress: "2001:db8:0:8::1" }), true);
  const other = new SecurityByHand({ dos: { requests: 10 } });
  other.sendMany(500, { remoteAddress: "2001:db8:0:7::1" });
  assert.deepEqual(idsOf(other.lines), ["public 2001:db8:0:7::1 5060"]);
});

test("D5: a block with a trunk in it is never denied as a whole", () => {
  const trunks = [{ name: "op", peers: [{ host: "2001:db8:0:7::aaaa" }] }];
  const bench = new SecurityByHand(
    { dos: { requests: 10 } },
    { trunks, publicLocal: { address: "2001:db8::1" } },
  );
  for (let i = 1; i <= 500; i++) bench.send({ remoteAddress: `2001:db8:0:7::${i.toString(16)}` });
  assert.ok(bench.security.admits("public", "2001:db8:0:7::aaaa", 5060));
  assert.ok(idsOf(bench.lines).every((id) => !id.includes("/")));
});

test("D1: a flood from everywhere begins and ends with a fact, and trusted sources pass", () => {
  const bench = new SecurityByHand({ ddos: { requests: 100, windowS: 2 } });
  bench.security.prove("public", "203.0.113.200", 5060, bench.now);
  const wave = (): number => {
    let isIn = 0;
    for (let i = 0; i < 300; i++)
      if (bench.send({ remoteAddress: `198.18.0.${i & 255}` })) isIn += 1;
    return isIn;
  };
  assert.equal(wave(), 101);
  assert.equal(bench.facts("ddos-started").length, 1);
  assert.equal(bench.sendMany(5, { remoteAddress: TRUNK }), 5);
  assert.equal(bench.send({ remoteAddress: "203.0.113.200" }), true);
  assert.equal(bench.send(), false);
  bench.wait(2000);
  assert.equal(wave(), 0);
  bench.wait(4000);
  assert.equal(bench.send(), true);
  assert.deepEqual(bench.facts("ddos-ended"), [
    { kind: "ddos-ended", durationMs: 6000, dropped: 500, passed: 6 },
  ]);
  assert.deepEqual(bench.lines, []);
});

test("a dry run writes down whom it would deny, and what it would have dropped", () => {
  const bench = new SecurityByHand({ dryRun: true, dos: { requests: 10 } });
  assert.equal(bench.sendMany(100), 100);
  const [line] = [...bench.security.denied("dos")];
  assert.deepEqual([line?.isDryRun, line?.dropped], [true, 89]);
  assert.deepEqual(bench.effectsOf("close-denied"), []);
  const verdict = bench.security.wouldPass("public", STRANGER, 5060);
  assert.deepEqual([verdict.passes, verdict.denied?.id], [true, line?.id]);
});

test("in earnest, a source of the dry run is denied anew", () => {
  const bench = new SecurityByHand({ dryRun: true, dos: { requests: 10 } });
  bench.sendMany(100);
  bench.security.apply(settingsOf({ dos: { requests: 10 } }), [], bench.now);
  bench.wait(10_000);
  assert.equal(bench.sendMany(100), 11);
  assert.deepEqual(
    bench.lines.map(({ isDryRun }) => isDryRun),
    [false],
  );
});

test("a denied source's connections are ended, the one that did it at once", () => {
  const bench = new SecurityByHand();
  bench.record(100, { transport: "tls" });
  assert.equal(bench.effectsOf("close-flow").length, 1);
  assert.equal(bench.effectsOf("close-denied").length, 0);
  bench.record(100, { transport: "tls", remoteAddress: "203.0.113.6" });
  bench.wait(100);
  assert.equal(bench.effectsOf("close-denied").length, 1);
});

test("both lists are bounded, and the oldest leave", () => {
  const bench = new SecurityByHand({ denyListMax: 100 });
  const addresses = Array.from({ length: 150 }, (_, i) => `203.0.113.${i}`);
  for (const remoteAddress of addresses) {
    bench.record(100, { remoteAddress, transport: "tcp" });
    bench.record(100, { remoteAddress, transport: "tcp" }, "wrong-password");
  }
  for (const list of ["dos", "brute-force"] as const) {
    const kept = [...bench.security.denied(list)].map(({ address }) => address);
    assert.deepEqual(kept, addresses.slice(50));
  }
  assert.equal(bench.effectsOf("keep-denied").length, 300);
  assert.equal(bench.effectsOf("forget-denied").length, 100);
  bench.security.apply(settingsOf({ denyListMax: 120 }), [], bench.now);
  assert.equal(bench.security.sizes.denied, 200);
});

test("C4: wrong log-ins count towards a list of their own, with its own period", () => {
  const bench = new SecurityByHand({
    bruteForce: { attempts: 5, denyPeriod: "30s" },
    denyPeriod: "forever",
  });
  for (let i = 0; i < 4; i++) bench.record(20, { transport: "tls" }, "wrong-password");
  assert.deepEqual(bench.lines, []);
  bench.record(20, { transport: "tls" }, "unknown-account");
  const [line] = [...bench.security.denied("brute-force")];
  assert.deepEqual(line?.counts, { "wrong-password": 4, "unknown-account": 1 });
  bench.wait(31_000);
  assert.deepEqual(bench.lines, []);
  bench.record(100, { transport: "tls" });
  bench.wait(864_000_000);
  assert.equal(bench.send(), false);
});

test("suspicion is forgotten when its window is over", () => {
  const bench = new SecurityByHand({ malicious: { windowS: 60 } });
  for (let i = 0; i < 10; i++) {
    bench.record(60, { transport: "tcp" });
    bench.wait(61_000);
  }
  assert.deepEqual(bench.lines, []);
});

test("an administrator removes one line, it and those that follow, or all", () => {
  const filled = (): SecurityByHand => {
    const bench = new SecurityByHand();
    for (let i = 1; i <= 5; i++)
      bench.record(100, { remoteAddress: `203.0.113.${i}`, transport: "tcp" });
    return bench;
  };
  const left = (bench: SecurityByHand): string[] =>
    bench.lines.map(({ address }) => address.slice(-1));
  const one = filled();
  one.security.forgive("dos", { kind: "one", id: "public 203.0.113.2" }, one.now);
  assert.deepEqual(left(one), ["1", "3", "4", "5"]);
  const following = filled();
  following.security.forgive("dos", { kind: "following", id: "public 203.0.113.3" }, following.now);
  assert.deepEqual(left(following), ["1", "2"]);
  const all = filled();
  all.security.forgive("dos", { kind: "all" }, all.now);
  assert.deepEqual(left(all), []);
  assert.equal(all.effectsOf("forget-denied").length, 5);
  all.security.forgive("brute-force", { kind: "one", id: "nobody" }, all.now);
  assert.equal(all.facts("source-forgiven").length, 1);
  assert.equal(all.send({ remoteAddress: "203.0.113.2" }), true);
});

test("the lists survive: what was kept denies again, what is over or trusted by now doesn't", () => {
  const before = new SecurityByHand({ denyPeriod: "5min" });
  before.record(100, { transport: "tcp" });
  before.wait(200_000);
  before.record(100, { transport: "tcp", remoteAddress: "203.0.113.6" });
  before.record(100, { transport: "tcp", remoteAddress: "203.0.113.7" });
  const kept = before.effectsOf("keep-denied").map(({ denied }) => denied);
  const after = new SecurityByHand({ allowList: [{ address: "203.0.113.7" }] });
  after.now = instant(before.now + 110_000);
  after.security.restore([...kept].reverse(), after.now);
  assert.deepEqual(idsOf(after.lines), ["public 203.0.113.6"]);
  assert.equal(after.effectsOf("forget-denied").length, 2);
  assert.equal(after.send({ remoteAddress: "203.0.113.6" }), false);
  after.wait(300_000);
  assert.equal(after.send({ remoteAddress: "203.0.113.6" }), true);
});

test("who becomes a trunk's address, or comes on to the allow list, is on no deny list", () => {
  const bench = new SecurityByHand();
  bench.record(100, { transport: "tcp" });
  bench.record(100, { transport: "tcp", remoteAddress: "203.0.113.6" });
  bench.security.learn("public", "sip.example.org", [STRANGER], bench.now);
  assert.deepEqual(idsOf(bench.lines), ["public 203.0.113.6"]);
  const allowList = [{ address: "203.0.113.6" }];
  bench.security.apply(
    settingsOf({ allowList }),
    [{ side: "public", host: "sip.example.org" }],
    bench.now,
  );
  assert.deepEqual(bench.lines, []);
  bench.security.apply(settingsOf({ allowList }), [], bench.now);
  bench.record(100, { transport: "tcp" });
  assert.deepEqual(idsOf(bench.lines), [`public ${STRANGER}`]);
});

test("one question says why an address is blocked, another what would pass", () => {
  const bench = new SecurityByHand({ dos: { requests: 10 } });
  bench.send({ remotePort: 1 });
  bench.record(60, { transport: "tcp" }, "malformed");
  bench.security.prove("private", STRANGER, 5060, bench.now);
  const before = bench.security.explain(STRANGER, bench.now);
  assert.deepEqual(before.denied, []);
  assert.deepEqual(before.suspicions[0]?.counts, { malformed: 1 });
  assert.deepEqual(before.messages, { public: 1, private: 0 });
  assert.deepEqual(before.trust, { public: undefined, private: "proven" });
  bench.record(60, { transport: "tcp" }, "forged");
  const { denied } = bench.security.explain(STRANGER, bench.now);
  assert.deepEqual(
    denied.map(({ rule, counts }) => [rule, counts]),
    [["forged", { malformed: 1, forged: 1 }]],
  );
  assert.deepEqual(denied[0]?.evidence, ["seen malformed", "seen forged"]);
  const verdictOf = (address: string) => bench.security.wouldPass("public", address, 5060).why;
  assert.deepEqual([STRANGER, TRUNK, "192.0.2.99"].map(verdictOf), [
    "denied",
    "trusted",
    "nothing-against-it",
  ]);
  const strict = new SecurityByHand({ level: "allow-list" });
  const asked = strict.security.wouldPass("public", STRANGER, 5060);
  assert.deepEqual(asked, { passes: false, why: "not-allow-listed" });
});

test("a flood of denials tells of some, and of how many more there were", () => {
  const bench = new SecurityByHand();
  for (let i = 0; i < 200; i++)
    bench.record(100, { remoteAddress: `203.0.113.${i}`, transport: "tcp" });
  assert.equal(bench.facts("source-denied").length, 20);
  bench.wait(61_000);
  bench.record(100, { remoteAddress: "203.0.113.250", transport: "tcp" });
  const told = bench.facts("source-denied").at(-1);
  assert.equal(told?.kind === "source-denied" && told.untold, 180);
});

test("nothing grows without bound, whatever comes from wherever", () => {
  const bench = new SecurityByHand({
    denyListMax: 100,
    dos: { requests: 10, windowS: 10 },
    ddos: { requests: 5000 },
  });
  for (let i = 0; i < 30_000; i++) {
    const remoteAddress = `198.18.${i >> 8}.${i & 255}`;
    bench.security.strange(sourceFlow({ remoteAddress }), () => "x", bench.now);
    bench.record(1, { remoteAddress });
    bench.security.prove("public", remoteAddress, 5060, bench.now);
  }
  const { denied, suspected, flooding, proven } = bench.security.sizes;
  assert.ok(denied <= 100);
  assert.deepEqual([suspected, proven], [10_000, 10_000]);
  assert.ok(flooding <= 20_000);
});
