import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ByHand,
  dialogsOf,
  linesOf,
  only,
  type PeerDialog,
  type Sent,
  sdpOf,
} from "../../../test/support/by-hand.ts";

const TIMED = { "session-expires": "200;refresher=uac", allow: "INVITE, ACK, BYE, UPDATE" };

const CREDENTIALS = { user: "alice", password: "wonder" };

const CHALLENGE = {
  "www-authenticate": 'Digest realm="operator", nonce="n", algorithm=MD5, qop="auth"',
};

/** A call of the operator with the PBX, which has it transferred to another of its phones. */
class Transferring {
  readonly site: ByHand;
  readonly op: PeerDialog;
  readonly pbx: PeerDialog;

  constructor(told: Record<string, string> = {}) {
    const site = new ByHand({ trunk: { refer: "perform" } });
    const invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
    const asked = only(site.take("public", invite), "INVITE");
    const answer = site.answer(asked, 200, { sdp: sdpOf("private"), headers: told });
    const { message } = only(site.take("private", answer), 200);
    const { caller, callee } = dialogsOf("public", invite, asked, message);
    only(site.take("public", site.inside(caller, "ACK", 1)), "ACK");
    this.site = site;
    this.op = caller;
    this.pbx = callee;
  }

  /** The PBX refers; the INVITE that its target gets. */
  refer(): Sent {
    const headers = { "refer-to": "<sip:4002@10.77.0.2>", "refer-sub": "false" };
    const refer = this.site.inside(this.pbx, "REFER", 1000, { headers });
    return only(this.site.take("private", refer), "INVITE");
  }

  /** It hangs up and waits for nothing. */
  leave(): void {
    only(this.site.take("private", this.site.inside(this.pbx, "BYE", 1001)), 200);
  }

  /** The target takes the call, and the transferee its offer. */
  join(target: Sent): void {
    const sdp = sdpOf("private");
    const again = this.site.take("private", this.site.answer(target, 200, { sdp, tag: "target" }));
    const offered = only(again, "INVITE");
    const sent = this.site.take("public", this.site.answer(offered, 200, { sdp: sdpOf("public") }));
    assert.ok(linesOf(sent).includes("ACK"));
    this.site.wait(10);
  }
}

const byesOf = (sent: readonly Sent[]): string[] =>
  sent
    .filter(({ message }) => message.kind === "request" && message.method === "BYE")
    .map(({ to }) => to.side);

describe("a leg that is no part of its call any more ends no call", () => {
  for (const status of [481, 408]) {
    test(`a late ${status} of a referrer that has hung up`, () => {
      const call = new Transferring();
      const { site } = call;
      const info = only(site.take("public", site.inside(call.op, "INFO", 2)), "INFO");
      const target = call.refer();
      call.leave();
      assert.deepEqual(byesOf(site.take("private", site.answer(info, status))), []);
      call.join(target);
      assert.equal(site.gateway.callCount, 1);
    });
  }

  test("nor does its silence", () => {
    const call = new Transferring();
    const { site } = call;
    only(site.take("public", site.inside(call.op, "INFO", 2)), "INFO");
    const target = call.refer();
    call.leave();
    site.take("private", site.answer(target, 180, { tag: "target" }));
    assert.deepEqual(byesOf(site.wait(33_000)), []);
    call.join(target);
    assert.equal(site.gateway.callCount, 1);
  });

  test("nor does the timer that it grants when it is late", () => {
    const call = new Transferring(TIMED);
    const { site } = call;
    const update = only(site.take("public", site.inside(call.op, "UPDATE", 2)), "UPDATE");
    const target = call.refer();
    call.leave();
    site.take("private", site.answer(target, 180, { tag: "target" }));
    only(site.take("private", site.answer(update, 200, { headers: TIMED })), 200);
    assert.deepEqual(linesOf(site.wait(110_000)), []);
    call.join(target);
    assert.equal(site.gateway.callCount, 1);
  });

  for (const status of [481, 408, 200, 491]) {
    test(`nor does ${status} to a refresh of ours that met its BYE`, () => {
      const call = new Transferring(TIMED);
      const { site } = call;
      const update = only(site.wait(100_000), "UPDATE");
      const target = call.refer();
      call.leave();
      assert.deepEqual(byesOf(site.take("private", site.answer(update, status))), []);
      call.join(target);
      assert.deepEqual(linesOf(site.wait(400_000)), []);
      assert.equal(site.gateway.callCount, 1);
    });
  }
});

test("a BYE that crosses the second one of ours, with credentials, is granted", () => {
  const site = new ByHand({ trunk: { credentials: CREDENTIALS } });
  const { caller, callee } = site.connected("private");
  const first = only(site.take("private", site.inside(caller, "BYE", 2)), "BYE");
  const challenged = site.answer(first, 401, { headers: CHALLENGE });
  const second = only(site.take("public", challenged), "BYE");
  only(site.take("public", site.inside(callee, "BYE", 1)), 200);
  site.take("public", site.answer(second, 200));
  only(site.take("public", site.inside(callee, "BYE", 2)), 481);
});
