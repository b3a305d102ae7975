import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base";
import { validateSettings } from "#settings";
import { Headers, parseUri, Request } from "#sip-message";
import { askedHosts, peersToTry, Router } from "./router.ts";

const trunk = (name: string, host: string, more: object = {}) => ({
  name,
  peers: [{ host }],
  ...more,
});

const settingsOf = (routing: object) =>
  validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.0.0.1" },
    pbx: { host: "10.0.0.2" },
    trunks: [
      trunk("one", "198.51.100.1", { domain: "one.example" }),
      trunk("two", "two.example", {
        numberRules: {
          out: [{ prefix: "0", strip: 1, prepend: "+33" }],
          in: [{ prefix: "+33", strip: 3, prepend: "0" }],
        },
      }),
      trunk("three", "2001:db8::3"),
    ],
    routing,
  }).settings!;

const routed = (routing: object, called: string, ...hosts: string[]): string | undefined =>
  new Router(settingsOf(routing)).trunkFor(
    called,
    hosts.map((host) => ({ host })),
  )?.name;

test("the first rule whose every condition holds gives the trunk", () => {
  const rules = [
    { prefix: "00", domain: "pbx.example", trunk: "one" },
    { prefix: "00", trunk: "two" },
    { pattern: "0[1-5]", trunk: "three" },
  ];
  assert.equal(routed({ rules }, "0049", "PBX.example"), "one");
  assert.equal(routed({ rules }, "0049", "10.0.0.1"), "two");
  assert.equal(routed({ rules }, "0123", "10.0.0.1"), "three");
  assert.equal(routed({ rules }, "0712", "10.0.0.1"), undefined);
});

test("the default takes what no rule took; none refuses it", () => {
  assert.equal(routed({ defaultTrunk: "two" }, "1"), "two");
  assert.equal(routed({ defaultTrunk: "none" }, "1"), undefined);
});

test("a trunk's domain, peer or address in the request goes to that trunk", () => {
  assert.equal(routed({ defaultTrunk: "two" }, "1", "ONE.example"), "one");
  assert.equal(routed({ defaultTrunk: "one" }, "1", "10.0.0.1", "two.example"), "two");
  assert.equal(routed({ defaultTrunk: "one" }, "1", "[2001:db8:0::3]"), "three");
  assert.equal(routed({ defaultTrunk: "two", byRequestDomain: "no" }, "1", "one.example"), "two");
});

test("rules come before the request's own domain", () => {
  const rules = [{ prefix: "1", trunk: "three" }];
  assert.equal(routed({ rules, defaultTrunk: "two" }, "1", "one.example"), "three");
});

test("numbers are rewritten on the way in and out", () => {
  const router = new Router(settingsOf({}));
  const two = router.trunk("two")!;
  const out = router.rewrite(two, "out", { called: "0123456789", calling: "0199" });
  assert.deepEqual(out, { called: "+33123456789", calling: "0199" });
  const back = router.rewrite(two, "in", { called: "+33123456789", calling: "anonymous" });
  assert.deepEqual(back, { called: "0123456789", calling: "anonymous" });
});

test("a request asks for the hosts of Route first, then its own", () => {
  const headers = new Headers();
  headers.add("route", "<sip:10.0.0.1;lr>, <sip:edge.two.example:5080;lr>");
  const request = new Request("INVITE", "sip:0123@one.example", headers);
  assert.deepEqual(askedHosts(request, parseUri(request.uri)), [
    { host: "10.0.0.1" },
    { host: "edge.two.example", port: 5080 },
    { host: "one.example" },
  ]);
});

test("a peer that is down is tried last, never dropped", () => {
  const settings = settingsOf({});
  const many = {
    ...settings.trunks[0]!,
    peers: ["a", "b", "c"].map((host, priority) => ({ host, priority, weight: 1 })),
  };
  const hosts = (down: string): string[] =>
    peersToTry(many, seededRandom(1), ({ host }) => !down.includes(host)).map(({ host }) => host);
  assert.deepEqual(hosts(""), ["a", "b", "c"]);
  assert.deepEqual(hosts("a"), ["b", "c", "a"]);
  assert.deepEqual(hosts("abc"), ["a", "b", "c"]);
});
