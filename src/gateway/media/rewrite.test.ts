import assert from "node:assert/strict";
import { test } from "node:test";
import { rewriteIdle, rewriteMedia, rewriteSession } from "./rewrite.ts";
import { sdpMask } from "./sdp-mask.ts";

const MASKED = {
  to: "public",
  address: "203.0.113.1",
  mask: sdpMask({ public: ["sip.operator.example"], private: ["pbx.example.lan", "ipbx"] }),
} as const;
const OPEN = { ...MASKED, mask: undefined } as const;
const OURS = { port: 20_000, rtcpPort: 20_001, mux: true };
const LINE = { media: "audio", port: 4000, portCount: 1, protocol: "RTP/AVP", formats: ["0"] };

/** One line of a stream, as it goes out; undefined when it doesn't. */
const media = (line: string, how: typeof MASKED | typeof OPEN = MASKED): string | undefined =>
  rewriteMedia({ line: LINE, lines: [line] }, how, OURS)[1];
const session = (line: string, how: typeof MASKED | typeof OPEN = MASKED): string | undefined =>
  rewriteSession([line], how)[0];

test("the m= line has our port and the peer's formats", () => {
  const section = { line: { ...LINE, formats: ["0", "8"] }, lines: [] };
  assert.deepEqual(rewriteMedia(section, MASKED, OURS), ["m=audio 20000 RTP/AVP 0 8"]);
  assert.deepEqual(rewriteIdle(section, MASKED), ["m=audio 0 RTP/AVP 0 8"]);
});

test("addresses become ours, on hold they stay nobody's", () => {
  assert.equal(media("c=IN IP4 10.0.0.20"), "c=IN IP4 203.0.113.1");
  assert.equal(session("c=IN IP6 fd00::20"), "c=IN IP4 203.0.113.1");
  assert.equal(session("c=IN IP4 0.0.0.0"), "c=IN IP4 0.0.0.0");
  assert.equal(session("c=IN IP6 ::"), "c=IN IP4 0.0.0.0");
  assert.equal(
    rewriteSession(["c=IN IP4 0.0.0.0"], { ...OPEN, address: "2001:db8::1" })[0],
    "c=IN IP6 ::",
  );
  assert.equal(media("a=rtcp:4001 IN IP4 10.0.0.20"), "a=rtcp:20001 IN IP4 203.0.113.1");
});

test("the mask drops who and what is behind, else it passes", () => {
  for (const line of ["i=Room 7", "u=http://pbx/", "e=a@b.example", "p=+33 1 23"]) {
    assert.equal(session(line), undefined, line);
    assert.equal(session(line, OPEN), line);
  }
  assert.equal(session("s=MiVoice 5000"), "s=-");
  assert.equal(session("s=MiVoice 5000", OPEN), "s=MiVoice 5000");
  assert.equal(session("a=tool:Phone 1.0"), undefined);
});

test("what holds between neighbours alone never passes, mask or not", () => {
  for (const line of [
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    "a=CRYPTO:1 AES_CM_128_HMAC_SHA1_80 inline:x",
    "a=acap:1 crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x",
    "a=key-mgmt:mikey x",
    "a=fingerprint:sha-256 AB:CD",
    "a=setup:actpass",
    "a=candidate:1 1 udp 1 10.0.0.20 4000 typ host",
    "a=remote-candidates:1 10.0.0.20 4000",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:abcd",
    "a=ice-lite",
    "a=ice-options:trickle",
    "a=end-of-candidates",
    "a=source-filter: incl IN IP4 * 10.0.0.20",
    "a=alt:1 1 : A B 10.0.0.20 4000",
    "a=altc:1 IP4 10.0.0.20 4000",
    "a=group:BUNDLE 0 1",
    "a=bundle-only",
    "k=clear:secret",
  ]) {
    assert.equal(media(line), undefined, line);
    assert.equal(media(line, OPEN), undefined, line);
  }
});

test("no line names an address or host of the side behind", () => {
  for (const line of [
    "a=x-nat:10.0.0.20",
    "a=x-private:fd00::20 5000",
    "a=x-full:2001:db8:0:0:0:0:0:20",
    "a=x-mapped ::ffff:10.0.0.20",
    "a=ssrc:1 cname:alice@desk.example.lan",
    "a=x-host:PBX.example.lan",
    "a=x-host:ipbx",
    "a=label:sip:ipbx;transport=tcp",
    "a=fmtp:97 host=10.0.0.20",
    "b=X-10.0.0.20:1",
  ]) {
    assert.equal(media(line), undefined, line);
    assert.equal(media(line, OPEN), line);
  }
});

test("what tells nothing passes", () => {
  for (const line of [
    "a=rtpmap:0 PCMU/8000",
    "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==",
    "a=fmtp:101 0-15",
    "a=rtcp-fb:* ccm fir",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "a=ssrc:1234 cname:d7ad8d5f",
    "a=group:LS 1 2",
    "a=mid:1",
    "a=x-host:ipbx2",
    "a=x-version:12:34:56",
    "a=sendonly",
    "b=AS:64",
  ]) {
    assert.equal(media(line), line);
  }
  // The other way, the operator's name is what is hidden.
  assert.equal(
    rewriteSession(["a=x:sip.operator.example"], { ...MASKED, to: "private" })[0],
    undefined,
  );
  assert.equal(session("a=x:sip.operator.example"), "a=x:sip.operator.example");
});

test("A4: an fmtp that says nothing is left out", () => {
  assert.equal(media("a=fmtp:101"), undefined);
  assert.equal(media("a=fmtp:101 "), undefined);
});

test("a=rtcp-mux passes when it may", () => {
  assert.equal(media("a=rtcp-mux"), "a=rtcp-mux");
  const section = { line: LINE, lines: ["a=rtcp-mux", "a=rtcp:4001"] };
  assert.deepEqual(rewriteMedia(section, MASKED, { ...OURS, mux: false }).slice(1), [
    "a=rtcp:20001 IN IP4 203.0.113.1",
  ]);
  assert.equal(rewriteIdle(section, MASKED).length, 1);
});
