import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fact } from "#facts";
import { ByHand, only, type Sent, sdpOf } from "../support/by-hand.ts";

// Attack cases G: toll fraud, through the whole gateway. The operator's numbers are French; satellite
// phones (+881) are what fraud calls.

const MINUTE = 60_000;
const DENIED = { countryCode: "33", rules: [{ prefix: "+881", allow: "no" }] };
const SATELLITE = "00881612345678";

/** The PBX asks for a number: what the gateway sends. */
function dial(site: ByHand, number: string, callId = "call@peer"): Sent[] {
  const invite = site.begin("private", "INVITE", {
    sdp: sdpOf("private"),
    headers: { "call-id": callId },
  });
  invite.uri = `sip:${number}@10.77.0.1:5062`;
  return site.take("private", invite);
}

const ended = (site: ByHand): string[] =>
  site.facts.flatMap((fact: Fact) => (fact.kind === "call-ended" ? fact.record.end : []));

const refused = (site: ByHand): string[] =>
  site.facts.flatMap((fact: Fact) => (fact.kind === "refused" ? fact.end : []));

test("G destinations: a denied one is refused, and nothing goes to the operator", () => {
  const site = new ByHand({ trunk: { destinations: DENIED } });
  const sent = dial(site, SATELLITE);
  assert.equal(sent.length, 1);
  assert.match(only(sent, 403).message.headers.get("warning")!, /Destination not allowed/);
  assert.deepEqual(refused(site), ["destination-not-allowed"]);
  only(dial(site, "0123456789", "other@peer"), "INVITE");
});

test("G destinations: an emergency call passes where everything is denied", () => {
  const site = new ByHand({ trunk: { destinations: { default: "deny" } } });
  only(dial(site, "112"), "INVITE");
  only(dial(site, "0123", "other@peer"), 403);
});

test("G destinations: calls from the operator are not the rules' business", () => {
  const site = new ByHand({ trunk: { destinations: { default: "deny" } } });
  site.connected("public");
});

test("G forwarding: a 3xx of the operator that is followed leads to no denied number", () => {
  const trunk = {
    redirects: "follow",
    destinations: DENIED,
    peers: [{ host: "198.51.100.1", transport: "udp" }],
    sourceAddresses: ["198.51.100.0/24"],
  };
  const site = new ByHand({ trunk });
  const asked = only(dial(site, "0123456789"), "INVITE");
  const moved = (user: string) =>
    site.answer(asked, 302, { headers: { contact: `<sip:${user}@198.51.100.9>` } });
  const sent = site.take("public", moved("+881612345678"));
  assert.deepEqual(
    sent.filter(({ message }) => message.kind === "request" && message.method === "INVITE"),
    [],
    "nobody is called",
  );
  only(sent, 403);
  assert.deepEqual(ended(site), ["destination-not-allowed"]);

  const other = new ByHand({ trunk });
  const first = only(dial(other, "0123456789"), "INVITE");
  const contact = "<sip:+33199999999@198.51.100.9>";
  const onward = other.take("public", other.answer(first, 302, { headers: { contact } }));
  only(onward, "INVITE");
});

test("G forwarding: a 3xx of the PBX tells the operator of no denied number", () => {
  const site = new ByHand({ trunk: { destinations: DENIED } });
  const asked = only(
    site.take("public", site.begin("public", "INVITE", { sdp: sdpOf("public") })),
    "INVITE",
  );
  const contact = `<sip:${SATELLITE}@10.77.0.2>`;
  const sent = site.take("private", site.answer(asked, 302, { headers: { contact } }));
  const { message } = only(sent, 403);
  assert.equal(message.headers.get("contact"), undefined);
});

for (const refer of ["perform", "pass"]) {
  test(`G transfer: a REFER leads to no denied number (refer: ${refer})`, () => {
    const site = new ByHand({ trunk: { refer, destinations: DENIED } });
    const { callee } = site.connected("public");
    const headers = { "refer-to": `<sip:${SATELLITE}@10.77.0.1>` };
    const sent = site.take("private", site.inside(callee, "REFER", 1, { headers }));
    const toOperator = sent.filter(
      ({ to, message }) => to.side === "public" && message.kind === "request",
    );
    assert.deepEqual(toOperator, [], "the operator hears nothing of it");
    if (refer === "pass") return void only(sent, 403);
    const told = sent.flatMap(({ message }) => (message.kind === "request" ? message.body : []));
    assert.ok(
      told.some((body) => body.includes("403")),
      told.join("\n"),
    );
  });
}

test("G transfer: a REFER to an extension of the PBX passes, whatever may be called outside", () => {
  const site = new ByHand({ trunk: { destinations: { default: "deny", countryCode: "33" } } });
  const { callee } = site.connected("public");
  const headers = { "refer-to": "<sip:4002@10.77.0.2>" };
  const sent = site.take("private", site.inside(callee, "REFER", 1, { headers }));
  assert.equal(only(sent, "REFER").to.side, "public");
});

test("G hairpin: what comes in and goes out again is one more outward call", () => {
  const site = new ByHand({ trunk: { destinations: DENIED } });
  site.connected("public");
  only(dial(site, SATELLITE, "second@pbx"), 403);
});

test("G countries: the first call to a new one is told of, and remembered", () => {
  const site = new ByHand({ trunk: { destinations: { countryCode: "33" } } });
  dial(site, "0123456789");
  dial(site, SATELLITE, "one@pbx");
  dial(site, SATELLITE, "two@pbx");
  const told = site.facts.flatMap((fact) => (fact.kind === "first-country" ? fact.country : []));
  assert.deepEqual(told, ["881"]);
});

test("G countries: where that is asked for, a new one is refused until a rule allows it", () => {
  const site = new ByHand({ trunk: { destinations: { newCountry: "refuse", countryCode: "33" } } });
  assert.match(only(dial(site, SATELLITE), 403).message.headers.get("warning")!, /Country/);
  only(dial(site, "0123456789", "home@pbx"), "INVITE");
});

test("G minutes: a call ends when it is as long as calls may be, by a BYE both ways", () => {
  const site = new ByHand({ trunk: { destinations: { callMinutesMax: 5 } } });
  site.connected("private");
  assert.deepEqual(site.wait(5 * MINUTE - 1), []);
  const sides = site.wait(1).map(({ to, message }) => {
    assert.equal(message.kind === "request" && message.method, "BYE");
    return to.side;
  });
  assert.equal(sides.length, 2);
  assert.deepEqual(new Set(sides), new Set(["private", "public"]));
  assert.deepEqual(ended(site), ["call-too-long"]);
});

test("G minutes: used up, they refuse new calls; running ones go on, or end if that is asked for", () => {
  for (const cut of ["no", "yes"]) {
    const site = new ByHand({ trunk: { destinations: { minutesPerHourMax: 2, cut } } });
    site.connected("private");
    site.wait(2 * MINUTE + 1000);
    only(dial(site, "0123", "next@pbx"), 403);
    assert.deepEqual(ended(site), cut === "yes" ? ["minutes-limit"] : []);
  }
});

test("G calls at once: to one destination no more than its rule lets, others go", () => {
  const rules = [{ prefix: "+881", callsMax: 1 }];
  const site = new ByHand({ trunk: { destinations: { rules } } });
  only(dial(site, SATELLITE), "INVITE");
  only(dial(site, SATELLITE, "second@pbx"), 503);
  only(dial(site, "0123456789", "third@pbx"), "INVITE");
});
