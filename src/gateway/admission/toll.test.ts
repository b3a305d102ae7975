import assert from "node:assert/strict";
import { test } from "node:test";
import { after, type Instant, instant } from "#base";
import { isEnd } from "#ends";
import type { Effect, Remembered } from "#port";
import { validateSettings } from "#settings";
import { Admission } from "./admission.ts";
import { countryOf } from "./countries.ts";
import { globalNumber } from "./numbering.ts";

const NOW = instant(1_700_000_000_000);
const MINUTE = 60_000;

function site(destinations: object, trunk: object = {}) {
  const { settings, errors } = validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "10.0.0.2" },
    trunks: [{ name: "op", peers: [{ host: "198.51.100.1" }], destinations, ...trunk }],
  });
  assert.ok(settings, JSON.stringify(errors));
  const effects: Effect[] = [];
  const admission = new Admission(settings, (effect) => effects.push(effect));
  let calls = 0;
  /** The end that a call is refused with, or its id. */
  const call = (called: string, now: Instant = NOW): string => {
    const id = `call ${++calls}`;
    const refused = admission.admit(id, { trunk: "op", toward: "public", called: [called] }, now);
    return refused?.name ?? id;
  };
  const talk = (called: string, now: Instant = NOW): string => {
    const id = call(called, now);
    admission.answered(id, now, now);
    return id;
  };
  return { admission, effects, call, talk };
}

const kept = (effects: readonly Effect[]): Remembered[] => {
  const last = new Map<string, Remembered>();
  for (const effect of effects)
    if (effect.kind === "remember") last.set(effect.record.name, effect.record);
  return [...last.values()];
};

const FRANCE = { countryCode: "33", internationalPrefix: "00", nationalPrefix: "0" };

test("a number is known in every dress", () => {
  const dresses = ["+881612345678", "00881612345678", "+00881612345678", "+881 (6) 12-345x678"];
  for (const number of dresses) assert.equal(globalNumber(number, FRANCE), "+881612345678", number);
  assert.equal(globalNumber("0123456789", FRANCE), "+33123456789");
  for (const number of ["118", "3651", "4001", "alice", ""])
    assert.equal(globalNumber(number, FRANCE), undefined, number);
});

test("countries by their E.164 codes; those of zone 1 and 7 that have tariffs of their own", () => {
  const known = {
    "+33123456789": "33",
    "+881612345678": "881",
    "+18765550100": "1876",
    "+12125550100": "1",
    "+77012345678": "77",
    "+74951234567": "7",
    "+3": undefined,
  };
  for (const [number, country] of Object.entries(known)) assert.equal(countryOf(number), country);
});

test("the longest prefix decides, however the number is dialled and the rule written", () => {
  const rules = [
    { prefix: "+33", allow: "yes" },
    { prefix: "0899", allow: "no", comment: "premium" },
    { prefix: "0033612", allow: "no" },
    { prefix: "118", allow: "yes" },
  ];
  const { call } = site({ default: "deny", rules, countryCode: "33" });
  const refused = "destination-not-allowed";
  for (const number of ["+33123456789", "0123456789", "118712"])
    assert.match(call(number), /^call/, number);
  for (const number of ["+33899123456", "0899123456", "0612345678", "+4930123456", "4001", "alice"])
    assert.equal(call(number), refused, number);
});

test("a trunk's own number rules tell the country where the destinations don't", () => {
  const numberRules = { out: [{ e164: { countryCode: "33" } }] };
  const rules = [{ prefix: "+338", allow: "no" }];
  const { call } = site({ rules }, { numberRules });
  assert.equal(call("0899123456"), "destination-not-allowed");
});

test("emergency numbers pass whatever is denied", () => {
  const { call } = site({ default: "deny" });
  assert.match(call("112"), /^call/);
});

test("calls at once to one destination leave the others alone", () => {
  const { call, admission } = site({ rules: [{ prefix: "+881", callsMax: 1 }] });
  assert.equal(call("+8811"), "call 1");
  assert.equal(call("+8812"), "calls-limit");
  assert.match(call("+33123456789"), /^call/);
  admission.release("call 1", NOW);
  assert.match(call("+8812"), /^call/);
});

test("minutes of calls that talk and of calls that have ended are one budget, of any hour", () => {
  const { call, talk, admission } = site({ minutesPerHourMax: 10 });
  const first = talk("+33123456789");
  admission.release(first, after(NOW, 4 * MINUTE));
  talk("+33123456789", after(NOW, 5 * MINUTE));
  assert.match(call("+33123456789", after(NOW, 10.5 * MINUTE)), /^call/);
  assert.equal(call("+33123456789", after(NOW, 11 * MINUTE)), "minutes-limit");
  admission.release("call 2", after(NOW, 11 * MINUTE));
  assert.equal(call("+33123456789", after(NOW, 59 * MINUTE)), "minutes-limit");
  assert.match(call("+33123456789", after(NOW, 66 * MINUTE)), /^call/);
});

test("a call that was never answered costs no minute", () => {
  const { call, admission } = site({ minutesPerHourMax: 1 });
  admission.release(call("+33123456789"), after(NOW, 5 * MINUTE));
  assert.match(call("+33123456789", after(NOW, 5 * MINUTE)), /^call/);
});

test("the first call to a country is told of once, and remembered for the next process", () => {
  const { call, effects } = site({ countryCode: "33" });
  for (const number of ["0123456789", "+881612345678", "00881612345678"]) call(number);
  const facts = effects.flatMap((effect) => (effect.kind === "fact" ? effect.fact : []));
  assert.deepEqual(facts, [
    {
      kind: "first-country",
      callId: "call 2",
      trunk: "op",
      country: "881",
      callee: "+881612345678",
      isRefused: false,
    },
  ]);
  const next = site({ countryCode: "33" });
  next.admission.restore(kept(effects), NOW);
  next.call("+881612345678");
  assert.deepEqual(next.effects, []);
});

test("a new country is refused until a rule allows it, and told of once", () => {
  const refusing = site({ newCountry: "refuse", countryCode: "33" });
  assert.match(refusing.call("0123456789"), /^call/);
  for (const number of ["+881612345678", "00881612345678"])
    assert.equal(refusing.call(number), "new-country");
  assert.equal(refusing.effects.length, 1);
  const confirmed = site({ newCountry: "refuse", rules: [{ prefix: "+8816" }] });
  assert.equal(confirmed.call("+881712345678"), "new-country");
  assert.match(confirmed.call("+881612345678"), /^call/);
});

test("what was talked outlives the process, with the calls that go on", () => {
  const { talk, admission, effects } = site({ minutesPerDayMax: 10 });
  const ended = talk("+33123456789");
  talk("+33123456789");
  admission.release(ended, after(NOW, 3 * MINUTE));
  const later = after(NOW, 6 * MINUTE);
  const next = site({ minutesPerDayMax: 10 });
  next.admission.restore(kept(effects), later);
  const known = { trunk: "op", toward: "public", called: ["+33123456789"] } as const;
  next.admission.readmit("running", known, later);
  next.admission.answered("running", NOW, later);
  assert.match(next.call("+33123456789", after(later, 0.9 * MINUTE)), /^call/);
  assert.equal(next.call("+33123456789", after(later, 1.1 * MINUTE)), "minutes-limit");
});

test("records that nobody understands, or that are nobody's, are forgotten", () => {
  const { admission, effects } = site({});
  const records = [
    { name: "countries gone", text: '["33"]' },
    { name: "countries op", text: '["<script>"]' },
    { name: "minutes op", text: "{" },
    { name: "something else", text: "of another version" },
  ];
  admission.restore(records, NOW);
  assert.deepEqual(
    effects,
    records.slice(0, 3).map(({ name }) => ({ kind: "remember", record: { name } })),
  );
});

test("a running call is cut at its own length, or when the minutes are used up if that is set", () => {
  const long = site({ callMinutesMax: 5 });
  const id = long.call("+33123456789");
  assert.equal(long.admission.answered(id, NOW, NOW), after(NOW, 5 * MINUTE));
  const end = long.admission.overdue(id, after(NOW, 5 * MINUTE));
  assert.ok(typeof end === "object" && isEnd(end) && end.name === "call-too-long");

  const kind = site({ minutesPerHourMax: 1 });
  assert.equal(kind.admission.answered(kind.call("+33123456789"), NOW, NOW), undefined);

  const strict = site({ minutesPerHourMax: 1, cut: "yes" });
  const one = strict.call("+33123456789");
  assert.ok(strict.admission.answered(one, NOW, NOW)! <= after(NOW, MINUTE));
  const used = strict.admission.overdue(one, after(NOW, MINUTE));
  assert.ok(typeof used === "object" && used.name === "minutes-limit");
});

test("of one prefix written in two ways the rule that denies counts, in any order", () => {
  const two = [
    { prefix: "+33899", allow: "no" },
    { prefix: "0899", allow: "yes" },
  ];
  for (const rules of [two, two.toReversed()]) {
    const { call } = site({ rules, countryCode: "33" });
    assert.equal(call("0899123456"), "destination-not-allowed");
  }
});

test("what replaces a call counts where that one went, whatever number it names", () => {
  const rules = [{ prefix: "+881", callsMax: 2 }];
  const { admission, call } = site({ default: "deny", rules });
  const replacing = (id: string, replaces: string) =>
    admission.admit(id, { trunk: "op", toward: "public", called: ["peer"], replaces }, NOW)?.name;
  const out = call("+881612345678");
  assert.equal(replacing("first", out), undefined);
  assert.equal(replacing("second", out), "calls-limit");
  assert.equal(replacing("third", "a call that came in"), undefined);
});
