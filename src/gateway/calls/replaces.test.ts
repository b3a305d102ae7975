import assert from "node:assert/strict";
import { test } from "node:test";
import type { Side } from "#sip";
import {
  ByHand,
  dialogsOf,
  linesOf,
  only,
  type PeerDialog,
  type Sent,
  sdpOf,
} from "../../../test/support/by-hand.ts";

const TRUNKS = [
  { name: "op", peers: [{ host: "198.51.100.1" }], optionsIntervalS: 0 },
  {
    name: "other",
    peers: [{ host: "198.51.100.99" }],
    optionsIntervalS: 0,
    domain: "other.example",
    numberRules: { out: [{ number: "calling", prepend: "+33" }] },
  },
];

/** The dialog as a Replaces of its own peer names it. */
function replacesOf({ callId, from, to }: PeerDialog): string {
  const tag = (text: string): string => /tag=([^;]+)/.exec(text)![1]!;
  return `${callId};to-tag=${tag(to)};from-tag=${tag(from)}`;
}

/** The same dialog as we name it. */
const turned = (dialog: PeerDialog): PeerDialog => ({
  ...dialog,
  from: dialog.to,
  to: dialog.from,
});

/** An INVITE of a third party, of another call. */
function replacing(site: ByHand, side: Side, replaces: string): Sent[] {
  const invite = site.begin(side, "INVITE", { sdp: sdpOf(side), headers: { replaces } });
  invite.headers.set("call-id", "third@peer");
  return site.take(side, invite);
}

test("what replaces the PBX's leg goes to the operator that is in the call, where its dialog is", () => {
  const site = new ByHand({
    settings: {
      trunks: TRUNKS,
      routing: { rules: [{ prefix: "0", trunk: "other" }], defaultTrunk: "op" },
    },
  });
  const asked = only(
    site.take("private", site.begin("private", "INVITE", { sdp: sdpOf("private") })),
    "INVITE",
  );
  const route = "<sip:198.51.100.98;lr>";
  const contact = "<sip:line7@198.51.100.97:5070>";
  const answer = site.answer(asked, 200, {
    sdp: sdpOf("public"),
    headers: { "record-route": route, contact, supported: "replaces" },
  });
  const answered = only(site.take("public", answer), 200);
  const { caller, callee } = dialogsOf(
    "private",
    site.begin("private", "INVITE"),
    asked,
    answered.message,
  );
  site.take("private", site.inside(caller, "ACK", 1));
  const { message, to } = only(replacing(site, "private", replacesOf(caller)), "INVITE");
  assert.ok(message.kind === "request");
  assert.equal(message.uri, "sip:line7@198.51.100.97:5070");
  assert.equal(message.headers.get("route"), route);
  assert.deepEqual([to.side, to.address, to.port], ["public", "198.51.100.98", 5060]);
  assert.equal(message.headers.get("replaces"), replacesOf(turned(callee)));
  assert.match(message.headers.get("from")!, /^<sip:\+334001@other\.example>/);
});

test("what replaces the operator's leg goes to the PBX's end of that very call", () => {
  const site = new ByHand();
  const { caller, callee } = site.connected("public", { supported: "replaces" });
  const { message, to } = only(replacing(site, "public", replacesOf(caller)), "INVITE");
  assert.ok(message.kind === "request");
  assert.equal(message.uri, "sip:peer@10.77.0.2:5060");
  assert.equal(to.side, "private");
  assert.equal(message.headers.get("replaces"), replacesOf(turned(callee)));
});

test("a dialog that isn't there, or that is of the other side, can't be replaced", () => {
  const site = new ByHand();
  const { caller, callee } = site.connected();
  only(replacing(site, "private", replacesOf(caller)), 481);
  only(replacing(site, "public", "a;to-tag=b;from-tag=c"), 481);
  assert.deepEqual(linesOf(replacing(site, "public", "nonsense")), [481]);
  site.take("private", site.inside(callee, "BYE", 1));
  // RFC 3891 §3: known to be over, and then not known at all.
  only(replacing(site, "public", replacesOf(caller)), 603);
  site.wait(40_000);
  only(replacing(site, "public", replacesOf(caller)), 481);
});

test("an operator can't replace the dialog of another, whatever it has learnt of it", () => {
  const site = new ByHand({ settings: { trunks: TRUNKS } });
  const { caller } = site.connected();
  const invite = site.begin("public", "INVITE", {
    sdp: sdpOf("public"),
    headers: { replaces: replacesOf(caller) },
  });
  invite.headers.set("call-id", "third@peer");
  only(site.take("public", invite, { remoteAddress: "198.51.100.99" }), 481);
  only(replacing(site, "public", replacesOf(caller)), "INVITE");
});

test("two dialogs can't be replaced at once", () => {
  const site = new ByHand();
  const { caller } = site.connected();
  const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
  invite.headers.set("call-id", "third@peer");
  for (let i = 0; i < 2; i++) invite.headers.add("replaces", replacesOf(caller));
  only(site.take("public", invite), 400);
});
