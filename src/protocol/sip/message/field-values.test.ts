import assert from "node:assert/strict";
import { test } from "node:test";
import {
  hasOptionTag,
  optionTags,
  parseMediaType,
  parseParametered,
  parseRAck,
  parseReason,
  parseReplaces,
  parseRSeq,
  parseSeconds,
  parseSessionExpires,
  printRAck,
  printReason,
  printReplaces,
  printSessionExpires,
  privacyOf,
} from "./field-values.ts";
import { Headers } from "./headers.ts";

test("words with parameters: Event, Subscription-State, Content-Type", () => {
  const type = parseParametered('Multipart/Mixed ; boundary="a;b"');
  assert.equal(type?.value, "multipart/mixed");
  assert.equal(type?.params.get("boundary"), '"a;b"');
  assert.equal(parseParametered("refer;id=3")?.params.get("id"), "3");
  for (const text of ["", ";a=b", "a b", "a/", "a;;b"]) {
    assert.equal(parseParametered(text), undefined, text);
  }
});

test("seconds are a whole number, whatever follows", () => {
  assert.equal(parseSeconds("3600"), 3600);
  assert.equal(parseSeconds("18000;duration=3600"), 18000);
  assert.equal(parseSeconds("120 (I'm in a meeting)"), 120);
  for (const text of ["", "-1", "1.5", "4294967296", "abc", "9".repeat(200)]) {
    assert.equal(parseSeconds(text), undefined, text);
  }
});

test("Session-Expires with and without its refresher", () => {
  assert.deepEqual(parseSessionExpires("1800;refresher=UAC"), {
    intervalS: 1800,
    refresher: "uac",
  });
  assert.deepEqual(parseSessionExpires("90"), { intervalS: 90 });
  for (const text of ["", "x", "90;refresher=me", "90;;"]) {
    assert.equal(parseSessionExpires(text), undefined, text);
  }
  assert.equal(printSessionExpires({ intervalS: 90, refresher: "uas" }), "90;refresher=uas");
  assert.equal(printSessionExpires({ intervalS: 90 }), "90");
});

test("RAck and RSeq", () => {
  const rack = { rseq: 776656, cseq: 1, method: "INVITE" };
  assert.deepEqual(parseRAck("776656 1  INVITE"), rack);
  assert.equal(printRAck(rack), "776656 1 INVITE");
  for (const text of ["", "1 2", "1 2 3 4", "x 1 INVITE", "1 4294967296 INVITE", "1 1 IN,VITE"]) {
    assert.equal(parseRAck(text), undefined, text);
  }
  assert.equal(parseRSeq("988789"), 988789);
  assert.equal(parseRSeq("0"), undefined);
});

test("option tags and privacy are sets in lower case", () => {
  const headers = new Headers();
  headers.add("supported", "timer, 100rel");
  headers.add("supported", "Replaces");
  headers.add("privacy", "id; Header");
  assert.deepEqual([...optionTags(headers, "supported")], ["timer", "100rel", "replaces"]);
  assert.ok(hasOptionTag(headers, "supported", "replaces"));
  assert.ok(!hasOptionTag(headers, "require", "timer"));
  assert.deepEqual([...privacyOf(headers)], ["id", "header"]);
});

test("Reason", () => {
  const reason = { protocol: "Q.850", cause: 16, text: 'Normal "clearing"' };
  const text = 'Q.850;cause=16;text="Normal \\"clearing\\""';
  assert.deepEqual(parseReason(text), reason);
  assert.equal(printReason(reason), text);
  assert.equal(parseReason("SIP ;cause=x")?.cause, undefined);
  assert.equal(parseReason(";cause=1"), undefined);
});

test("Replaces", () => {
  const replaces = { callId: "a@b", toTag: "1", fromTag: "2", isEarlyOnly: true };
  assert.deepEqual(parseReplaces("a@b ;from-tag=2;to-tag=1;early-only"), replaces);
  assert.equal(printReplaces(replaces), "a@b;to-tag=1;from-tag=2;early-only");
  for (const text of [
    "",
    "a@b",
    "a@b;to-tag=1",
    ";to-tag=1;from-tag=2",
    "a b;to-tag=1;from-tag=2",
  ]) {
    assert.equal(parseReplaces(text), undefined, text);
  }
});

test("a media type is read up to its parameters, with white space around its slash", () => {
  for (const text of ["application/sdp", "Application / SDP ;x=1", "application\t/sdp;;="])
    assert.equal(parseMediaType(text), "application/sdp", text);
  assert.equal(parseParametered("Multipart / Mixed;boundary=x")?.value, "multipart/mixed");
  for (const text of ["", "sdp", "/sdp", "a/", "a/b/c", "a/b, c/d", '"a"/b', "a/b (x)", "a b/c"])
    assert.equal(parseMediaType(text), undefined, text);
});
