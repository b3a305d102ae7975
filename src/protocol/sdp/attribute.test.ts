import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attributeName,
  attributeValue,
  mirrored,
  parseConnection,
  parseFmtp,
  parseOrigin,
  parsePacketTime,
  parseRtcp,
  parseRtpmap,
  printOrigin,
  printRtpmap,
} from "./index.ts";

test("an attribute has a name, whatever its case, and a value", () => {
  assert.equal(attributeName("a=RTCP-Mux"), "rtcp-mux");
  assert.equal(attributeName("a=rtcp:53020 IN IP4 192.0.2.1"), "rtcp");
  assert.equal(attributeName("c=IN IP4 192.0.2.1"), undefined);
  assert.equal(attributeValue("a=mid: 1 "), "1");
  assert.equal(attributeValue("a=sendrecv"), "");
});

test("a=rtcp with and without an address", () => {
  assert.deepEqual(parseRtcp("53020"), { port: 53_020 });
  assert.deepEqual(parseRtcp("53020 IN IP4 192.0.2.1"), { port: 53_020, address: "192.0.2.1" });
  assert.deepEqual(parseRtcp("53020 IN IP6 2001:DB8:0::1"), {
    port: 53_020,
    address: "2001:db8::1",
  });
  for (const bad of ["", "0", "70000", "1 IN", "1 IN IP4 pbx", "1 IN IP4 192.0.2.1 x"]) {
    assert.equal(parseRtcp(bad), undefined, bad);
  }
});

test("rtpmap and fmtp are read, and rtpmap printed back", () => {
  const opus = { payloadType: 111, encoding: "opus", clockHz: 48_000, parameters: "2" };
  assert.deepEqual(parseRtpmap("111 opus/48000/2"), opus);
  assert.equal(printRtpmap(opus), "a=rtpmap:111 opus/48000/2");
  assert.deepEqual(parseRtpmap("0 PCMU/8000"), { payloadType: 0, encoding: "PCMU", clockHz: 8000 });
  assert.deepEqual(parseFmtp("101 0-15"), { payloadType: 101, parameters: "0-15" });
  assert.deepEqual(parseFmtp("101"), { payloadType: 101, parameters: "" });
  assert.equal(parseFmtp("128 x"), undefined);
});

test("packet times may have a fraction", () => {
  assert.equal(parsePacketTime("20"), 20);
  assert.equal(parsePacketTime("2.5"), 2.5);
  for (const bad of ["", "0", "1001", "1e3", "-1", "20 ms"]) {
    assert.equal(parsePacketTime(bad), undefined, bad);
  }
});

test("a connection is an address, a name, or held", () => {
  assert.deepEqual(parseConnection("IN IP4 224.2.1.1/127/3"), {
    host: "224.2.1.1",
    kind: "multicast",
    suffix: "/127/3",
  });
  assert.equal(parseConnection("IN IP6 FF15:0:0::101")!.host, "ff15::101");
  assert.equal(parseConnection("IN IP4 media.example.net")!.kind, undefined);
  for (const bad of [
    "",
    "IN IP4",
    "IN IP4 1.2.3",
    "TN RFC2543 +1",
    "IN IP4 1.2.3.4/x",
    "IN IP5 a.b",
  ]) {
    assert.equal(parseConnection(bad), undefined, bad);
  }
});

test("an origin is read from its end and printed with the type of its address", () => {
  const origin = parseOrigin("jdoe 2890844526 2890842807 IN IP4 10.47.16.5")!;
  assert.equal(
    printOrigin({ ...origin, host: "2001:db8::1" }),
    "o=jdoe 2890844526 2890842807 IN IP6 2001:db8::1",
  );
  assert.equal(parseOrigin("jdoe 1 1 IN IP4"), undefined);
});

test("a direction is seen from the other end", () => {
  assert.equal(mirrored("sendonly"), "recvonly");
  assert.equal(mirrored("recvonly"), "sendonly");
  assert.equal(mirrored("inactive"), "inactive");
  assert.equal(mirrored("sendrecv"), "sendrecv");
});
