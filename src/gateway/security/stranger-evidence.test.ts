import assert from "node:assert/strict";
import { test } from "node:test";
import { MESSAGE_LIMITS, parseMessageText } from "#sip-message";
import { settingsOf, sourceFlow } from "../../../test/support/security-by-hand.ts";
import { OwnPlaces } from "./own-places.ts";
import { strangerEvidence } from "./stranger-evidence.ts";

const OURS = "192.0.2.1";

interface Told {
  readonly via?: string;
  readonly contact?: string;
  readonly from?: string;
  readonly agent?: string;
  readonly method?: string;
  readonly callId?: string;
  readonly branch?: string;
  readonly body?: string;
}

const textOf = ({
  via = "203.0.113.5",
  contact = "sip:x@203.0.113.5",
  from = "<sip:100@1.1.1.1>;tag=1",
  agent = "Phone 1.0",
  method = "OPTIONS",
  callId = "1",
  branch = "z9hG4bK1",
  body = "",
}: Told): string =>
  [
    `${method} sip:100@${OURS} SIP/2.0`,
    `Via: SIP/2.0/UDP ${via};branch=${branch}`,
    `From: ${from}`,
    `To: <sip:100@${OURS}>`,
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    `Contact: <${contact}>`,
    `User-Agent: ${agent}`,
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");

const FQDN = { publicFqdn: "sbc.example.com" };

function against(text: string, remoteAddress = "203.0.113.5") {
  const message = parseMessageText(text, MESSAGE_LIMITS);
  assert.ok(message.kind !== "response");
  const places = new OwnPlaces(settingsOf({}, FQDN));
  return strangerEvidence(message, text, sourceFlow({ remoteAddress }), places);
}

const sdpTo = (address: string): string =>
  `v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\nc=IN IP4 ${address}\r\n`;

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

test("B5: our own name is one of our addresses, however it is written", () => {
  for (const contact of ["sip:100@sbc.example.com", "sip:100@SBC.example.com.:5060"])
    assert.equal(against(textOf({ contact }))?.rule, "forged", contact);
  assert.equal(against(textOf({ contact: "sip:100@sbc.example.org" })), undefined);
});

test("B5: the PBX's address is nobody else's, and private addresses are many people's", () => {
  const contact = "sip:100@10.0.0.2";
  assert.equal(against(textOf({ contact }), "10.0.0.77")?.rule, "forged");
  assert.equal(against(textOf({ contact })), undefined);
});

test("E4: a description that aims at us, at the PBX or at nobody in particular", () => {
  for (const address of [OURS, "127.0.0.1", "224.0.0.7", "255.255.255.255"])
    assert.equal(against(textOf({ body: sdpTo(address) }))?.rule, "smuggled-media", address);
  assert.equal(against(textOf({ body: sdpTo("10.0.0.2") }), "10.0.0.77")?.rule, "smuggled-media");
  // Behind a NAT telephones name private addresses, the PBX's among them by chance.
  for (const address of ["192.168.1.20", "10.0.0.2", "203.0.113.99"])
    assert.equal(against(textOf({ body: sdpTo(address) })), undefined, address);
});

test("E4: a body of many addresses is looked through no further than streams go", () => {
  const body = `${sdpTo("203.0.113.9").repeat(40)}${sdpTo(OURS)}`;
  assert.equal(against(textOf({ body })), undefined);
});

test("C5: tools are known by what they write besides, and nmap by whom it is from", () => {
  for (const told of [
    { callId: "friendly-scanner-1" },
    { branch: "z9hG4bK-sipvicious" },
    { from: "<sip:sipsak@1.1.1.1>;tag=1" },
    { from: "<sip:nm@nm>;tag=root" },
    { from: "<sip:smap@localhost>;tag=1" },
    { agent: "smap 0.6.0" },
    { agent: "iWar" },
    { method: "SVWAR" },
  ])
    assert.equal(against(textOf(told))?.rule, "scanner", JSON.stringify(told));
});

test("a short name counts where a program says its own alone", () => {
  const chance = {
    callId: "a8+iWar/x",
    branch: "z9hG4bK-smap-1",
    from: '"Iwar" <sip:smap@x>;tag=1',
  };
  assert.equal(against(textOf(chance)), undefined);
});

test("an excerpt is short, however long the message", () => {
  const evidence = against(`${"\xff".repeat(5000)}\r\n\r\n`);
  assert.equal(evidence?.excerpt.length, 200);
});
