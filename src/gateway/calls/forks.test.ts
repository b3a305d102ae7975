import assert from "node:assert/strict";
import { describe, test } from "node:test";
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

const CALLER_PORT = 30_000;

const sdpAt = (side: "public" | "private", port: number): string =>
  sdpOf(side).replace(`m=audio ${CALLER_PORT}`, `m=audio ${port}`);

const portIn = (body: string): number => Number(/^m=audio (\d+)/m.exec(body)![1]);

/** A call of the operator that the PBX forks; what each fork says, by its To tag. */
class Forking {
  readonly site: ByHand;
  readonly invite: Request;
  readonly asked: Sent;

  constructor(site = new ByHand()) {
    this.site = site;
    this.invite = site.begin("public", "INVITE", { sdp: sdpOf("public") });
    this.asked = only(site.take("public", this.invite), "INVITE");
  }

  /** One answer of a fork; what the caller gets, and both dialogs. */
  says(tag: string, status: number, sdp?: string) {
    const told = this.site.answer(this.asked, status, { tag, ...(sdp !== undefined && { sdp }) });
    const { message } = only(this.site.take("private", told), status);
    return { message, ...dialogsOf("public", this.invite, this.asked, message, tag) };
  }

  /** An UPDATE with an offer, as it crosses and is answered. */
  update(by: PeerDialog, cseq: number, offered: number, answered: number): Sent {
    const other = by.side === "public" ? "private" : "public";
    const update = this.site.inside(by, "UPDATE", cseq, { sdp: sdpAt(by.side, offered) });
    const sent = only(this.site.take(by.side, update), "UPDATE");
    only(this.site.take(other, this.site.answer(sent, 200, { sdp: sdpAt(other, answered) })), 200);
    return sent;
  }

  acknowledge(caller: PeerDialog): void {
    this.site.take("public", this.site.inside(caller, "ACK", 1));
  }

  /** The one stream that is open, as the plane knows it: where it sends, and from which ports. */
  stream() {
    const open = new Map<string, { caller: number; callee: number; ports: number[] }>();
    for (const command of this.site.mediaCommands) {
      if (command.kind === "close") open.delete(command.id);
      if (command.kind !== "stream") continue;
      const { id, ends } = command.stream;
      open.set(id, {
        caller: ends.caller.remotePort ?? 0,
        callee: ends.callee.remotePort ?? 0,
        ports: [ends.caller.port, ends.callee.port],
      });
    }
    assert.equal(open.size, 1, "one stream is open");
    assert.equal(this.site.gateway.portsHeld, 2);
    return [...open.values()][0]!;
  }
}

for (const changePortOnRenegotiation of ["yes", "no"]) {
  describe(`forks with media, RTP ports change: ${changePortOnRenegotiation}`, () => {
    const forking = () =>
      new Forking(new ByHand({ settings: { rtp: { changePortOnRenegotiation } } }));

    for (const by of ["callee", "caller"] as const) {
      test(`another fork answers the INVITE after an early UPDATE of the ${by}`, () => {
        const call = forking();
        const first = call.says("one", 183, sdpAt("private", 40_000));
        call.update(first[by], 2, 41_000, 42_000);
        const second = call.says("two", 200, sdpAt("private", 43_000));
        call.acknowledge(second.caller);
        const { caller, callee, ports } = call.stream();
        assert.deepEqual([caller, callee], [CALLER_PORT, 43_000]);
        assert.deepEqual(ports, [portIn(second.message.body), portIn(call.asked.message.body)]);
      });

      test(`the fork of an early UPDATE of the ${by} answers after another has rung`, () => {
        const call = forking();
        const first = call.says("one", 183, sdpAt("private", 40_000));
        call.update(first[by], 2, 41_000, 42_000);
        call.says("two", 183, sdpAt("private", 43_000));
        const { message, caller } = call.says("one", 200, sdpAt("private", 40_000));
        assert.equal(message.body, "", "its answer was given before");
        call.acknowledge(caller);
        const agreed = by === "caller" ? [41_000, 42_000] : [42_000, 41_000];
        const now = call.stream();
        assert.deepEqual([now.caller, now.callee], agreed);
      });
    }

    test("each fork updates for itself", () => {
      const call = forking();
      const first = call.says("one", 183, sdpAt("private", 40_000));
      const second = call.says("two", 183, sdpAt("private", 43_000));
      call.update(first.callee, 2, 41_000, 42_000);
      call.update(second.caller, 2, 44_000, 45_000);
      const { caller } = call.says("one", 200);
      call.acknowledge(caller);
      const now = call.stream();
      assert.deepEqual([now.caller, now.callee], [42_000, 41_000]);
    });

    test("an offer of one fork is no glare for another, and its late answer nobody's", () => {
      const call = forking();
      const { site } = call;
      const first = call.says("one", 183, sdpAt("private", 40_000));
      const second = call.says("two", 183, sdpAt("private", 43_000));
      const offer = { sdp: sdpAt("private", 41_000) };
      const pending = only(
        site.take("private", site.inside(first.callee, "UPDATE", 2, offer)),
        "UPDATE",
      );
      call.update(second.callee, 2, 44_000, 45_000);
      const { caller } = call.says("two", 200);
      call.acknowledge(caller);
      const late = site.take("public", site.answer(pending, 200, { sdp: sdpOf("public") }));
      assert.deepEqual(linesOf(late), [481]);
      const now = call.stream();
      assert.deepEqual([now.caller, now.callee], [45_000, 44_000]);
      assert.equal(site.gateway.callCount, 1);
    });

    test("a fork whose UPDATE was refused answers with what it said before", () => {
      const call = forking();
      const { site } = call;
      const first = call.says("one", 183, sdpAt("private", 40_000));
      const update = site.inside(first.callee, "UPDATE", 2, { sdp: sdpAt("private", 41_000) });
      const sent = only(site.take("private", update), "UPDATE");
      only(site.take("public", site.answer(sent, 488)), 488);
      const { caller } = call.says("one", 200, sdpAt("private", 40_000));
      call.acknowledge(caller);
      const now = call.stream();
      assert.deepEqual([now.caller, now.callee], [CALLER_PORT, 40_000]);
    });

    test("a call that ends while forks have media of their own gives all ports back", () => {
      const call = forking();
      const { site } = call;
      const first = call.says("one", 183, sdpAt("private", 40_000));
      call.update(first.callee, 2, 41_000, 42_000);
      call.says("two", 183, sdpAt("private", 43_000));
      const cancel = site.begin("public", "CANCEL");
      cancel.headers.set("via", call.invite.headers.get("via")!);
      only(site.take("public", cancel), 487);
      assert.equal(site.gateway.portsHeld, 0);
    });
  });
}

test("who answers the next place's INVITE by the tag of the one before is acknowledged by its CSeq", () => {
  const site = new ByHand();
  const first = only(
    site.take("private", site.begin("private", "INVITE", { sdp: sdpOf("private") })),
    "INVITE",
  );
  only(site.take("public", site.answer(first, 183, { tag: "same", sdp: sdpOf("public") })), 183);
  const refused = site.take("public", site.answer(first, 503, { tag: "same" }));
  const second = only(refused, "INVITE");
  const answer = site.answer(second, 200, { tag: "same", sdp: sdpOf("public") });
  const { message } = only(site.take("public", answer), 200);
  const dialog = { callId: message.callId, from: message.headers.get("from")! };
  const caller = { side: "private", ...dialog, to: message.headers.get("to")! } as const;
  const ack = only(site.take("private", site.inside(caller, "ACK", 1)), "ACK");
  assert.equal(ack.message.cseq.number, second.message.cseq.number);
  assert.equal(ack.to.address, second.to.address);
});
