import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseCandidate,
  parseCrypto,
  parseFingerprint,
  parseSetup,
  printCandidate,
  printCrypto,
  printFingerprint,
} from "./index.ts";

const KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

test("crypto attributes of RFC 4568 are printed as they came", () => {
  for (const value of [
    `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^20|1:4 FEC_ORDER=FEC_SRTP`,
    `2 F8_128_HMAC_SHA1_80 inline:${KEY}|2^20|1:4;inline:${KEY}|2^20|2:4 UNENCRYPTED_SRTCP`,
    `1 AEAD_AES_256_GCM inline:${KEY}==`,
    `9 AES_CM_128_HMAC_SHA1_32 inline:${KEY}|1:32`,
  ]) {
    assert.equal(printCrypto(parseCrypto(value)!), `a=crypto:${value}`);
  }
});

test("a key never shows by accident", () => {
  const crypto = parseCrypto(`1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`)!;
  assert.ok(!JSON.stringify(crypto).includes(KEY));
});

test("a malformed crypto attribute is none", () => {
  for (const value of [
    "",
    "1",
    "1 AES_CM_128_HMAC_SHA1_80",
    `x AES_CM_128_HMAC_SHA1_80 inline:${KEY}`,
    `1 AES_CM_128_HMAC_SHA1_80 uri:${KEY}`,
    `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|1:0`,
    `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|1:4|1:4`,
    `1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|1:4|2^20|x`,
    "1 AES_CM_128_HMAC_SHA1_80 inline:$$$",
  ]) {
    assert.equal(parseCrypto(value), undefined, value);
  }
});

test("candidates are printed as they came", () => {
  for (const value of [
    "1 1 udp 2130706431 10.0.1.1 8998 typ host",
    "2 1 udp 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998",
    "3 2 tcp 1518280447 2001:db8::1 9 typ host tcptype active generation 0",
  ]) {
    assert.equal(printCandidate(parseCandidate(value)!), `a=candidate:${value}`);
  }
});

test("a malformed candidate is none", () => {
  for (const value of [
    "",
    "1 1 udp 2130706431 10.0.1.1 8998",
    "1 1 udp 2130706431 10.0.1.1 89980 typ host",
    "1 300 udp 2130706431 10.0.1.1 8998 typ host",
    "1 1 udp 4294967296 10.0.1.1 8998 typ host",
    "1 1 udp 1 10.0.1.1 8998 typ srflx raddr 10.0.1.1 rport 99999",
    "1 1 udp 1 10.0.1.1 8998 typ host extra",
  ]) {
    assert.equal(parseCandidate(value), undefined, value);
  }
});

test("a fingerprint has the length of its hash", () => {
  const value = new Array<string>(32).fill("ab").join(":");
  const fingerprint = parseFingerprint(`SHA-256 ${value}`)!;
  assert.equal(printFingerprint(fingerprint), `a=fingerprint:sha-256 ${value.toUpperCase()}`);
  assert.equal(parseFingerprint(`sha-1 ${value}`), undefined);
  assert.equal(parseFingerprint(`md5 ${value}`), undefined);
  assert.equal(parseFingerprint(`constructor ${value}`), undefined);
  assert.equal(parseFingerprint("sha-256"), undefined);
  assert.equal(parseSetup(" ActPass"), "actpass");
  assert.equal(parseSetup("maybe"), undefined);
});
