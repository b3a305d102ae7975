import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fitAnswer,
  isSdpFailure,
  type MediaLine,
  parseMediaLine,
  printMediaLine,
  type Sdp,
} from "./index.ts";

const line = (value: string): MediaLine => parseMediaLine(value)!;
const answer = (...values: string[]): Sdp => ({
  session: ["v=0"],
  media: values.map((value) => ({ line: line(value), lines: [] })),
});

const OFFERED = [line("audio 4000 RTP/AVPF 0 8"), line("video 5000 RTP/AVPF 96")];

function fitted(...values: string[]): string[] | string {
  const fit = fitAnswer(OFFERED, answer(...values));
  return isSdpFailure(fit) ? fit.what : fit.media.map((section) => printMediaLine(section.line));
}

test("an answer of the same lines fits", () => {
  const values = ["audio 6000 RTP/AVPF 0", "video 0 RTP/AVPF 96"];
  assert.deepEqual(
    fitted(...values),
    values.map((value) => `m=${value}`),
  );
});

test("AVP for AVPF fits, and so does another protocol on a refused line", () => {
  assert.ok(Array.isArray(fitted("audio 6000 rtp/avp 0", "video 0 RTP/SAVP 96")));
});

test("a protected profile fits as well: its keys are judged elsewhere", () => {
  assert.ok(Array.isArray(fitted("audio 6000 RTP/SAVPF 0", "video 7000 RTP/SAVP 96")));
});

test("lines that the answer leaves out are refused in its name", () => {
  assert.deepEqual(fitted("audio 6000 RTP/AVPF 0"), [
    "m=audio 6000 RTP/AVPF 0",
    "m=video 0 RTP/AVPF 96",
  ]);
});

test("whether and how a line is protected is not the fit's to judge", () => {
  const lines = ["m=audio 6000 UDP/TLS/RTP/SAVPF 0", "m=video 0 RTP/AVPF 96"];
  assert.deepEqual(fitted("audio 6000 UDP/TLS/RTP/SAVPF 0", "video 0 RTP/AVPF 96"), lines);
});

test("more lines, another order or another protocol don't fit", () => {
  const refused = "answer-does-not-fit";
  assert.equal(fitted("video 6000 RTP/AVPF 96", "audio 6000 RTP/AVPF 0"), refused);
  assert.equal(fitted("audio 6000 UDP/TLS/UDPTL 0", "video 0 RTP/AVPF 96"), refused);
  assert.equal(fitted("audio 1 RTP/AVPF 0", "video 2 RTP/AVPF 96", "audio 3 RTP/AVPF 0"), refused);
});
