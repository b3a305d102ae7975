import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByHand, linesOf, only, sdpOf } from "../../../test/support/by-hand.ts";

// Attack case E7: the keys of SRTP stand in SDP, and leave under TLS alone.

const KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const withKey = (side: "public" | "private"): string =>
  `${sdpOf(side)}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}\r\n`;
const hasKeys = (text: string): boolean => text.includes("a=crypto:");
const settings = { publicProtocols: "tls+udp/tcp", privateProtocols: "tls+udp/tcp" };

/** A call by TLS from the PBX to the trunk, answered with a key. */
function securedCall() {
  const site = new ByHand({ transport: "tls", settings });
  const invite = site.begin("private", "INVITE", { sdp: withKey("private") });
  const asked = only(site.take("private", invite), "INVITE");
  const contact = "<sip:op@198.51.100.1:5060;transport=udp>";
  const response = site.answer(asked, 200, { sdp: withKey("public"), headers: { contact } });
  const answered = only(site.take("public", response), 200);
  const caller = {
    side: "private" as const,
    callId: invite.callId,
    from: invite.headers.get("from")!,
    to: answered.message.headers.get("to")!,
  };
  site.take("private", site.inside(caller, "ACK", 1));
  return { site, caller, asked, answered };
}

describe("keys of media (attack case E7)", () => {
  test("go to both legs under TLS, to each its own", () => {
    const { asked, answered } = securedCall();
    assert.ok(hasKeys(asked.message.body) && hasKeys(answered.message.body));
    assert.ok(!asked.message.body.includes(KEY) && !answered.message.body.includes(KEY));
  });

  test("stay under TLS, whatever transport a Contact names", () => {
    const { site, caller } = securedCall();
    const again = site.inside(caller, "INVITE", 2, { sdp: withKey("private") });
    const crossed = only(site.take("private", again), "INVITE");
    assert.ok(hasKeys(crossed.message.body));
    assert.equal(crossed.to.transport, "tls");
  });

  test("are told to nobody who speaks in the call without TLS", () => {
    const { site, caller } = securedCall();
    const again = site.inside(caller, "INVITE", 2, { sdp: withKey("private") });
    const sent = site.take("private", again, { transport: "udp" });
    assert.deepEqual(linesOf(sent), [481]);
  });

  test("follow no redirection that leaves TLS", () => {
    const site = new ByHand({ transport: "tls", settings, trunk: { redirects: "follow" } });
    const invite = site.begin("private", "INVITE", { sdp: withKey("private") });
    const asked = only(site.take("private", invite), "INVITE");
    const headers = { contact: "<sip:1@198.51.100.2:5060;transport=udp>" };
    const sent = site.take("public", site.answer(asked, 302, { headers }));
    for (const { to, message } of sent) {
      assert.ok(to.transport === "tls" || !hasKeys(message.body));
    }
  });

  test("are never used again: a call that has them doesn't outlive the media plane", () => {
    const { site } = securedCall();
    const before = site.mediaCommands.length;
    site.gateway.handle({ kind: "media", event: { kind: "restarted", fingerprint: "" } }, site.now);
    assert.equal(site.gateway.callCount, 0);
    assert.ok(site.mediaCommands.slice(before).every(({ kind }) => kind !== "stream"));

    const plain = new ByHand();
    plain.connected();
    plain.gateway.handle(
      { kind: "media", event: { kind: "restarted", fingerprint: "" } },
      plain.now,
    );
    assert.equal(plain.gateway.callCount, 1);
  });

  test("aren't offered to a leg without TLS", () => {
    const trunk = { peers: [{ host: "198.51.100.1", transport: "udp" }] };
    const site = new ByHand({ transport: "tls", settings, trunk });
    const invite = site.begin("private", "INVITE", { sdp: withKey("private") });
    assert.ok(!hasKeys(only(site.take("private", invite), "INVITE").message.body));
  });
});
