import assert from "node:assert/strict";
import { test } from "node:test";
import type { Side } from "#sip";
import { type Message, parseMultipart } from "#sip-message";
import { ByHand, dialogsOf, only, sdpOf } from "../../../test/support/by-hand.ts";

type Part = readonly [fields: Readonly<Record<string, string>>, body: string];

const PRIVATE = /10\.77\.0\.2/;
const ISUP = "\x01\x10\x60\x01\x0a\xff\r\n\0";

/** A body of several parts; each is its type or its fields, and its text. */
function several(parts: readonly Part[], subtype = "mixed"): readonly [string, string] {
  const texts = parts.map(([fields, body]) => {
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    return `--cut\r\n${lines.join("")}\r\n${body}\r\n`;
  });
  return [`multipart/${subtype};boundary=cut`, `${texts.join("")}--cut--\r\n`];
}

const part = (type: string, body: string, disposition?: string): Part => [
  { "Content-Type": type, ...(disposition && { "Content-Disposition": disposition }) },
  body,
];

const sdpPart = (side: Side): Part => part("application/sdp", sdpOf(side));

/** The parts of a message that the gateway sent. */
function partsOf(message: Message): { type: string; body: string; id: string | undefined }[] {
  const read = parseMultipart(message.headers.get("content-type") ?? "", message.body);
  assert.ok(read, `several parts, not ${message.headers.get("content-type")}`);
  return read.parts.map(({ headers, body }) => ({
    type: headers.get("content-type") ?? "",
    body,
    id: headers.get("content-id"),
  }));
}

/** What the callee gets for a body in the INVITE of one side. */
function invited(site: ByHand, side: Side, body: readonly [string, string], headers = {}): Message {
  const other = side === "public" ? "private" : "public";
  const asked = only(site.take(side, site.begin(side, "INVITE", { body, headers })), "INVITE");
  assert.equal(asked.to.side, other);
  return asked.message;
}

test("of several parts the description is rewritten, and ISUP crosses as it is", () => {
  const site = new ByHand();
  const isup = part("application/isup;version=itu-t92+", ISUP, "signal;handling=required");
  const body = several([isup, sdpPart("private")]);
  const got = partsOf(invited(site, "private", body));
  assert.deepEqual(
    got.map(({ type }) => type),
    ["application/sdp", "application/isup;version=itu-t92+"],
  );
  assert.match(got[0]!.body, /c=IN IP4 192\.0\.2\.1\r\n/);
  assert.doesNotMatch(got[0]!.body, PRIVATE);
  assert.equal(got[1]!.body, ISUP);
});

test("a call whose offer and answer are parts among others is connected, with media", () => {
  const site = new ByHand();
  const isup = part("application/isup", ISUP);
  const invite = site.begin("public", "INVITE", { body: several([sdpPart("public"), isup]) });
  const asked = only(site.take("public", invite), "INVITE");
  const answer = site.answer(asked, 200, { body: several([isup, sdpPart("private")]) });
  const answered = only(site.take("private", answer), 200).message;
  assert.match(partsOf(answered)[0]!.body, /c=IN IP4 192\.0\.2\.1\r\n/);
  assert.equal(site.gateway.portsHeld, 2);
  const { callee } = dialogsOf("public", invite, asked, answered);
  const again = site.inside(callee, "INVITE", 1, { body: several([sdpPart("private"), isup]) });
  assert.equal(partsOf(only(site.take("private", again), "INVITE").message).length, 2);
});

test("a caller's location reaches the emergency service, and tells no private host", () => {
  const site = new ByHand();
  const location =
    '<presence entity="pres:4001@pbx.corp.example"><tuple id="a"><geopriv>48.8 2.3</geopriv>' +
    "<contact>sip:4001@10.77.0.2:5060;transport=tcp</contact><note>phone fd00::7 at 10.77.0.9</note></tuple></presence>";
  const pidf: Part = [
    { "Content-Type": "application/pidf+xml", "Content-ID": "<loc@phone7.corp>" },
    location,
  ];
  const headers = {
    geolocation: "<cid:loc@phone7.corp>, <https://lis.corp/4001>",
    "geolocation-routing": "yes",
  };
  const got = invited(site, "private", several([sdpPart("private"), pidf]), headers);
  assert.equal(got.headers.get("geolocation"), "<cid:loc@192.0.2.1>");
  assert.equal(got.headers.get("geolocation-routing"), "yes");
  const { id, body } = partsOf(got)[1]!;
  assert.equal(id, "<loc@192.0.2.1>");
  assert.equal(
    body,
    '<presence entity="pres:4001@192.0.2.1"><tuple id="a"><geopriv>48.8 2.3</geopriv>' +
      "<contact>sip:4001@192.0.2.1</contact><note>phone 192.0.2.1 at 192.0.2.1</note></tuple></presence>",
  );
});

test("without the mask the other parts cross as they are", () => {
  const site = new ByHand({ settings: { topologyMask: "no" } });
  const note = part("text/plain", "sip:4001@10.77.0.2");
  const got = partsOf(invited(site, "private", several([sdpPart("private"), note])));
  assert.match(got[0]!.body, /c=IN IP4 192\.0\.2\.1\r\n/);
  assert.equal(got[1]!.body, "sip:4001@10.77.0.2");
});

test("of alternatives the description alone crosses", () => {
  const body = several([part("text/plain", "call"), sdpPart("private")], "alternative");
  const got = invited(new ByHand(), "private", body);
  assert.equal(got.headers.get("content-type"), "application/sdp");
  assert.match(got.body, /^v=0\r\n/);
});

const PICTURE = "\x89PNG\r\n\x1a\n\0";

test("a part that can't be masked stays behind where its sender can do without", () => {
  const picture = part("image/png", PICTURE, "render;handling=optional");
  const got = invited(new ByHand(), "private", several([sdpPart("private"), picture]));
  assert.equal(got.headers.get("content-type"), "application/sdp");
});

for (const [what, body] of [
  ["a part that can't be masked", several([sdpPart("private"), part("image/png", PICTURE)])],
  ["a part in an encoding", several([[{ "Content-Transfer-Encoding": "base64" }, "c2lw"]])],
  ["parts within a part", several([part("multipart/mixed;boundary=x", "--x\r\n\r\n--x--")])],
  ["two descriptions", several([sdpPart("private"), sdpPart("private")])],
  ["an early session", several([part("application/sdp", sdpOf("private"), "early-session")])],
  ["signed parts", several([sdpPart("private")], "signed")],
  ["parts without an end", ["multipart/mixed;boundary=cut", "--cut\r\n\r\nx\r\n"]],
  ["a body without a type", ["", "x"]],
] as const) {
  test(`415 tells what is accepted: ${what}`, () => {
    const site = new ByHand();
    const sent = site.take("private", site.begin("private", "INVITE", { body }));
    const refused = only(sent, 415).message;
    assert.match(refused.headers.get("accept") ?? "", /application\/sdp, multipart\/mixed/);
    assert.equal(sent.length, 1);
  });
}

test("a refusal's ISUP crosses to the caller", () => {
  const site = new ByHand();
  const asked = only(
    site.take("public", site.begin("public", "INVITE", { sdp: sdpOf("public") })),
    "INVITE",
  );
  const more = { body: ["application/isup", ISUP] as const };
  assert.equal(only(site.take("private", site.answer(asked, 486, more)), 486).message.body, ISUP);
});

test("ids of parts name no private host, and no id makes a body grow", () => {
  const ids = Array.from({ length: 16 }, (_, i) => `${"a".repeat(i)}@${i % 2 ? "a" : ""}`);
  const parts = ids.map(
    (id): Part => [{ "Content-Type": "text/plain", "Content-ID": `<${id}>` }, "a@a@aa".repeat(600)],
  );
  const [type, body] = several(parts);
  const got = invited(new ByHand(), "private", [`${type};start="<aa@phone7.corp>"`, body]);
  assert.match(got.headers.get("content-type") ?? "", /;start="<aa@192\.0\.2\.1>"$/);
  assert.ok(got.body.length < 3 * body.length, `${got.body.length} of ${body.length}`);
});

test("what only looks like an id of a part stays as it is", () => {
  const signal: Part = [
    { "Content-Type": "application/isup", "Content-ID": "<a@b>" },
    "\x01a@b\x02",
  ];
  const [, got] = partsOf(invited(new ByHand(), "private", several([sdpPart("private"), signal])));
  assert.equal(got?.id, "<a@192.0.2.1>");
  assert.equal(got?.body, "\x01a@b\x02");
});

test("a list of states names its parts as they are told, wherever the list speaks of them", () => {
  const list =
    '<list uri="sip:blf@10.77.0.2"><instance id="1" cid="a1@pbx7.corp"/><instance id="2" cid="1@pbx7.corp"/>' +
    "<x>1@pbx7.corp.fr a1@pbx7.corp! 11@pbx7.corp</x></list>";
  const named = (id: string, type: string, body: string): Part => [
    { "Content-Type": type, "Content-ID": `<${id}@pbx7.corp>` },
    body,
  ];
  const [type, body] = several(
    [
      named("l", "application/rlmi+xml", list),
      named("a1", "application/dialog-info+xml", "<d/>"),
      named("1", "application/dialog-info+xml", "<e/>"),
    ],
    "related",
  );
  const site = new ByHand();
  const notify = site.begin("private", "NOTIFY", {
    headers: { event: "dialog", "subscription-state": "active" },
    body: [`${type};type="application/rlmi+xml";start="<l@pbx7.corp>"`, body],
  });
  const got = only(site.take("private", notify), "NOTIFY").message;
  assert.match(got.headers.get("content-type")!, /;start="<l@192\.0\.2\.1>"/);
  const parts = partsOf(got);
  assert.deepEqual(
    parts.map(({ id }) => id),
    ["<l@192.0.2.1>", "<a1@192.0.2.1>", "<1@192.0.2.1>"],
  );
  assert.equal(
    parts[0]!.body,
    '<list uri="sip:blf@192.0.2.1"><instance id="1" cid="a1@192.0.2.1"/><instance id="2" cid="1@192.0.2.1"/>' +
      "<x>1@pbx7.corp.fr a1@192.0.2.1! 11@pbx7.corp</x></list>",
  );
});
