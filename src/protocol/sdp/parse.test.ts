import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse as oracle } from "sdp-transform";
import {
  connectionOf,
  directionOf,
  findAttribute,
  isSdpFailure,
  originOf,
  parseRtpmap,
  parseSdp,
  printSdp,
  type Sdp,
} from "./index.ts";

const HEAD = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"];
const AUDIO = "m=audio 4000 RTP/AVP 0 8 101";
const text = (...lines: string[]): string => `${[...HEAD, ...lines].join("\r\n")}\r\n`;

function parsed(sdp: string): Sdp {
  const read = parseSdp(sdp);
  assert.ok(!isSdpFailure(read), JSON.stringify(read));
  return read;
}

function fault(sdp: string): string {
  const read = parseSdp(sdp);
  return isSdpFailure(read) ? read.what : "none";
}

const SAMPLES: readonly string[] = [
  text(AUDIO, "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendonly"),
  text(
    "b=AS:640",
    "a=recvonly",
    "m=video 5000/2 RTP/AVPF 96 97",
    "c=IN IP6 2001:db8::5",
    "a=rtpmap:96 H264/90000",
    "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1",
    "a=rtcp-fb:* nack pli",
    "a=x-unknown:anything at all",
    "z=2882844526 -1h 2898848070 0",
  ),
  text("m=image 6000 udptl t38", "a=T38FaxVersion:0", "a=T38FaxUdpEC:t38UDPRedundancy"),
  text(AUDIO, "m=application 7000 UDP/BFCP *", "a=floorctrl:c-s", "m=audio 0 RTP/AVP 0"),
];

test("a description is printed as it came", () => {
  for (const sample of SAMPLES) assert.equal(printSdp(parsed(sample)), sample);
});

test("what is read agrees with another parser", () => {
  // The oracle knows no count of ports.
  for (const sample of SAMPLES.map((one) => one.replace("5000/2", "5000"))) {
    const ours = parsed(sample);
    const theirs = oracle(sample);
    assert.equal(ours.media.length, theirs.media.length);
    assert.equal(originOf(ours)!.sessionId, String(theirs.origin!.sessionId));
    for (const [i, section] of ours.media.entries()) {
      const other = theirs.media[i]!;
      assert.equal(section.line.media, other.type);
      assert.equal(section.line.port, other.port);
      assert.equal(section.line.protocol, other.protocol);
      assert.equal(section.line.formats.join(" "), String(other.payloads));
      const maps = section.lines
        .filter((line) => line.startsWith("a=rtpmap:"))
        .map((line) => parseRtpmap(line.slice("a=rtpmap:".length))!);
      assert.deepEqual(
        maps.map(({ payloadType, encoding, clockHz }) => [payloadType, encoding, clockHz]),
        other.rtp.map(({ payload, codec, rate }) => [payload, codec, rate]),
      );
      const ip = other.connection?.ip ?? theirs.connection!.ip;
      assert.equal(connectionOf(ours, section)!.host, ip);
      assert.equal(directionOf(ours, section), other.direction ?? theirs.direction ?? "sendrecv");
    }
  }
});

test("bare line feeds, blanks at the end and a missing last line end are forgiven", () => {
  const sample = SAMPLES[0]!;
  assert.equal(printSdp(parsed(sample.replaceAll("\r\n", "\n"))), sample);
  assert.equal(printSdp(parsed(`${sample}\r\n\r\n`)), sample);
  assert.equal(printSdp(parsed(sample.trimEnd())), sample);
});

test("a user name with spaces and odd session numbers don't end a call", () => {
  const sdp = parsed(text(AUDIO).replace("o=- 1 1", "o=Alice B Smith -7 0x1f"));
  assert.equal(originOf(sdp)!.username, "Alice B Smith");
});

const REFUSED: Readonly<Record<string, readonly [sdp: string, what: string]>> = {
  "nothing at all": ["", "version"],
  "another version": [text(AUDIO).replace("v=0", "v=1"), "version"],
  "no origin": [text(AUDIO).replace("o=- 1 1 IN IP4 192.0.2.1\r\n", ""), "origin"],
  "two origins": [text("o=- 2 2 IN IP4 192.0.2.2", AUDIO), "origin"],
  "an origin among the media": [text(AUDIO, "o=- 2 2 IN IP4 192.0.2.2"), "misplaced-line"],
  "no connection": [text(AUDIO).replace("c=IN IP4 192.0.2.1\r\n", ""), "connection"],
  "an impossible address": [text(AUDIO, "c=IN IP4 192.0.2.256"), "connection"],
  "an address of the other family": [text(AUDIO, "c=IN IP4 2001:db8::1"), "connection"],
  "a NUL": [text(AUDIO, "a=fmtp\0"), "control-character"],
  "a lone CR": [text(AUDIO, "a=x\ra=y"), "control-character"],
  "a line without its equals sign": [text("nonsense", AUDIO), "not-a-line"],
  "a blank line in the middle": [text("", AUDIO), "not-a-line"],
  "a line of another alphabet": [text("A=1", AUDIO), "not-a-line"],
  "a port too big": [text("m=audio 65536 RTP/AVP 0"), "media-line"],
  "a negative port": [text("m=audio -1 RTP/AVP 0"), "media-line"],
  "no format": [text("m=audio 4000 RTP/AVP"), "media-line"],
  "zero ports": [text("m=audio 4000/0 RTP/AVP 0"), "media-line"],
  "A4: a payload type over 127": [text("m=audio 4000 RTP/AVP 128"), "payload-type"],
  "A4: a payload type that overflows": [text("m=audio 4000 RTP/AVP 4294967296"), "payload-type"],
  "A4: a payload type that is none": [text("m=audio 4000 RTP/AVP abc"), "payload-type"],
  "A4: an fmtp without its format": [text(AUDIO, "a=fmtp: 97 mode=1;"), "none"],
  "A4: an fmtp of an impossible format": [text(AUDIO, "a=fmtp:999 0-15"), "fmtp"],
  "A4: an fmtp of nothing": [text(AUDIO, "a=fmtp:"), "fmtp"],
  "A4: a bare fmtp": [text(AUDIO, "a=fmtp"), "fmtp"],
  "A4: an rtpmap of nothing": [text(AUDIO, "a=rtpmap:"), "rtpmap"],
  "an rtpmap with clock rate 0": [text(AUDIO, "a=rtpmap:0 PCMU/0"), "rtpmap"],
  "an rtpmap of type 200": [text(AUDIO, "a=rtpmap:200 PCMU/8000"), "rtpmap"],
  "A9: an overflowing ptime": [text(AUDIO, "a=ptime:4294967297"), "packet-time"],
  "A9: a huge ptime": [text(AUDIO, "a=ptime:9999"), "packet-time"],
  "A9: a negative ptime": [text(AUDIO, "a=ptime:-20"), "packet-time"],
  "A9: a ptime of 0": [text(AUDIO, "a=ptime:0"), "packet-time"],
  "A9: a huge maxptime for all": [text("a=maxptime:65536", AUDIO), "packet-time"],
  "33 streams": [text(...new Array<string>(33).fill(AUDIO)), "too-many-media"],
  "a line of 5,000 bytes": [text(AUDIO, `a=x:${"y".repeat(5000)}`), "line-too-long"],
  "2,000 lines": [text(AUDIO, ...new Array<string>(2000).fill("a=x")), "too-many-lines"],
  "70,000 bytes": [text(AUDIO, ...new Array<string>(900).fill(`a=${"x".repeat(78)}`)), "too-long"],
};

for (const [name, [sdp, what]] of Object.entries(REFUSED)) {
  test(`${name}: ${what === "none" ? "taken" : "refused"}`, () => assert.equal(fault(sdp), what));
}

test("32 streams are taken", () => {
  assert.equal(parsed(text(...new Array<string>(32).fill(AUDIO))).media.length, 32);
});

test("names that JavaScript knows are plain attributes", () => {
  const { lines } = parsed(text(AUDIO, "a=__proto__:1", "a=constructor")).media[0]!;
  assert.equal(findAttribute(lines, "__proto__"), "1");
  assert.equal(findAttribute(lines, "constructor"), "");
  assert.equal(findAttribute(lines, "tostring"), undefined);
});

test("any text is either refused or printed so that it reads the same again", () => {
  const line = fc.oneof(
    fc.constantFrom(...HEAD, AUDIO, "a=sendrecv", "m=video 0 RTP/AVP 31", "a=rtcp:1"),
    fc
      .tuple(
        fc.constantFrom("a=", "c=IN ", "m=audio ", "o=", ""),
        fc.string({ unit: "binary-ascii" }),
      )
      .map(([type, rest]) => type + rest),
  );
  const mutated = fc.array(line).map((lines) => [...HEAD, ...lines].join("\r\n"));
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: "binary" })), (sample) => {
      const read = parseSdp(sample);
      if (isSdpFailure(read)) return;
      assert.deepEqual(parseSdp(printSdp(read)), read);
    }),
    { numRuns: 2000 },
  );
});
