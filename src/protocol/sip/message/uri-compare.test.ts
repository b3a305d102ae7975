import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUri } from "./uri.ts";
import { sameUri } from "./uri-compare.ts";

const same = (a: string, b: string): boolean => sameUri(parseUri(a)!, parseUri(b)!);

// The examples of RFC 3261 §19.1.4.
test("URIs that are one", () => {
  for (const [a, b] of [
    ["sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"],
    ["sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"],
    ["sip:carol@chicago.com", "sip:carol@chicago.com;security=on"],
    [
      "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
      "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ],
    [
      "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
      "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    ],
    ["tel:+1-201-555-0123", "tel:+12015550123"],
    ["sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0::1]"],
  ] as const) {
    assert.ok(same(a, b), `${a} ${b}`);
    assert.ok(same(b, a), `${b} ${a}`);
  }
});

test("URIs that differ", () => {
  for (const [a, b] of [
    ["SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"],
    ["sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"],
    ["sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"],
    ["sip:bob@biloxi.com", "sips:bob@biloxi.com"],
    ["sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"],
    ["sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"],
    ["sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"],
    ["sip:biloxi.com", "sip:bob@biloxi.com"],
    ["tel:7042;phone-context=a.com", "tel:7042"],
    ["urn:service:sos", "urn:service:sos.fire"],
  ] as const) {
    assert.ok(!same(a, b), `${a} ${b}`);
    assert.ok(!same(b, a), `${b} ${a}`);
  }
});
