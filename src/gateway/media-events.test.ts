import assert from "node:assert/strict";
import { test } from "node:test";
import { type EndCounters, type MediaEvent, NOTHING_COUNTED, type Role } from "#media";
import { ByHand, sdpOf } from "../../test/support/by-hand.ts";

for (const event of [
  { kind: "silent", forS: 120 },
  { kind: "failed", why: "port-in-use" },
] as const) {
  test(`a stream that is ${event.kind} ends its call, one that was replaced doesn't`, () => {
    const site = new ByHand();
    site.connected();
    const opened = site.mediaCommands.find(({ kind }) => kind === "stream");
    assert.ok(opened?.kind === "stream");
    const { id } = opened.stream;
    const tell = (stream: string): void =>
      site.gateway.handle({ kind: "media", event: { ...event, id: stream } }, site.now);
    tell(`${id}9`);
    assert.equal(site.gateway.callCount, 1);
    tell(id);
    assert.equal(site.gateway.callCount, 0);
  });
}

/** What the media plane says of a stream that has heard this of its ends. */
const counted = (id: string, ends: Readonly<Record<Role, Partial<EndCounters>>>) => {
  const end = (one: Partial<EndCounters>): EndCounters => ({
    ...NOTHING_COUNTED,
    payloadType: 8,
    ...one,
  });
  return { id, ends: { caller: end(ends.caller), callee: end(ends.callee) } };
};

class Heard extends ByHand {
  tell(event: MediaEvent): void {
    this.gateway.handle({ kind: "media", event }, this.now);
  }

  /** The id of the stream that was opened last. */
  get stream(): string {
    const opened = this.mediaCommands.findLast(({ kind }) => kind === "stream");
    assert.ok(opened?.kind === "stream");
    return opened.stream.id;
  }

  /** The record of the only call that ended. */
  get record() {
    const ended = this.facts.filter((fact) => fact.kind === "call-ended");
    assert.equal(ended.length, 1);
    return ended[0]!.record;
  }
}

test("a call's record tells how each leg was heard, as the plane told last", () => {
  const site = new Heard();
  const { caller } = site.connected();
  const id = site.stream;
  const early = { caller: { packetsIn: 90 }, callee: { packetsIn: 100 } };
  const late = { packetsIn: 990, lost: 10, jitterMeanMs: 3, roundTripMeanMs: 40, dtmfEvents: 2 };
  const other = counted("elsewhere.0.1", early);
  site.tell({ kind: "figures", streams: [counted(id, early), other] });
  const streams = [counted(id, { caller: late, callee: { packetsIn: 1000 } })];
  site.tell({ kind: "figures", streams });
  site.take("public", site.inside(caller, "BYE", 2));
  const { voice } = site.record;
  assert.ok(voice);
  assert.deepEqual([voice.caller.packets, voice.caller.lossPercent], [990, 1]);
  assert.deepEqual([voice.caller.jitterMs, voice.caller.roundTripMs], [3, 40]);
  assert.deepEqual([voice.caller.codec, voice.caller.dtmfEvents], ["pcma", 2]);
  assert.ok(voice.callee.mos! > 4.3 && voice.caller.mos! < voice.callee.mos!);
});

test("a call that nothing was told of has a record without figures", () => {
  const site = new Heard();
  const { caller } = site.connected();
  site.take("public", site.inside(caller, "BYE", 2));
  assert.equal(site.record.voice, undefined);
});

test("what ports heard that a call has left counts for it too", () => {
  const site = new Heard({ settings: { rtp: { changePortOnRenegotiation: true } } });
  const { caller } = site.connected();
  const first = site.stream;
  const some = { caller: { packetsIn: 100 }, callee: { packetsIn: 100 } };
  site.tell({ kind: "figures", streams: [counted(first, some)] });
  const [again] = site.take("public", site.inside(caller, "INVITE", 2, { sdp: sdpOf("public") }));
  site.take("private", site.answer(again!, 200, { sdp: sdpOf("private") }));
  site.take("public", site.inside(caller, "ACK", 2));
  assert.notEqual(site.stream, first);
  const last = { caller: { packetsIn: 150, lost: 1 }, callee: { packetsIn: 150 } };
  site.tell({ kind: "closed", counters: counted(first, last) });
  site.tell({ kind: "figures", streams: [counted(site.stream, some)] });
  site.take("public", site.inside(caller, "BYE", 3));
  const { caller: voice } = site.record.voice!;
  assert.deepEqual([voice.packets, voice.lost], [250, 1]);
});

test("the plane is asked for figures as the settings say, and again when it comes back", () => {
  const site = new Heard({ settings: { media: { figuresS: 9 } } });
  const asked = () => site.mediaCommands.filter(({ kind }) => kind === "figures");
  assert.deepEqual(asked(), [{ kind: "figures", everyS: 9 }]);
  site.tell({ kind: "restarted", fingerprint: "" });
  site.wait(0);
  site.take("public", site.begin("public", "OPTIONS"));
  assert.equal(asked().length, 2);
});

/** The only call's end, where it has ended. */
const endOf = (site: Heard): string | undefined => {
  site.take("public", site.begin("public", "OPTIONS"));
  return site.gateway.callCount === 0 ? site.record.end : undefined;
};

test("a handshake that fails ends its call by name, and the log tells of whom", () => {
  const site = new Heard();
  site.connected();
  site.tell({ kind: "failed", id: site.stream, role: "caller", why: "dtls-fingerprint" });
  assert.equal(endOf(site), "media-encryption-failed");
  const told = site.facts.filter(({ kind }) => kind === "media-unsecured");
  assert.deepEqual(told, [
    {
      kind: "media-unsecured",
      callId: site.record.callId,
      side: "public",
      what: "dtls-fingerprint",
    },
  ]);
});

test("who ends its association has time to hang up, or to begin anew", () => {
  const unsecured = (site: Heard): void =>
    site.tell({ kind: "unsecured", id: site.stream, role: "callee", why: "dtls-closed" });
  const silent = new Heard();
  silent.connected();
  unsecured(silent);
  silent.wait(4_999);
  assert.equal(endOf(silent), undefined);
  silent.wait(1);
  assert.equal(endOf(silent), "media-encryption-failed");

  const again = new Heard();
  again.connected();
  unsecured(again);
  const suite = "AES_CM_128_HMAC_SHA1_80";
  again.tell({ kind: "secured", id: again.stream, role: "callee", suite });
  again.wait(10_000);
  assert.equal(endOf(again), undefined);

  const polite = new Heard();
  const { caller } = polite.connected();
  unsecured(polite);
  polite.take("public", polite.inside(caller, "BYE", 2));
  polite.wait(10_000);
  assert.equal(endOf(polite), "completed");
});
