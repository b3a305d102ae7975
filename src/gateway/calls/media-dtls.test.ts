import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MediaEvent } from "#media";
import { ByHand, only, sdpOf } from "../../../test/support/by-hand.ts";

// DTLS-SRTP in whole calls: what the settings ask of a trunk, and what the plane says meanwhile.

const OURS = Array(32).fill("AA").join(":");
const ANEW = Array(32).fill("BB").join(":");
const THEIRS = Array(32).fill("CC").join(":");
const settings = {
  securedInterface: true,
  publicProtocols: "tls+udp/tcp",
  privateProtocols: "tls+udp/tcp",
};

class Site extends ByHand {
  constructor(trunk: object = { keyExchange: "dtls" }) {
    super({ settings, trunk, fingerprint: OURS });
  }

  tell(event: MediaEvent): void {
    this.gateway.handle({ kind: "media", event }, this.now);
  }

  /** What the trunk is offered when the PBX calls. */
  offered(): string {
    const invite = this.begin("private", "INVITE", { sdp: sdpOf("private") });
    return only(this.take("private", invite), "INVITE").message.body;
  }

  /** A call of the trunk by DTLS, answered plainly. */
  called(): string {
    const offer = sdpOf("public").replace(" RTP/AVP ", " UDP/TLS/RTP/SAVP ");
    const dtls = `a=setup:actpass\r\na=fingerprint:sha-256 ${THEIRS}\r\n`;
    const invite = this.begin("public", "INVITE", { sdp: offer + dtls });
    const asked = only(this.take("public", invite), "INVITE");
    const answer = this.answer(asked, 200, { sdp: sdpOf("private") });
    const { message } = only(this.take("private", answer), 200);
    const to = message.headers.get("to")!;
    const from = invite.headers.get("from")!;
    const dialog = { side: "public", callId: invite.callId, from, to } as const;
    this.take("public", this.inside(dialog, "ACK", 1));
    return message.body;
  }

  get stream(): string {
    const opened = this.mediaCommands.findLast(({ kind }) => kind === "stream");
    assert.ok(opened?.kind === "stream");
    return opened.stream.id;
  }
}

describe("a call by DTLS", () => {
  test("is offered where the trunk's settings say so, without TLS too, and never a key (attack case E7)", () => {
    const offer = new Site().offered();
    assert.ok(offer.includes(`a=fingerprint:sha-256 ${OURS}\r\n`));
    assert.ok(offer.includes("a=setup:actpass\r\n") && !offer.includes("a=crypto"));
    assert.ok(!new Site({}).offered().includes("fingerprint"));
  });

  test("is answered whatever the settings offer", () => {
    const answer = new Site({}).called();
    assert.match(answer, /\r\nm=audio \d+ UDP\/TLS\/RTP\/SAVP /);
    assert.ok(answer.includes(`a=fingerprint:sha-256 ${OURS}\r\n`) && !answer.includes(THEIRS));
  });

  test("whose handshake fails gives its ports back (attack case E6)", () => {
    const site = new Site();
    site.called();
    assert.equal(site.gateway.portsHeld, 2);
    site.tell({ kind: "failed", id: site.stream, role: "caller", why: "dtls-timeout" });
    assert.deepEqual([site.gateway.callCount, site.gateway.portsHeld], [0, 0]);
  });

  test("ends with the media plane, whose certificate is another one then", () => {
    const site = new Site();
    site.called();
    site.tell({ kind: "restarted", fingerprint: ANEW });
    assert.equal(site.gateway.callCount, 0);
    assert.ok(site.offered().includes(`a=fingerprint:sha-256 ${ANEW}\r\n`));
  });

  test("begins in a call that was there before with the certificate of now", () => {
    const site = new Site();
    const { callee } = site.connected("private");
    site.tell({ kind: "restarted", fingerprint: ANEW });
    const dtls = `a=setup:actpass\r\na=fingerprint:sha-256 ${THEIRS}\r\n`;
    const again = site.inside(callee, "INVITE", 1, { sdp: sdpOf("public") + dtls });
    const asked = only(site.take("public", again), "INVITE");
    const answered = only(
      site.take("private", site.answer(asked, 200, { sdp: sdpOf("private") })),
      200,
    );
    assert.ok(answered.message.body.includes(`a=fingerprint:sha-256 ${ANEW}\r\n`));
  });
});
