import assert from "node:assert/strict";
import { test } from "node:test";
import { validateSettings } from "#settings";
import { ByHand, dialogsOf, only, sdpOf } from "../../test/support/by-hand.ts";

const SECOND = "198.51.100.77";
const STRICT = { settings: { security: { level: "allow-list" } } };

const why = ({ gateway }: ByHand, address: string): string =>
  gateway.wouldPass("public", address, 5060).why;

test("a peer's second host is heard once it has shown that it is in a dialog", () => {
  const site = new ByHand(STRICT);
  const { caller } = site.connected("public");
  assert.equal(why(site, SECOND), "not-allow-listed");
  only(site.take("public", site.inside(caller, "BYE", 2), { remoteAddress: SECOND }), "BYE");
  assert.equal(why(site, SECOND), "trusted");
  assert.equal(site.gateway.explain(SECOND, site.now).trust.public, "proven");
});

test("where a Contact leads us, the answer is let in", () => {
  const site = new ByHand(STRICT);
  const invite = site.begin("public", "INVITE", {
    sdp: sdpOf("public"),
    headers: { contact: `<sip:x@${SECOND}>` },
  });
  const asked = only(site.take("public", invite), "INVITE");
  const answered = only(
    site.take("private", site.answer(asked, 200, { sdp: sdpOf("private") })),
    200,
  );
  const { caller, callee } = dialogsOf("public", invite, asked, answered.message);
  only(site.take("public", site.inside(caller, "ACK", 1)), "ACK");
  assert.equal(why(site, SECOND), "not-allow-listed");
  const bye = only(site.take("private", site.inside(callee, "BYE", 1)), "BYE");
  assert.equal(bye.to.address, SECOND);
  assert.equal(why(site, SECOND), "trusted");
});

test("addresses of a trunk's name are trusted as soon as they are known, and taken off the lists", () => {
  const names = "sip.operator.example";
  const site = new ByHand({
    settings: { security: { dos: { requests: 10 } } },
  });
  const more = site.begin("public", "OPTIONS");
  for (let i = 0; i < 20; i++) site.take("public", more, { remoteAddress: SECOND });
  assert.equal(why(site, SECOND), "denied");
  site.names.set(names, [{ transport: "udp", address: SECOND, port: 5060 }]);
  const { settings } = validateSettings({
    securedInterface: "no",
    publicLocal: { address: "192.0.2.1" },
    privateLocal: { address: "10.77.0.1" },
    pbx: { host: "10.77.0.2" },
    trunks: [{ name: "op", peers: [{ host: names, port: 5060, transport: "udp" }] }],
  });
  site.order({ kind: "apply", settings: settings! });
  assert.equal(why(site, SECOND), "trusted");
  assert.deepEqual([...site.gateway.denied("dos")], []);
});
