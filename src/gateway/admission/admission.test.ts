import assert from "node:assert/strict";
import { test } from "node:test";
import { after, type Instant, instant } from "#base";
import { validateSettings } from "#settings";
import { Admission, type Applicant } from "./admission.ts";

const NOW = instant(1_000_000);
const untold = (): void => undefined;

const settingsOf = (limits: object, trunkLimits: object = {}) =>
  validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "10.0.0.2" },
    emergencyNumbers: ["112"],
    trunks: [
      { name: "one", peers: [{ host: "198.51.100.1" }], limits: trunkLimits },
      { name: "two", peers: [{ host: "198.51.100.2" }] },
    ],
    limits,
  }).settings!;

const outward = (called: string, trunk = "one"): Applicant => ({
  trunk,
  toward: "public",
  called: [called],
});

/** Admits `count` calls at once; returns the names of the ends. */
const rush = (
  admission: Admission,
  count: number,
  now: Instant,
  trunk = "one",
): (string | undefined)[] =>
  Array.from(
    { length: count },
    (_, i) => admission.admit(`${now}-${trunk}-${i}`, outward("0123", trunk), now)?.name,
  );

const refusals = (names: readonly (string | undefined)[]): number =>
  names.filter((name) => name !== undefined).length;

test("calls at once are limited, and a call that ends makes room", () => {
  const admission = new Admission(settingsOf({ callsMax: 2 }), untold);
  assert.deepEqual(rush(admission, 3, NOW), [undefined, undefined, "calls-limit"]);
  admission.release(`${NOW}-one-0`, NOW);
  assert.equal(admission.admit("next", outward("0123"), NOW), undefined);
  assert.equal(admission.usage.calls, 2);
  assert.deepEqual(admission.usage.refused, { "calls-limit": 1 });
});

test("a release counts once, and only what was admitted", () => {
  const admission = new Admission(settingsOf({ callsMax: 1 }), untold);
  rush(admission, 2, NOW);
  for (const id of [`${NOW}-one-1`, "never", `${NOW}-one-0`, `${NOW}-one-0`])
    admission.release(id, NOW);
  assert.equal(admission.usage.calls, 0);
  assert.equal(admission.trunkUsage("one")?.calls, 0);
});

test("no second holds more calls than the limit, wherever it begins", () => {
  const admission = new Admission(settingsOf({ callsPerSecondMax: 5 }), untold);
  const admitted: number[] = [];
  for (let ms = 0; ms < 5000; ms += 37) {
    const now = after(NOW, ms);
    for (const name of rush(admission, 2, now)) if (name === undefined) admitted.push(now);
  }
  for (const from of admitted) {
    const inSecond = admitted.filter((at) => at >= from && at < from + 1000).length;
    assert.ok(inSecond <= 5, `${inSecond} calls in the second from ${from}`);
  }
  assert.ok(admitted.length >= 25, `${admitted.length} calls in five seconds`);
});

test("a trunk's limits bind the trunk alone", () => {
  const admission = new Admission(settingsOf({}, { callsMax: 1, callsPerSecondMax: 1 }), untold);
  assert.deepEqual(rush(admission, 2, NOW), [undefined, "calls-limit"]);
  assert.equal(refusals(rush(admission, 3, NOW, "two")), 0);
  admission.release(`${NOW}-one-0`, NOW);
  assert.equal(admission.admit("soon", outward("0123"), after(NOW, 999))?.name, "rate-limit");
  assert.equal(admission.admit("later", outward("0123"), after(NOW, 1000)), undefined);
});

test("a refusal by the gateway's limit takes nothing from the trunk's", () => {
  const admission = new Admission(settingsOf({ callsMax: 1 }, { callsPerSecondMax: 2 }), untold);
  rush(admission, 5, NOW);
  admission.release(`${NOW}-one-0`, NOW);
  assert.equal(admission.admit("next", outward("0123"), NOW), undefined);
});

test("the end has the status that is set, and Retry-After with a 503 alone", () => {
  const over = (limits: object) => {
    const admission = new Admission(settingsOf({ callsMax: 1, ...limits }), untold);
    rush(admission, 1, NOW);
    return admission.admit("over", outward("0123"), NOW);
  };
  assert.deepEqual(over({ retryAfterS: 7 }), {
    kind: "end",
    name: "calls-limit",
    status: 503,
    retryAfterS: 7,
  });
  assert.deepEqual(over({ refuseStatus: 486 }), { kind: "end", name: "calls-limit", status: 486 });
});

test("an emergency call is counted, and never refused; from outside 112 is an extension", () => {
  const admission = new Admission(settingsOf({ callsMax: 1, callsPerSecondMax: 1 }), untold);
  rush(admission, 1, NOW);
  assert.equal(admission.admit("sos", outward("112"), NOW), undefined);
  assert.equal(
    admission.admit("dialled", { ...outward("0112"), called: ["0112", "112"] }, NOW),
    undefined,
  );
  assert.equal(admission.usage.calls, 3);
  const inward: Applicant = { trunk: "one", toward: "private", called: ["112"] };
  assert.equal(admission.admit("in", inward, NOW)?.name, "calls-limit");
});

test("new limits bind new calls; running calls stay counted", () => {
  const admission = new Admission(settingsOf({ callsMax: 3, callsPerSecondMax: 3 }), untold);
  rush(admission, 3, NOW);
  admission.apply(settingsOf({ callsMax: 2, callsPerSecondMax: 10 }));
  admission.release(`${NOW}-one-0`, NOW);
  assert.equal(admission.admit("x", outward("1"), NOW)?.name, "calls-limit");
  admission.release(`${NOW}-one-1`, NOW);
  assert.equal(admission.admit("y", outward("1"), NOW), undefined);
  assert.equal(admission.usage.calls, 2);
});

test("a change of settings opens no new second", () => {
  const admission = new Admission(settingsOf({ callsPerSecondMax: 4 }), untold);
  rush(admission, 4, NOW);
  admission.apply(settingsOf({ callsPerSecondMax: 2 }));
  assert.equal(admission.admit("a", outward("1"), after(NOW, 500))?.name, "rate-limit");
  admission.apply(settingsOf({ callsPerSecondMax: 6 }));
  assert.equal(admission.admit("b", outward("1"), after(NOW, 500)), undefined);
});
