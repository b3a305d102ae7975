import assert from "node:assert/strict";
import { test } from "node:test";
import type { Side } from "#sip";
import { ByHand, linesOf, only, type PeerDialog, sdpOf } from "../../../test/support/by-hand.ts";

// RFC 3261 §15.1.2: what is pending in a dialog when a BYE ends it.

interface Pending {
  readonly gateway: ByHand;
  readonly caller: PeerDialog;
  readonly callee: PeerDialog;
}

/** A call whose caller's re-INVITE the callee has said 100 to. */
function pending(): Pending {
  const gateway = new ByHand();
  const { caller, callee } = gateway.connected();
  const own = gateway.inside(caller, "INVITE", 2, { sdp: sdpOf("public") });
  const across = only(gateway.take("public", own), "INVITE");
  assert.deepEqual(gateway.take("private", gateway.answer(across, 100)), []);
  return { gateway, caller, callee };
}

for (const by of ["caller", "callee"] as const) {
  test(`a re-INVITE that is pending when the ${by} hangs up gets 487, and nothing is left of it`, () => {
    const { gateway, [by]: dialog } = pending();
    const sent = gateway.take(dialog.side, gateway.inside(dialog, "BYE", 3));
    assert.equal(only(sent, 487).to.side, "public");
    assert.equal(only(sent, "CANCEL").to.side, "private");
    // The callee is gone since it said 100.
    gateway.wait(600_000);
    assert.equal(gateway.gateway.sizes.transactions, 0);
  });
}

test("a re-INVITE that is accepted while the call ends has its ACK", () => {
  const gateway = new ByHand();
  const { caller } = gateway.connected();
  const own = gateway.inside(caller, "INVITE", 2, { sdp: sdpOf("public") });
  const across = only(gateway.take("public", own), "INVITE");
  only(gateway.take("public", gateway.inside(caller, "BYE", 3)), 487);
  const accepted = gateway.answer(across, 200, { sdp: sdpOf("private") });
  assert.deepEqual(linesOf(gateway.take("private", accepted)), ["ACK"]);
});

test("a refresh of ours that is pending when the call ends leaves nothing", () => {
  const sessionTimer = { private: { mode: "require", intervalS: 600 } };
  const gateway = new ByHand({ settings: { sessionTimer } });
  const { caller } = gateway.connected();
  const refresh = only(gateway.wait(300_000), "INVITE");
  const side: Side = "private";
  assert.deepEqual(gateway.take(side, gateway.answer(refresh, 100)), []);
  only(gateway.take("public", gateway.inside(caller, "BYE", 2)), "CANCEL");
  gateway.wait(600_000);
  assert.equal(gateway.gateway.sizes.transactions, 0);
});
