import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSdp, type Sdp } from "#sdp";
import { formatsFrom, formatsOf, formatUse } from "./formats.ts";

const formatsIn = (...lines: string[]) => {
  const head = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"];
  const sdp = parseSdp([...head, ...lines, ""].join("\r\n"));
  assert.ok("media" in sdp, JSON.stringify(sdp));
  return formatsOf((sdp as Sdp).media[0]!);
};

test("clocks are those of a=rtpmap, else of RFC 3551, else usual", () => {
  const formats = formatsIn(
    "m=audio 4000 RTP/AVP 9 8 111 77 101",
    "a=rtpmap:111 OPUS/48000/2",
    "a=rtpmap:101 telephone-event/8000",
  );
  assert.deepEqual(
    formats.map(({ payloadType, encoding, clockHz }) => [payloadType, encoding, clockHz]),
    [
      [9, "g722", 8000],
      [8, "pcma", 8000],
      [111, "opus", 48_000],
      [77, "", 8000],
      [101, "telephone-event", 8000],
    ],
  );
  assert.deepEqual(
    formatsIn("m=video 4000 RTP/AVP 96").map(({ clockHz }) => clockHz),
    [90_000],
  );
});

test("events and what repairs media are told from the media", () => {
  const uses = ["pcma", "telephone-event", "cn", "rtx", "red", "h264", ""].map((encoding) =>
    formatUse({ payloadType: 1, encoding, clockHz: 8000 }),
  );
  assert.deepEqual(uses, ["media", "events", "aside", "aside", "aside", "media", "media"]);
});

test("an end sends by the other's numbers, or by its own where the other has none", () => {
  const format = (payloadType: number, encoding: string) => ({
    payloadType,
    encoding,
    clockHz: 8000,
  });
  const end = { localAddress: "192.0.2.1", port: 2, rtcpPort: 3, latch: false, dscp: 46 };
  const ends = {
    caller: { ...end, formats: [format(96, "ilbc"), format(8, "pcma")] },
    callee: { ...end, formats: [format(96, "speex")] },
  };
  assert.deepEqual(
    formatsFrom(ends, "caller").map(({ encoding }) => encoding),
    ["speex", "pcma"],
  );
  assert.deepEqual(
    formatsFrom(ends, "callee").map(({ encoding }) => encoding),
    ["ilbc", "pcma"],
  );
  assert.deepEqual(formatsFrom({ caller: end, callee: end }, "caller"), []);
});
