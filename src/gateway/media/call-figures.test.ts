import assert from "node:assert/strict";
import { test } from "node:test";
import { CallFigures } from "./call-figures.ts";
import {
  type EndCounters,
  type Format,
  NOTHING_COUNTED,
  type Stream,
  type StreamCounters,
} from "./command.ts";

const PCMA: Format = { payloadType: 8, encoding: "pcma", clockHz: 8000 };
const OPUS: Format = { payloadType: 111, encoding: "opus", clockHz: 48_000 };

const streamOf = (id: string, formats: readonly Format[], isVoice = true): Stream => {
  const end = { localAddress: "192.0.2.1", port: 2, rtcpPort: 3, latch: false, dscp: 46, formats };
  return { id, callId: "c", kind: "rtp", ends: { caller: end, callee: end }, silenceS: 0, isVoice };
};

const counted = (
  id: string,
  caller: Partial<EndCounters>,
  callee: Partial<EndCounters> = {},
): StreamCounters => ({
  id,
  ends: {
    caller: { ...NOTHING_COUNTED, payloadType: 8, ...caller },
    callee: { ...NOTHING_COUNTED, payloadType: 8, ...callee },
  },
});

/** As one call's media, with these streams now. */
const media = (...streams: Stream[]) => ({ streams });

test("a clean call is heard as well as its codec allows, both ways", () => {
  const figures = new CallFigures();
  const call = media(streamOf("c.0.1", [PCMA]));
  assert.equal(figures.voice(call), undefined);
  figures.take(counted("c.0.1", {}), call);
  assert.equal(figures.voice(call), undefined);
  const clean = { packetsIn: 500, jitterMeanMs: 1, roundTripMeanMs: 10 };
  figures.take(counted("c.0.1", clean, clean), call);
  const voice = figures.voice(call);
  assert.ok(voice);
  for (const { mos, rFactor, codec, lossPercent } of [voice.caller, voice.callee]) {
    assert.ok(mos! > 4.3 && rFactor! > 92, `${mos} ${rFactor}`);
    assert.deepEqual([codec, lossPercent], ["pcma", 0]);
  }
});

test("loss is the share of what was sent, and counts for the leg that hears it", () => {
  const figures = new CallFigures();
  const call = media(streamOf("c.0.1", [PCMA]));
  const bad = { packetsIn: 190, duplicates: 20, lost: 30, dtmfEvents: 3, reordered: 2 };
  figures.take(counted("c.0.1", bad, { packetsIn: 200 }), call);
  const { caller, callee } = figures.voice(call)!;
  assert.deepEqual([caller.lossPercent, callee.lossPercent], [15, 0]);
  assert.ok(caller.mos! < 3.2 && callee.mos! > 4.3, `${caller.mos} ${callee.mos}`);
  assert.deepEqual([caller.dtmfEvents, caller.reordered, caller.duplicates], [3, 2, 20]);
});

test("the way from mouth to ear goes by both legs, and jitter lengthens it", () => {
  const figures = new CallFigures();
  const call = media(streamOf("c.0.1", [PCMA]));
  const far = { packetsIn: 500, roundTripMeanMs: 500 };
  figures.take(counted("c.0.1", { ...far, jitterMeanMs: 100 }, far), call);
  const { caller, callee } = figures.voice(call)!;
  assert.ok(callee.mos! < 2.7 && caller.mos! < callee.mos!, `${caller.mos} ${callee.mos}`);
});

test("streams that follow one another are one call's, and jitter is weighed by packets", () => {
  const figures = new CallFigures();
  const first = streamOf("c.0.1", [PCMA]);
  const second = streamOf("c.0.2", [OPUS]);
  figures.take(counted("c.0.1", { packetsIn: 50, jitterMeanMs: 9 }), media(first));
  figures.close(counted("c.0.1", { packetsIn: 100, jitterMeanMs: 8, lost: 1 }), media(second));
  figures.take(
    counted("c.0.2", { packetsIn: 300, jitterMeanMs: 4, payloadType: 111 }),
    media(second),
  );
  const { packets, lost, jitterMs, codec } = figures.voice(media(second))!.caller;
  assert.deepEqual([packets, lost, jitterMs, codec], [400, 1, 5, "opus"]);
});

test("a plane that was started again counts anew, and nothing is forgotten or counted twice", () => {
  const figures = new CallFigures();
  const call = media(streamOf("c.0.1", [PCMA]));
  for (const packetsIn of [100, 200, 30, 60]) {
    figures.take(counted("c.0.1", { packetsIn, lost: packetsIn / 10 }), call);
  }
  const { packets, lost } = figures.voice(call)!.caller;
  assert.deepEqual([packets, lost], [260, 26]);
});

test("the codec is the one that a later offer made of the number", () => {
  const figures = new CallFigures();
  figures.take(counted("c.0.1", { packetsIn: 9 }), media(streamOf("c.0.1", [PCMA])));
  const g729 = { payloadType: 8, encoding: "g729", clockHz: 8000 };
  const voice = figures.voice(media(streamOf("c.0.1", [g729])))!;
  assert.equal(voice.caller.codec, "g729");
  assert.equal(voice.callee.mos, undefined);
});

test("what nobody has rated has losses and no MOS; video and strangers' streams are not told of", () => {
  const figures = new CallFigures();
  const unheardOf = { payloadType: 8, encoding: "x-unheard-of", clockHz: 8000 };
  const call = media(streamOf("c.0.1", [unheardOf]), streamOf("c.1.2", [PCMA], false));
  figures.take(counted("c.1.2", { packetsIn: 900 }), call);
  figures.take(counted("c.9.9", { packetsIn: 900 }), call);
  assert.equal(figures.voice(call), undefined);
  figures.take(counted("c.0.1", { packetsIn: 99, lost: 1 }), call);
  const { packets, lossPercent, mos } = figures.voice(call)!.caller;
  assert.deepEqual([packets, lossPercent, mos], [99, 1, undefined]);
});

test("voice that turned to fax on the same ports is told of all the same", () => {
  const figures = new CallFigures();
  figures.take(counted("c.0.1", { packetsIn: 90, lost: 10 }), media(streamOf("c.0.1", [PCMA])));
  const { caller } = figures.voice(media(streamOf("c.0.1", [], false)))!;
  assert.deepEqual([caller.packets, caller.lost, caller.codec], [90, 10, "pcma"]);
});
