import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "./configuration.ts";
import { StreamAdmission } from "./stream-admission.ts";

const limits = {
  ...DEFAULT_LIMITS,
  connectionsMax: 4,
  connectionsPerSourceMax: 2,
  reservedPercent: 0,
};

test("places are counted in all and of each source, and given back", () => {
  const admission = new StreamAdmission();
  const admit = (address: string) => admission.admit(address, limits);
  const first = admit("192.0.2.1");
  assert.equal(typeof first, "function");
  admit("192.0.2.1");
  assert.equal(admit("192.0.2.1"), "too many connections of one source");
  admit("192.0.2.2");
  admit("192.0.2.3");
  assert.equal(admit("192.0.2.4"), "too many connections");
  assert.equal(admission.sources, 3);
  if (typeof first === "function") first();
  assert.equal(typeof admit("192.0.2.1"), "function");
});

test("an IPv6 /64 is one source, and a source without connections is forgotten", () => {
  const admission = new StreamAdmission();
  const places = ["2001:db8::1", "2001:db8::ffff:2"].map((each) => admission.admit(each, limits));
  assert.equal(admission.admit("2001:db8::3", limits), "too many connections of one source");
  assert.equal(typeof admission.admit("2001:db8:0:1::3", limits), "function");
  for (const release of places) if (typeof release === "function") release();
  assert.equal(admission.sources, 1);
});

test("strangers can't take the places that are kept for peers", () => {
  const admission = new StreamAdmission();
  const kept = { ...limits, connectionsMax: 5, reservedPercent: 40 };
  const admit = (address: string, isPeer = false) => admission.admit(address, kept, isPeer);
  const strangers = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((each) => admit(each));
  assert.ok(strangers.every((place) => typeof place === "function"));
  assert.equal(admit("192.0.2.4"), "too many connections of strangers");
  assert.equal(typeof admit("198.51.100.1", true), "function");
  assert.equal(typeof admit("198.51.100.1", true), "function");
  assert.equal(admit("198.51.100.2", true), "too many connections");
  const [first] = strangers;
  if (typeof first === "function") first();
  assert.equal(typeof admit("192.0.2.4"), "function");
});

test("peers don't use up what strangers may have", () => {
  const admission = new StreamAdmission();
  const kept = { ...limits, reservedPercent: 50 };
  const admit = (address: string, isPeer = false) => admission.admit(address, kept, isPeer);
  admit("198.51.100.1", true);
  admit("198.51.100.1", true);
  assert.equal(typeof admit("192.0.2.1"), "function");
  assert.equal(typeof admit("192.0.2.2"), "function");
});
