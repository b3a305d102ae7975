import assert from "node:assert/strict";
import { test } from "node:test";
import { after, type Instant, instant, seededRandom } from "#base";
import { PeerHealth, type Pulse } from "./peer-health.ts";

const START = instant(1_000_000);
const RULES = { intervalMs: 30_000, missesMax: 3 };

const watched = (rules = RULES) => {
  const health = new PeerHealth(rules, seededRandom(5), START);
  let now: Instant = START;
  const beat = (pulse: Pulse) => {
    now = after(health.nextAt!, 0);
    health.asked();
    return health.heard(pulse, now);
  };
  return { health, beat, now: () => now };
};

test("a peer is up until so many questions in a row stay unanswered", () => {
  const { health, beat } = watched();
  assert.equal(beat("silence"), undefined);
  assert.equal(beat("silence"), undefined);
  assert.ok(health.isUp);
  assert.deepEqual(beat("silence"), { to: "down", why: "no answer" });
  assert.equal(health.isUp, false);
});

test("an answer in between starts the count anew", () => {
  const { health, beat } = watched();
  for (const pulse of ["silence", "silence", { status: 200 }, "silence", "silence"] as const) {
    beat(pulse);
  }
  assert.ok(health.isUp);
});

test("any final answer but 503 shows that the peer lives", () => {
  for (const status of [200, 403, 404, 405, 500, 501, 603]) {
    const { health, beat } = watched({ ...RULES, missesMax: 1 });
    beat({ status });
    assert.ok(health.isUp, `${status}`);
  }
  const { beat } = watched({ ...RULES, missesMax: 1 });
  assert.deepEqual(beat({ status: 503 }), { to: "down", why: "503" });
});

test("a peer comes up again by itself, and is asked more often while down", () => {
  const { health, beat, now } = watched({ ...RULES, missesMax: 1 });
  beat("silence");
  assert.ok(health.nextAt! - now() <= 11_001);
  assert.deepEqual(beat({ status: 200 }), { to: "up", why: "200" });
  const wait = health.nextAt! - now();
  assert.ok(wait >= 27_000 && wait <= 33_001, `${wait}`);
});

test("one question is out at a time", () => {
  const { health } = watched();
  assert.ok(health.nextAt! < START + RULES.intervalMs);
  health.asked();
  assert.equal(health.nextAt, undefined);
});

test("without an interval a peer is never asked, and is up", () => {
  const health = new PeerHealth({ intervalMs: 0, missesMax: 1 }, seededRandom(1), START);
  assert.equal(health.nextAt, undefined);
  assert.ok(health.isUp);
});

test("other rules hold at once, and what is known of the peer stays", () => {
  const { health, beat, now } = watched({ ...RULES, missesMax: 2 });
  beat("silence");
  health.change({ intervalMs: 10_000, missesMax: 2 }, now());
  assert.ok(health.nextAt! - now() <= 11_001);
  assert.deepEqual(beat("silence"), { to: "down", why: "no answer" });
  health.change({ intervalMs: 3_600_000, missesMax: 2 }, now());
  assert.ok(health.nextAt! - now() <= 11_001, "a later question is not put off");
  health.asked();
  health.change(RULES, now());
  assert.equal(health.nextAt, undefined, "a question is out");
});
