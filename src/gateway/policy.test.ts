import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base";
import { isEnd } from "#ends";
import { Malice } from "#security";
import { validateSettings } from "#settings";
import type { Side } from "#sip";
import { Headers, Request } from "#sip-message";
import { OperatorPolicy } from "./policy.ts";
import { TrunkRealms } from "./trunk-realms.ts";

const { settings } = validateSettings({
  securedInterface: "no",
  publicLocal: { address: "192.0.2.1" },
  privateLocal: { address: "10.77.0.1" },
  publicNat: "yes",
  advertised: { address: "203.0.113.1" },
  pbx: { host: "10.77.0.2" },
  trunks: [
    {
      name: "op",
      domain: "operator.example",
      peers: [{ host: "198.51.100.1" }],
      numberRules: {
        in: [{ strip: 1 }],
        out: [{ prepend: "9" }],
      },
    },
    { name: "other", domain: "other.example", peers: [{ host: "198.51.100.9" }] },
  ],
  routing: { defaultTrunk: "op", byRequestDomain: "yes" },
});

const AROUND = {
  peers: { isUp: () => true },
  realms: new TrunkRealms(),
  flows: { flowTo: () => undefined, isLost: () => false, trunkBehind: () => undefined },
  emit: () => undefined,
  malice: new Malice({
    settings: settings!,
    surface: { emit: () => undefined },
    isOurTag: () => false,
  }),
};

/** Where a transfer leads: the side, the trunk and the user that is called; or the end. */
function referred(by: Side, target: string): string {
  const policy = new OperatorPolicy(settings!, seededRandom(1), AROUND);
  const headers = new Headers();
  headers.add("from", "<sip:0612@10.77.0.1>;tag=1");
  const route = policy.referred(new Request("INVITE", target, headers), by, "op");
  return isEnd(route) ? route.name : `${route.toward} ${route.trunk} ${route.callee}`;
}

for (const [by, target, expected, what] of [
  ["private", "sip:4002@10.77.0.2", "private op 4002", "the PBX's own host"],
  ["private", "sip:4002@10.77.0.55:5062", "private op 4002", "a phone's own address"],
  ["private", "sip:0777@10.77.0.1:5062", "public op 90777", "the gateway as the PBX knows it"],
  ["private", "sip:0777@203.0.113.1", "public op 90777", "the gateway as the operator knows it"],
  ["private", "sip:0777@operator.example", "public op 90777", "the trunk's domain"],
  ["private", "sip:0777@198.51.100.9", "public other 0777", "another trunk's peer"],
  ["private", "tel:0777", "public op 90777", "a number by itself"],
  ["public", "sip:14002@203.0.113.1", "private op 4002", "the gateway"],
  ["public", "sip:14002@elsewhere.example", "private op 4002", "anywhere"],
  ["public", "sip:0888@operator.example", "public op 0888", "the operator's own domain"],
  ["public", "sip:0888@198.51.100.1", "public op 0888", "the operator's own peer"],
] as const) {
  test(`a transfer asked for on the ${by} side to ${what} goes to: ${expected}`, () => {
    assert.equal(referred(by, target), expected);
  });
}

test("a transfer of a call whose trunk is no more leads nowhere", () => {
  const policy = new OperatorPolicy(settings!, seededRandom(1), AROUND);
  const invite = new Request("INVITE", "sip:4002@10.77.0.2", new Headers());
  const route = policy.referred(invite, "private", "gone");
  assert.ok(isEnd(route) && route.name === "no-route");
});
