import assert from "node:assert/strict";
import { test } from "node:test";
import { type Settings, validateSettings } from "#settings";
import { ByHand, only, type Sent } from "../../test/support/by-hand.ts";

// RFC 3261 §10.2: what a registrar keeps of a trunk, and for how long.

const trunkOf = (expiresS: number) => ({
  peers: [{ host: "198.51.100.1" }],
  register: { user: "alice", expiresS },
});

/** What was sent, repeats left out. */
function once(sent: readonly Sent[]): Sent[] {
  const byBranch = new Map(sent.map((one) => [one.message.via.branch, one]));
  return [...byBranch.values()];
}

function registering(): { site: ByHand; register: Sent } {
  const site = new ByHand({ trunk: trunkOf(600) });
  return { site, register: only(once(site.wait(2100)), "REGISTER") };
}

/** The site's settings with another interval of registration. */
function asking(expiresS: number): Settings {
  const { settings, errors } = validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.77.0.1" },
    pbx: { host: "10.77.0.2", transport: "udp", optionsIntervalS: 0 },
    trunks: [{ name: "op", optionsIntervalS: 0, ...trunkOf(expiresS) }],
  });
  assert.ok(settings, JSON.stringify(errors));
  return settings;
}

const expiresOf = (sent: readonly Sent[]): (string | undefined)[] =>
  sent.map(({ message }) => message.headers.get("expires"));

function grant(site: ByHand, register: Sent, contact?: string): Sent[] {
  const expires = register.message.headers.get("expires") ?? "";
  const headers = contact === undefined ? { expires } : { contact };
  return site.take("public", site.answer(register, 200, { headers }));
}

const apply = (site: ByHand, settings: Settings): Sent[] => site.order({ kind: "apply", settings });

test("the interval that counts is our own binding's, whoever else is registered", () => {
  const others = ['"PBX" <sip:alice@203.0.113.9:5060>', "<sip:malice@192.0.2.1:5060>"];
  for (const other of others) {
    const { site, register } = registering();
    const contacts = `${other};expires=3600, <sip:alice@192.0.2.1:5060>;expires=120`;
    assert.deepEqual(grant(site, register, contacts), []);
    only(once(site.wait(110_000)), "REGISTER");
  }
});

test("a registrar that writes our Contact otherwise is believed all the same", () => {
  const { site, register } = registering();
  assert.deepEqual(grant(site, register, "<sip:alice@198.18.0.7:1024>;expires=120"), []);
  only(once(site.wait(110_000)), "REGISTER");
});

test("a former registration that goes late takes the new one's binding away: it is made again", () => {
  const { site, register } = registering();
  grant(site, register);
  // It is lost on its way, and comes when it is sent again.
  const removal = only(apply(site, asking(300)), "REGISTER");
  assert.deepEqual(expiresOf([removal]), ["0"]);
  const next = once(site.wait(2100)).filter(
    ({ message }) => message.callId !== removal.message.callId,
  );
  assert.deepEqual(expiresOf(next), ["300"]);
  grant(site, next[0]!);
  const again = grant(site, removal);
  assert.deepEqual(expiresOf(again), ["300"]);
  assert.deepEqual(grant(site, again[0]!), []);
  assert.deepEqual(site.wait(200_000), []);
});

test("a new registration that is on its way while the former one goes is made again", () => {
  const { site, register } = registering();
  grant(site, register);
  const removal = only(apply(site, asking(300)), "REGISTER");
  const next = once(site.wait(2100)).filter(
    ({ message }) => message.callId !== removal.message.callId,
  );
  assert.deepEqual(grant(site, removal), []);
  assert.deepEqual(expiresOf(grant(site, next[0]!)), ["300"]);
});

test("a former registration that is gone in time costs no more than that", () => {
  const { site, register } = registering();
  grant(site, register);
  grant(site, only(apply(site, asking(300)), "REGISTER"));
  const next = once(site.wait(2100));
  assert.deepEqual(expiresOf(next), ["300"]);
  grant(site, next[0]!);
  assert.deepEqual(site.wait(200_000), []);
});
