import assert from "node:assert/strict";
import { test } from "node:test";
import { MESSAGE_LIMITS, parseMessageText } from "#sip-message";
import { strangerEvidence } from "./stranger-evidence.ts";

const OURS = "192.0.2.1";

interface Told {
  readonly via?: string;
  readonly contact?: string;
  readonly from?: string;
  readonly agent?: string;
}

const textOf = ({
  via = "203.0.113.5",
  contact = "sip:x@203.0.113.5",
  from = "<sip:100@1.1.1.1>;tag=1",
  agent = "Phone 1.0",
}: Told): string =>
  [
    `OPTIONS sip:100@${OURS} SIP/2.0`,
    `Via: SIP/2.0/UDP ${via};branch=z9hG4bK1`,
    `From: ${from}`,
    `To: <sip:100@${OURS}>`,
    "Call-ID: 1",
    "CSeq: 1 OPTIONS",
    `Contact: <${contact}>`,
    `User-Agent: ${agent}`,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

function against(text: string) {
  const message = parseMessageText(text, MESSAGE_LIMITS);
  assert.ok(message.kind !== "response");
  return strangerEvidence(message, text, (address) => address === OURS);
}

test("a telephone that has the wrong address has done nothing", () => {
  assert.equal(against(textOf({})), undefined);
  assert.equal(against(textOf({ from: `<sip:100@${OURS}>;tag=1` })), undefined);
});

test("A10: what is no message counts, with its first lines escaped", () => {
  const evidence = against("INVITE nothing\x07 SIP/9.0\r\n\xff\\");
  assert.deepEqual(evidence, {
    rule: "malformed",
    weight: 20,
    excerpt: "INVITE nothing\\x07 SIP/9.0\\r\\n\\xff\\\\",
  });
});

test("C5: a scanner is known by its names, however they are written", () => {
  for (const agent of [
    "friendly-scanner",
    "SIPVicious 0.3",
    "sipsak 0.9.8",
    "VaxSIPUserAgent/3.1",
    "pplsip2",
  ])
    assert.equal(against(textOf({ agent }))?.rule, "scanner", agent);
  const from = '"sipvicious" <sip:100@1.1.1.1>;tag=1';
  assert.equal(against(textOf({ from }))?.rule, "scanner");
});

test("who has letters of a scanner's name in its own is none", () => {
  for (const agent of ["Siemens-Sismap 2", "Kaliwara Phone", "GripsipclientOS"])
    assert.equal(against(textOf({ agent })), undefined, agent);
  const from = '"Jean Kiwara" <sip:100@1.1.1.1>;tag=1';
  assert.equal(against(textOf({ from })), undefined);
});

test("B5: who names one of our addresses as its own forges", () => {
  assert.equal(against(textOf({ via: `${OURS}:5060` }))?.rule, "forged");
  assert.equal(against(textOf({ contact: `sip:100@${OURS}:5060` }))?.rule, "forged");
});

test("an excerpt is short, however long the message", () => {
  const evidence = against(`${"\xff".repeat(5000)}\r\n\r\n`);
  assert.equal(evidence?.excerpt.length, 200);
});
