import assert from "node:assert/strict";
import { test } from "node:test";
import { after, type Instant, instant, seededRandom } from "#base";
import {
  isRegistered,
  newRegistration,
  type Registration,
  type RegistrationAction,
  type RegistrationEvent,
  stepRegistration,
} from "./registration.ts";

const START = instant(1_000_000);

class Trial {
  readonly random = seededRandom(9);
  now: Instant = START;
  state: Registration = newRegistration(3600, this.random, START);

  step(event: RegistrationEvent): readonly RegistrationAction[] {
    const { state, actions } = stepRegistration(this.state, event, this.random, this.now);
    this.state = state;
    return actions;
  }

  /** Waits for the next time to act, and acts. */
  tick(): readonly RegistrationAction[] {
    assert.ok(this.state.nextAt !== undefined, "something is due");
    this.now = this.state.nextAt;
    return this.step({ kind: "tick" });
  }

  answer(status: number, more: object = {}): readonly RegistrationAction[] {
    return this.step({ kind: "answered", status, ...more });
  }

  get waitS(): number {
    return (this.state.nextAt! - this.now) / 1000;
  }
}

const registered = (grantedS = 3600): Trial => {
  const trial = new Trial();
  trial.tick();
  trial.answer(200, { grantedS });
  return trial;
};

test("a trunk registers at the start and refreshes at 80 to 90 % of the grant", () => {
  const trial = new Trial();
  assert.equal(isRegistered(trial.state, trial.now), false);
  assert.deepEqual(trial.tick(), [{ kind: "register", expiresS: 3600 }]);
  assert.equal(trial.state.phase, "registering");
  assert.deepEqual(trial.answer(200, { grantedS: 600 }), [{ kind: "registered", expiresS: 600 }]);
  assert.ok(isRegistered(trial.state, trial.now));
  assert.ok(trial.waitS >= 480 && trial.waitS <= 540, `${trial.waitS}`);
  assert.deepEqual(trial.tick(), [{ kind: "register", expiresS: 3600 }]);
});

test("no second REGISTER goes while one is out, nor before its time", () => {
  const trial = new Trial();
  trial.tick();
  assert.deepEqual(trial.step({ kind: "tick" }), []);
  trial.answer(200);
  assert.deepEqual(trial.step({ kind: "tick" }), []);
});

test("423 asks once more for what the operator wants at least, and remembers it", () => {
  const trial = new Trial();
  trial.tick();
  assert.deepEqual(trial.answer(423, { minExpiresS: 7200 }), [
    { kind: "register", expiresS: 7200 },
  ]);
  trial.answer(200, { grantedS: 7200 });
  assert.deepEqual(trial.tick(), [{ kind: "register", expiresS: 7200 }]);
});

test("a 423 that asks for no more than was offered is a refusal", () => {
  const trial = new Trial();
  trial.tick();
  assert.deepEqual(trial.answer(423, { minExpiresS: 60 }), [
    { kind: "failed", why: "refused", status: 423 },
  ]);
  assert.equal(trial.state.phase, "failed");
});

test("failures wait longer and longer, up to half an hour, and a success ends that", () => {
  const trial = new Trial();
  for (const longest of [30, 60, 120, 240, 480, 960, 1800, 1800]) {
    trial.tick();
    assert.equal(trial.step({ kind: "failed", why: "timeout" })[0]?.kind, "failed");
    assert.ok(trial.waitS >= longest / 2 && trial.waitS <= longest, `${trial.waitS} of ${longest}`);
  }
  trial.tick();
  trial.answer(200);
  trial.tick();
  trial.answer(500);
  assert.ok(trial.waitS <= 30);
});

test("Retry-After is waited for", () => {
  const trial = new Trial();
  trial.tick();
  trial.answer(503, { retryAfterS: 900 });
  assert.ok(trial.waitS >= 900);
});

test("a failed refresh leaves the binding good until it expires", () => {
  const trial = registered(600);
  trial.tick();
  trial.step({ kind: "failed", why: "transport" });
  assert.ok(isRegistered(trial.state, trial.now));
  assert.equal(isRegistered(trial.state, after(trial.now, 600_000)), false);
});

test("a binding is removed on the way out, one that never was is not", () => {
  const trial = registered();
  assert.deepEqual(trial.step({ kind: "remove" }), [{ kind: "register", expiresS: 0 }]);
  assert.deepEqual(trial.step({ kind: "remove" }), []);
  assert.deepEqual(trial.answer(200), []);
  assert.deepEqual(trial.state, { phase: "unregistered", askS: 3600, failures: 0 });
  assert.deepEqual(new Trial().step({ kind: "remove" }), []);
});

test("a grant of no duration is no registration", () => {
  const trial = new Trial();
  trial.tick();
  assert.equal(trial.answer(200, { grantedS: 0 })[0]?.kind, "failed");
});
