import assert from "node:assert/strict";
import { test } from "node:test";
import type { Request } from "#sip-message";
import {
  ByHand,
  dialogsOf,
  linesOf,
  only,
  type Sent,
  sdpOf,
} from "../../../test/support/by-hand.ts";

const CHALLENGE = {
  "proxy-authenticate": 'Digest realm="op", nonce="n", algorithm=MD5, qop="auth"',
};
const CREDENTIALS = { user: "u", password: "p", realm: "op" };

test("a peer given up for silence answers after all: the call outlives the other's refusal", () => {
  const site = new ByHand();
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  const first = only(site.take("private", invite), "INVITE");
  const second = site.wait(10_000).find(({ to }) => to.address === "198.51.100.2");
  assert.ok(second, "the next peer is tried");
  site.take("public", site.answer(second, 180, { tag: "second" }));
  const sent = site.take("public", site.answer(first, 200, { sdp: sdpOf("public") }));
  only(sent, 200);
  only(sent, "CANCEL");
  site.take("public", site.answer(second, 487, { tag: "second" }));
  assert.equal(site.gateway.callCount, 1);
});

for (const isChosen of [true, false]) {
  const what = isChosen ? "is the call" : "comes after another's";
  test(`the late answer of a peer that was given up ${what}: its challenge of the BYE is answered`, () => {
    const site = new ByHand({ trunk: { credentials: CREDENTIALS } });
    const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
    const first = only(site.take("private", invite), "INVITE");
    const second = site.wait(10_000).find(({ to }) => to.address === "198.51.100.2")!;
    const accept = (asked: Sent, tag: string) =>
      site.take("public", site.answer(asked, 200, { tag, sdp: sdpOf("public") }));
    if (!isChosen) only(accept(second, "soon"), 200);
    const sent = accept(first, "late");
    if (isChosen) {
      const { caller } = dialogsOf("private", invite, first, only(sent, 200).message, "late");
      sent.push(...site.take("private", site.inside(caller, "ACK", 1)));
      sent.push(...site.take("private", site.inside(caller, "BYE", 2)));
    }
    assert.equal(only(sent, "ACK").to.address, "198.51.100.1");
    const bye = sent.find(({ message }) => message.kind === "request" && message.method === "BYE")!;
    const again = only(site.take("public", site.answer(bye, 407, { headers: CHALLENGE })), "BYE");
    assert.equal(again.to.address, "198.51.100.1");
    assert.ok(again.message.headers.has("proxy-authorization"));
  });
}

test("each peer of a failover may ask for credentials", () => {
  const site = new ByHand({ trunk: { credentials: CREDENTIALS } });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  let sent = only(site.take("private", invite), "INVITE");
  for (const status of [407, 503, 407]) {
    const headers = status === 407 ? CHALLENGE : {};
    sent = only(site.take("public", site.answer(sent, status, { headers })), "INVITE");
  }
  assert.equal(sent.to.address, "198.51.100.2");
  assert.ok(sent.message.headers.has("proxy-authorization"));
});

test("a challenge that nobody here can answer is passed as 403: its headers stay behind", () => {
  const site = new ByHand();
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  const asked = only(site.take("private", invite), "INVITE");
  const sent = site.take("public", site.answer(asked, 407, { headers: CHALLENGE }));
  only(sent, "ACK");
  assert.ok(linesOf(sent).includes(403));
});

const REDIRECTING = { redirects: "follow", sourceAddresses: ["198.51.100.0/24"] };

test("redirections are followed by their q", () => {
  const site = new ByHand({ trunk: REDIRECTING });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  const asked = only(site.take("private", invite), "INVITE");
  const contact = "<sip:1@198.51.100.8>;q=0.2, <sip:2@198.51.100.9>;q=0.8, <sip:3@198.51.100.7>";
  const sent = site.take("public", site.answer(asked, 302, { headers: { contact } }));
  assert.equal(only(sent, "INVITE").to.address, "198.51.100.7");
});

test("a redirection leads to no place but the trunk's own, whatever it names", () => {
  const site = new ByHand({ trunk: REDIRECTING });
  site.names.set("evil.example", [{ transport: "udp", address: "203.0.113.9", port: 5060 }]);
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  const asked = only(site.take("private", invite), "INVITE");
  const contact = "<sip:1@203.0.113.9>, <sip:2@evil.example>";
  const sent = site.take("public", site.answer(asked, 302, { headers: { contact } }));
  assert.deepEqual(
    sent.map(({ to }) => to.address),
    ["198.51.100.1", "198.51.100.2"],
    "the ACK, and the trunk's next peer",
  );
});

test("a redirection that is passed names the gateway in the place of the host", () => {
  const site = new ByHand();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const headers = { contact: "<sip:777@10.77.0.9:5070>;q=0.5" };
  const sent = site.take("private", site.answer(asked, 302, { headers }));
  const passed = only(sent, 302).message;
  assert.equal(passed.headers.get("contact"), "<sip:777@192.0.2.1:5060>;q=0.5");
});

test("without the mask a redirection is passed as it is, whatever Server says", () => {
  const site = new ByHand({ settings: { topologyMask: "no" } });
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  const asked = only(site.take("public", invite), "INVITE");
  const headers = { contact: "<sip:777@10.77.0.9:5070>", server: "pbx" };
  const sent = site.take("private", site.answer(asked, 302, { headers }));
  assert.equal(only(sent, 302).message.headers.get("contact"), "<sip:777@10.77.0.9:5070>");
});

test("the ACK of a call whose INVITE bore credentials bears them too", () => {
  const site = new ByHand({ trunk: { credentials: CREDENTIALS } });
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  const first = only(site.take("private", invite), "INVITE");
  const again = only(
    site.take("public", site.answer(first, 407, { headers: CHALLENGE })),
    "INVITE",
  );
  const answered = only(
    site.take("public", site.answer(again, 200, { sdp: sdpOf("public") })),
    200,
  );
  const caller = {
    side: "private" as const,
    callId: invite.callId,
    from: invite.headers.get("from")!,
    to: answered.message.headers.get("to")!,
  };
  const ack = only(site.take("private", site.inside(caller, "ACK", 1)), "ACK").message as Request;
  const sent = again.message.headers.get("proxy-authorization");
  assert.equal(ack.headers.get("proxy-authorization"), sent);

  const bye = only(site.take("private", site.inside(caller, "BYE", 2)), "BYE");
  const retried = site.take("public", site.answer(bye, 407, { headers: CHALLENGE }));
  assert.ok(only(retried, "BYE").message.headers.has("proxy-authorization"));
});

for (const [what, settings, side, uri] of [
  [
    "a trunk's domain, and no port of its peer",
    {
      trunks: [{ name: "op", peers: [{ host: "198.51.100.1", port: 5070 }], domain: "op.example" }],
    },
    "private",
    "sip:0123@op.example",
  ],
  [
    "the PBX as the gateway knows it (IP5), not where it is reached (IP4)",
    {
      privateNat: "yes",
      pbx: { host: "10.9.9.9", port: 5099 },
      pbxReached: { host: "10.77.0.2", port: 5088 },
    },
    "public",
    "sip:0123@10.9.9.9:5099",
  ],
  [
    "a PBX by its name, and no port of its address",
    {
      privateNat: "yes",
      pbx: { host: "pbx.example" },
      pbxReached: { host: "10.77.0.2", port: 5088 },
    },
    "public",
    "sip:0123@pbx.example",
  ],
] as const) {
  test(`the Request-URI names ${what}`, () => {
    const site = new ByHand({ settings });
    const { message } = only(
      site.take(side, site.begin(side, "INVITE", { sdp: sdpOf(side) })),
      "INVITE",
    );
    assert.equal(message.kind === "request" && message.uri, uri);
  });
}
