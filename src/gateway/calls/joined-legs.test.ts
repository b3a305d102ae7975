import assert from "node:assert/strict";
import { test } from "node:test";
import type { Request } from "#sip-message";
import {
  ByHand,
  dialogsOf,
  linesOf,
  only,
  type PeerDialog,
  type Sent,
  sdpOf,
} from "../../../test/support/by-hand.ts";

// Two operators' callers that the PBX brings together: each stays what it was.

const OTHER = "198.51.100.99";

const TRUNKS = [
  { name: "op", peers: [{ host: "198.51.100.1" }], optionsIntervalS: 0, refer: "perform" },
  { name: "other", peers: [{ host: OTHER }], optionsIntervalS: 0, referFrom: "both" },
];

/** A call of an operator to the PBX; the Call-ID tells them apart. */
function calling(site: ByHand, callId: string, remoteAddress?: string) {
  const from = remoteAddress === undefined ? {} : { remoteAddress };
  const renamed = (request: Request): Request => {
    request.headers.set("call-id", callId);
    return request;
  };
  const invite = renamed(site.begin("public", "INVITE", { sdp: sdpOf("public") }));
  const asked = only(site.take("public", invite, from), "INVITE");
  const { message } = only(
    site.take("private", site.answer(asked, 200, { sdp: sdpOf("private") })),
    200,
  );
  const { caller, callee } = dialogsOf("public", invite, asked, message);
  only(site.take("public", site.inside(caller, "ACK", 1), from), "ACK");
  return { caller, callee, from };
}

/** The dialog as a Refer-To of its own peer names it. */
function replacesOf({ callId, from, to }: PeerDialog): string {
  const tag = (text: string): string => /tag=([^;]+)/.exec(text)![1]!;
  const value = `${callId};to-tag=${tag(to)};from-tag=${tag(from)}`;
  return `<sip:0456@10.77.0.1?Replaces=${encodeURIComponent(value)}>`;
}

const refer = (to: string) => ({ headers: { "refer-to": to, "refer-sub": "false" } });

test("a peer that joins another trunk's call keeps what its own trunk lets it do", () => {
  const site = new ByHand({ settings: { trunks: TRUNKS } });
  const first = calling(site, "first@op");
  const second = calling(site, "second@other", OTHER);
  const asked = site.inside(first.callee, "REFER", 9, refer(replacesOf(second.callee)));
  const offering = only(site.take("private", asked), "INVITE");
  const sdp = sdpOf("public");
  const offered = only(site.take("public", site.answer(offering, 200, { sdp })), "INVITE");
  assert.ok(linesOf(site.take("public", site.answer(offered, 200, { sdp }))).includes("ACK"));
  const of = ({ caller, from }: typeof first, cseq: number): Sent[] =>
    site.take("public", site.inside(caller, "REFER", cseq, refer("<sip:1@192.0.2.1>")), from);
  only(of(first, 2), 603);
  only(of(second, 2), "REFER");
});

test("a REFER that is passed on names no dialog of another operator's", () => {
  const trunks = TRUNKS.map((trunk) => ({ ...trunk, refer: "pass" }));
  const site = new ByHand({ settings: { trunks } });
  const first = calling(site, "first@op");
  const second = calling(site, "second@other", OTHER);
  const named = ({ message }: Sent): string => message.headers.get("refer-to")!;
  const theirs = site.inside(second.caller, "REFER", 2, refer(replacesOf(first.caller)));
  assert.doesNotMatch(named(only(site.take("public", theirs, second.from), "REFER")), /Replaces/);
  const own = site.inside(second.caller, "REFER", 3, refer(replacesOf(second.caller)));
  assert.match(named(only(site.take("public", own, second.from), "REFER")), /Replaces/);
});
