import assert from "node:assert/strict";
import { test } from "node:test";
import { printMessage } from "#sip-message";
import {
  ByHand,
  dialogsOf,
  linesOf,
  only,
  type Sent,
  sdpOf,
} from "../../../test/support/by-hand.ts";

/** An address and a port that nobody knows, and that no mask of texts would take out. */
const HIDDEN = ["c=IN IP4 203.0.113.77", "m=audio 34568"] as const;
const SDP = [
  "v=0",
  "o=- 1 1 IN IP4 203.0.113.77",
  "s=-",
  "c=IN IP4 203.0.113.77",
  "t=0 0",
  "m=audio 34568 RTP/AVP 8",
  "",
].join("\r\n");

interface Body {
  readonly body: readonly [type: string, text: string];
  readonly headers?: Readonly<Record<string, string>>;
}

const plain = (type: string, headers: Body["headers"] = {}): Body => ({
  body: [type, SDP],
  headers,
});

/** One part, in a body whose Content-Type and text are what a test makes of them. */
const part = (fields: string, text: string = SDP): string =>
  `--cut\r\n${fields}\r\n\r\n${text}\r\n`;
const several = (text: string, type = "multipart/mixed;boundary=cut"): Body => ({
  body: [type, `${text}--cut--\r\n`],
});
const nested = (subtype: string): string =>
  part(
    `Content-Type: multipart/${subtype};boundary=in`,
    `--in\r\nContent-Type: application/sdp\r\n\r\n${SDP}\r\n--in--`,
  );
const cut = part("Content-Type: application/sdp");

const BODIES: Readonly<Record<string, Body>> = {
  "white space around the slash": plain("application / sdp"),
  "tabs around the slash": plain("application\t/\tsdp ;charset=utf-8"),
  "upper case": plain("APPLICATION/SDP"),
  "two types in one field": plain("application/sdp, text/plain"),
  "two types, the other first": plain("text/plain, application/sdp"),
  "parameters that are none": plain("application/sdp;;="),
  "a comment": plain("application/sdp (text/plain)"),
  "a comment before the subtype": plain("application/(x)sdp"),
  "a quoted type": plain('"application/sdp"'),
  "three words": plain("application/sdp/plain"),
  "a word alone": plain("sdp"),
  "no type at all": plain(""),
  "another type": plain("text/plain"),
  "an unknown type": plain("application/x-sdp"),
  "a charset": plain("application/sdp;charset=utf-7"),
  "an encoding that it isn't in": plain("application/sdp", { "content-encoding": "gzip" }),
  "two encodings": plain("application/sdp", { "content-encoding": "identity, gzip" }),
  "a transfer encoding": plain("application/sdp", { "content-transfer-encoding": "base64" }),
  "an early session": plain("application/sdp", { "content-disposition": "early-session" }),
  "an optional one": plain("application/sdp, x/y", {
    "content-disposition": "session;handling=optional",
  }),
  "a part": several(cut),
  "a part with space around its slash": several(part("Content-Type: application / sdp")),
  "a part with odd parameters": several(part("Content-Type: application/sdp;;=")),
  "a part of two types": several(part("Content-Type: application/sdp, text/plain")),
  "a part whose type stands twice": several(
    part("Content-Type: text/plain\r\nContent-Type: application/sdp"),
  ),
  "a part with a compact type": several(part("c: application/sdp")),
  "a part whose type is folded": several(part("Content-Type:\r\n application/sdp")),
  "a part without a type": several(part("X-None: 1")),
  "a part in a transfer encoding": several(
    part("Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64"),
  ),
  "a part of another type": several(part("Content-Type: text/plain")),
  "two parts, the first unreadable": several(part("Content-Type: application/sdp, x/y") + cut),
  alternatives: several(cut, "multipart/alternative;boundary=cut"),
  "two alternatives": several(
    part("Content-Type: text/plain") + cut,
    "multipart/alternative;boundary=cut",
  ),
  "parts within a part": several(nested("mixed")),
  "alternatives within a part": several(nested("alternative")),
  "parts with space around the slash": several(cut, "multipart / mixed;boundary=cut"),
  "related parts": several(cut, 'multipart/related;boundary=cut;type="application/sdp"'),
  "two boundaries": several(
    `--in\r\nContent-Type: application/sdp\r\n\r\n${SDP}\r\n--in--\r\n${part("Content-Type: text/plain", `x\r\n--in\r\nContent-Type: application/sdp\r\n\r\n${SDP}\r\n--in--`)}`,
    "multipart/mixed;boundary=cut;boundary=in;boundary*=in",
  ),
  "a boundary with space": several(cut, 'multipart/mixed;boundary="cut "'),
  "a preamble": several(`${SDP}\r\n${part("Content-Type: text/plain", "x")}`),
  "an epilogue": {
    body: ["multipart/mixed;boundary=cut", `${part("X: 1", "x")}--cut--\r\n${SDP}`],
  },
  "no last boundary": { body: ["multipart/mixed;boundary=cut", cut] },
  "no boundary": several(cut, "multipart/mixed"),
};

/** Nobody negotiates by these: they tell nothing behind the mask, and cross as they are without it. */
const MASKED: typeof BODIES = {
  "a fragment": { body: ["message/sipfrag", `Content-Type: application/sdp\r\n\r\n${SDP}`] },
  "a message": { body: ["message/sip", `ACK sip:x@y SIP/2.0\r\n\r\n${SDP}`] },
};

/** What crosses may not tell where media really is. */
function keeps(sent: readonly Sent[]): void {
  for (const { message } of sent) {
    const text = printMessage(message);
    for (const secret of HIDDEN) assert.ok(!text.includes(secret), text);
  }
}

/** Where a body can stand; each plays a call up to it, and gives what the gateway sends for it. */
const PLACES: Readonly<Record<string, (site: ByHand, body: Body) => Sent[]>> = {
  "an INVITE": (site, body) => site.take("private", site.begin("private", "INVITE", body)),
  "a 183": (site, body) => site.take("public", site.answer(ringing(site), 183, body)),
  "a 200": (site, body) => site.take("public", site.answer(ringing(site), 200, body)),
  "an ACK": (site, body) => {
    const invite = site.begin("private", "INVITE");
    const asked = only(site.take("private", invite), "INVITE");
    const answer = site.answer(asked, 200, { sdp: sdpOf("public") });
    const answered = only(site.take("public", answer), 200);
    const { caller } = dialogsOf("private", invite, asked, answered.message);
    return site.take("private", site.inside(caller, "ACK", 1, body));
  },
  "a PRACK": (site, body) => {
    const invite = site.begin("private", "INVITE", { headers: { supported: "100rel" } });
    const asked = only(site.take("private", invite), "INVITE");
    const headers = { require: "100rel", rseq: "1" };
    const answer = site.answer(asked, 183, { sdp: sdpOf("public"), headers });
    const rang = only(site.take("public", answer), 183);
    const { caller } = dialogsOf("private", invite, asked, rang.message);
    const rack = { ...body.headers, rack: `${rang.message.headers.get("rseq")} 1 INVITE` };
    return site.take("private", site.inside(caller, "PRACK", 2, { ...body, headers: rack }));
  },
  "a re-INVITE": (site, body) => {
    const { caller } = site.connected("private");
    return site.take("private", site.inside(caller, "INVITE", 2, body));
  },
  "a re-INVITE's 200": (site, body) => {
    const { caller } = site.connected("private");
    const again = site.inside(caller, "INVITE", 2, { sdp: sdpOf("private") });
    const asked = only(site.take("private", again), "INVITE");
    return site.take("public", site.answer(asked, 200, body));
  },
  "an UPDATE": (site, body) => {
    const { caller } = site.connected("private");
    return site.take("private", site.inside(caller, "UPDATE", 2, body));
  },
  "an UPDATE's 200": (site, body) => {
    const { caller } = site.connected("private");
    const update = site.inside(caller, "UPDATE", 2, { sdp: sdpOf("private") });
    const asked = only(site.take("private", update), "UPDATE");
    return site.take("public", site.answer(asked, 200, body));
  },
};

function ringing(site: ByHand): Sent {
  const invite = site.begin("private", "INVITE", { sdp: sdpOf("private") });
  return only(site.take("private", invite), "INVITE");
}

for (const [place, play] of Object.entries(PLACES)) {
  for (const topologyMask of ["yes", "no"]) {
    test(`no description crosses unread in ${place}, mask: ${topologyMask}`, () => {
      const bodies = topologyMask === "yes" ? { ...BODIES, ...MASKED } : BODIES;
      for (const [what, body] of Object.entries(bodies)) {
        const site = new ByHand({ settings: { topologyMask } });
        try {
          keeps(play(site, body));
        } catch (error) {
          throw new Error(`${what}: ${error}`);
        }
      }
    });
  }
}

test("a type is read with white space around its slash, and odd parameters spoil none", () => {
  for (const type of [
    "application / sdp",
    "Application/SDP ; charset=utf-8",
    "application/sdp;;=",
  ]) {
    const site = new ByHand();
    const invite = site.begin("private", "INVITE", { body: [type, sdpOf("private")] });
    const { message } = only(site.take("private", invite), "INVITE");
    assert.equal(message.headers.get("content-type"), "application/sdp");
    assert.match(message.body, /c=IN IP4 192\.0\.2\.1\r\n/);
  }
});

test("an answer that nobody can read ends the call, and nothing stays of it", () => {
  for (const [what, body] of Object.entries({
    "two types": plain("application/sdp, text/plain"),
    "no type": plain(""),
    encoded: plain("application/sdp", { "content-encoding": "gzip" }),
    "parts within a part": several(nested("alternative")),
    "no last boundary": BODIES["no last boundary"]!,
  })) {
    const site = new ByHand();
    const sent = site.take("public", site.answer(ringing(site), 200, body));
    assert.deepEqual(new Set(linesOf(sent)), new Set([488, "ACK", "BYE"]), what);
    site.take("public", site.answer(only(sent, "BYE"), 200));
    site.wait(200_000);
    assert.equal(site.gateway.portsHeld, 0, what);
  }
});

test("an 18x whose body nobody can read rings without it", () => {
  const site = new ByHand();
  const body = plain("application/sdp, text/plain");
  const rang = only(site.take("public", site.answer(ringing(site), 180, body)), 180).message;
  assert.equal(rang.body, "");
  assert.equal(rang.headers.has("content-type"), false);
});

test("an ACK whose answer nobody can read ends the call after it", () => {
  const site = new ByHand();
  const sent = PLACES["an ACK"]!(site, plain("application/sdp, text/plain"));
  assert.deepEqual(linesOf(sent), ["ACK", "BYE", "BYE"]);
});

test("line ends that no type speaks of are no body", () => {
  const site = new ByHand();
  const asked = ringing(site);
  const answer = site.answer(asked, 200, { sdp: sdpOf("public") });
  only(site.take("public", answer), 200);
  const other = new ByHand();
  const invite = other.begin("private", "INVITE");
  invite.body = "\r\n";
  const { message } = only(other.take("private", invite), "INVITE");
  assert.equal(message.body, "");
  assert.equal(message.headers.has("content-type"), false);
});

test("an optional part that can't be read stays behind, a required one is refused", () => {
  const odd = (disposition: string): string =>
    part(`Content-Type: application/sdp, x/y${disposition}`, "x");
  const own = part("Content-Type: application/sdp", sdpOf("private"));
  for (const [disposition, line] of [
    ["\r\nContent-Disposition: session;handling=optional", "INVITE"],
    ["", 415],
  ] as const) {
    const site = new ByHand();
    const invite = site.begin("private", "INVITE", several(own + odd(disposition)));
    assert.deepEqual(linesOf(site.take("private", invite)), [line]);
  }
});
