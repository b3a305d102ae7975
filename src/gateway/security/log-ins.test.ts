import assert from "node:assert/strict";
import { test } from "node:test";
import { after, instant } from "#base";
import type { Flow } from "#sip";
import {
  SecurityByHand,
  STRANGER,
  settingsOf,
  sourceFlow,
} from "../../../test/support/security-by-hand.ts";
import { type LogInResult, LogIns } from "./log-ins.ts";

const BRUTE_FORCE = settingsOf().security.bruteForce;
const OWNER = "198.51.100.50";

/** Log-ins as a registrar would have them judged, and what becomes of their sources. */
class Registrar {
  readonly bench: SecurityByHand;
  readonly logIns = new LogIns();

  constructor(security: object = {}) {
    this.bench = new SecurityByHand(security);
  }

  /** One log-in; false where its source is denied already. */
  take(result: LogInResult, account: string, from: Partial<Flow> = {}, isReached = true): boolean {
    const { security, now } = this.bench;
    const flow = sourceFlow(from);
    const { side, remoteAddress, remotePort } = flow;
    if (!security.admits(side, remoteAddress, remotePort)) return false;
    const text = `REGISTER sip:gw SIP/2.0\r\nFrom: <sip:${account}@gw>`;
    const settings = settingsOf().security.bruteForce;
    const judged = this.logIns.judge({ flow, account, result, text, isReached }, settings, now);
    if (judged.evidence) security.record(flow, judged.evidence, now);
    if (judged.isProven) security.prove(side, remoteAddress, remotePort, now);
    return true;
  }

  /** How many of so many were let in. */
  many(count: number, result: LogInResult, account: (i: number) => string, from?: Partial<Flow>) {
    return Array.from({ length: count }).filter((_, i) => this.take(result, account(i), from))
      .length;
  }

  get denied(): string[] {
    return [...this.bench.security.denied("brute-force")].map(({ id }) => id);
  }
}

test("C4: who guesses a password is denied after as many attempts as the settings say", () => {
  for (const transport of ["udp", "tcp", "tls"] as const) {
    const registrar = new Registrar();
    assert.equal(
      registrar.many(50, "wrong-password", () => "4001", { transport }),
      10,
      transport,
    );
    const port = transport === "udp" ? " 5060" : "";
    assert.deepEqual(registrar.denied, [`public ${STRANGER}${port}`]);
    const [line] = [...registrar.bench.security.denied("brute-force")];
    assert.deepEqual([line?.rule, line?.counts], ["wrong-password", { "wrong-password": 10 }]);
    assert.match(line!.evidence[0]!, /^REGISTER sip:gw SIP\/2\.0\\r\\nFrom/);
  }
});

test("C4: any number of attempts is met exactly", () => {
  const logIns = new LogIns();
  for (let attempts = 3; attempts <= 1000; attempts++) {
    const seen = { flow: sourceFlow({}), account: "x", text: "", isReached: true } as const;
    const settings = { ...BRUTE_FORCE, attempts };
    const { evidence } = logIns.judge({ ...seen, result: "unknown-account" }, settings, instant(0));
    let sum = 0;
    for (let i = 0; i < attempts; i++) sum += evidence!.weight;
    assert.ok(sum >= 100 && sum - evidence!.weight < 100, `${attempts}`);
  }
});

test("C3: who tries one account after the other is denied as well", () => {
  const registrar = new Registrar();
  assert.equal(
    registrar.many(50, "unknown-account", (i) => `${100 + i}`),
    10,
  );
  assert.deepEqual(registrar.denied, [`public ${STRANGER} 5060`]);
});

test("the normal challenge is no offence, nor an old answer, however often", () => {
  const registrar = new Registrar();
  for (const result of ["absent", "stale"] as const)
    assert.equal(
      registrar.many(500, result, () => "4001"),
      500,
    );
  assert.deepEqual(registrar.denied, []);
});

test("C2: an answer that comes again opens nothing, and is no offence", () => {
  const registrar = new Registrar();
  assert.equal(
    registrar.many(500, "replayed", () => "4001"),
    500,
  );
  assert.deepEqual(registrar.denied, []);
  assert.equal(registrar.bench.security.isProven("public", STRANGER, registrar.bench.now), false);
});

test("C4: one right answer in between washes no guesses away", () => {
  const registrar = new Registrar();
  let guesses = 0;
  for (let i = 0; i < 50; i++) {
    if (registrar.take("wrong-password", "4001")) guesses++;
    registrar.take("right", "4099");
  }
  assert.equal(guesses, 10);
});

test("attempts that are spread over windows are mistakes", () => {
  const registrar = new Registrar();
  for (let day = 0; day < 20; day++) {
    assert.equal(
      registrar.many(9, "wrong-password", () => "4001"),
      9,
    );
    registrar.bench.wait(300_000);
  }
});

test("D8: behind an address where others are logged in one telephone is denied, by its port", () => {
  for (const transport of ["udp", "tcp"] as const) {
    const registrar = new Registrar();
    registrar.take("right", "4001", { transport, remotePort: 40_001 });
    const bad = { transport, remotePort: 40_002 };
    assert.equal(
      registrar.many(50, "wrong-password", () => "4002", bad),
      10,
    );
    assert.deepEqual(registrar.denied, [`public ${STRANGER} 40002`]);
    assert.ok(registrar.take("right", "4001", { transport, remotePort: 40_001 }));
  }
});

test("C4: an account of one's own is no passport to those of others", () => {
  const registrar = new Registrar();
  registrar.take("right", "4001");
  assert.equal(
    registrar.many(50, "wrong-password", () => "4002"),
    10,
  );
  assert.deepEqual(registrar.denied, [`public ${STRANGER} 5060`]);
});

test("D5: what can have been forged counts half, and never against a port that is logged in", () => {
  const registrar = new Registrar();
  const victim = { remoteAddress: OWNER };
  registrar.take("right", "4001", victim);
  for (let i = 0; i < 100; i++) registrar.take("wrong-password", "4001", victim, false);
  assert.deepEqual(registrar.denied, []);
  let guesses = 0;
  while (guesses < 100 && registrar.take("wrong-password", "4001", {}, false)) guesses++;
  assert.ok(guesses >= 6 && guesses <= 20);
});

/** Guesses of one account, from ever other addresses; how many each has, in order. */
function attacked(registrar: Registrar, sources: number): number[] {
  return Array.from({ length: sources }, (_, i) =>
    registrar.many(50, "wrong-password", () => "4001", { remoteAddress: `203.0.113.${i}` }),
  );
}

test("C4, C5: under attack from everywhere an account gives each new source few guesses", () => {
  const registrar = new Registrar();
  registrar.take("right", "4001", { remoteAddress: OWNER });
  assert.deepEqual(attacked(registrar, 20), [10, ...new Array(19).fill(3)]);
});

test("C4: meanwhile its owner logs in, at home and elsewhere, and may mistype", () => {
  const registrar = new Registrar();
  const home = { remoteAddress: OWNER };
  registrar.take("right", "4001", home);
  attacked(registrar, 20);
  assert.equal(
    registrar.many(9, "wrong-password", () => "4001", home),
    9,
  );
  assert.ok(registrar.take("right", "4001", home));
  const elsewhere = { remoteAddress: "192.0.2.200" };
  assert.equal(
    registrar.many(2, "wrong-password", () => "4001", elsewhere),
    2,
  );
  assert.ok(registrar.take("right", "4001", elsewhere));
  assert.ok(!registrar.denied.some((id) => id.includes(OWNER)));
});

test("A6: what is no answer at all is malformed, on the other list", () => {
  const registrar = new Registrar();
  const from = { transport: "tcp" as const };
  assert.equal(
    registrar.many(50, "malformed", () => "4001", from),
    5,
  );
  assert.deepEqual(registrar.denied, []);
  assert.equal([...registrar.bench.security.denied("dos")][0]?.rule, "malformed");
});

test("in a dry run all is written down and nobody shut out", () => {
  const registrar = new Registrar({ dryRun: "yes" });
  assert.equal(
    registrar.many(50, "wrong-password", () => "4001"),
    50,
  );
  const [line] = [...registrar.bench.security.denied("brute-force")];
  assert.deepEqual([line?.isDryRun, line?.dropped], [true, 40]);
  const verdict = registrar.bench.security.wouldPass("public", STRANGER, 5060);
  assert.deepEqual([verdict.passes, verdict.denied?.rule], [true, "wrong-password"]);
});

test("one query tells what stands against a source that isn't denied yet", () => {
  const registrar = new Registrar();
  registrar.many(4, "wrong-password", (i) => `40${i}\x07\r\n${"x".repeat(500)}`);
  const { suspicions } = registrar.bench.security.explain(STRANGER, registrar.bench.now);
  const [suspicion] = suspicions;
  assert.deepEqual([suspicion?.list, suspicion?.counts], ["brute-force", { "wrong-password": 4 }]);
  for (const line of suspicion!.evidence) assert.ok(line.length <= 200 && /^[ -~]+$/.test(line));
});

test("D1: as many accounts as there may be are kept, and no more", () => {
  const { logIns } = new Registrar();
  const flow = sourceFlow({});
  for (let i = 0; i < 25_000; i++) {
    const seen = { flow, account: `${i}`, text: "", isReached: true };
    for (const result of ["wrong-password", "right", "unknown-account"] as const)
      logIns.judge({ ...seen, result }, BRUTE_FORCE, after(instant(0), i));
  }
  assert.equal(logIns.size, 20_000);
});

test("C4: an account remembers the last places that it was at home", () => {
  const registrar = new Registrar();
  const at = (i: number) => ({ remoteAddress: `192.0.2.${i}` });
  for (const i of [1, 2, 3, 1, 4, 5]) registrar.take("right", "4001", at(i));
  attacked(registrar, 2);
  assert.equal(
    registrar.many(50, "wrong-password", () => "4001", at(1)),
    10,
  );
  assert.equal(
    registrar.many(50, "wrong-password", () => "4001", at(2)),
    3,
  );
});
