import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByHand, only } from "../../../test/support/by-hand.ts";
import { maskText } from "./body-mask.ts";

const MASK = { host: "192.0.2.1", hidden: /(?<![\w.-])(?:pbx\.corp\.example)(?![\w-])/gi };

for (const [text, told] of [
  ["sip:4001@10.77.0.2:5060;transport=tcp", "sip:4001@192.0.2.1"],
  ["Message-Account: sips:4001@vm.corp.example\r\n", "Message-Account: sips:4001@192.0.2.1\r\n"],
  [
    "call sip:4001@phone7, or (sip:4002@10.0.0.2).",
    "call sip:4001@192.0.2.1, or (sip:4002@192.0.2.1).",
  ],
  ["<uri>sip:a@h?x=1&amp;y=2</uri>", "<uri>sip:a@192.0.2.1</uri>"],
  ["&lt;sip:a@h&gt;", "&lt;sip:a@192.0.2.1&gt;"],
  ['"pres:a@h" im:b@h cid:c@h', '"pres:a@192.0.2.1" im:b@192.0.2.1 cid:c@192.0.2.1'],
  ["sip:[fd00::7]:5060 sip:10.77.0.2", "sip:192.0.2.1 sip:192.0.2.1"],
  ["tel:+33123456789", "tel:+33123456789"],
  ["PBX.corp.example pbx.corp.example.", "192.0.2.1 192.0.2.1."],
  ["at 10.77.0.9, 192.168.1.1:80 and fe80::1.", "at 192.0.2.1, 192.0.2.1:80 and 192.0.2.1."],
  ["http://[fd12:3456::1]/x", "http://192.0.2.1/x"],
  ["version 1.2.3.4.5 at 12:30:45 of 203.0.113.7", "version 1.2.3.4.5 at 12:30:45 of 203.0.113.7"],
  ['<dialog id="1" call-id="x17@phone7.corp"/>', '<dialog id="1" call-id="x17@192.0.2.1"/>'],
  ["<ci:call-id>hs@phone7.corp</ci:call-id>", "<ci:call-id>hs@192.0.2.1</ci:call-id>"],
  ["<call-id\n>hs@a</call-id><x>b@c</x>", "<call-id\n>hs@192.0.2.1</call-id><x>b@c</x>"],
  ["<a>tel:4001;phone-context=pbx7.corp</a>", "<a>sip:4001@192.0.2.1;user=phone</a>"],
  ["tel:reception, tel:01.23.45;ext=1", "tel:reception, tel:01.23.45;ext=1"],
  ["mail me: bob@example.org", "mail me: bob@example.org"],
] as const) {
  test(`masked: ${text.trim()}`, () => assert.equal(maskText(text, MASK), told));
}

test("no text takes long to be masked", () => {
  for (const piece of [
    "sip:",
    "sip:a.",
    ".,;",
    "1.2.3.",
    "a:b:",
    "::",
    'call-id = "',
    "x@",
    "<call-id>",
    "tel:1;-context=",
    "10.0.0.1 ",
    "&amp;",
  ]) {
    const text = piece.repeat(Math.floor(65_000 / piece.length));
    const started = performance.now();
    maskText(text, MASK);
    assert.ok(performance.now() - started < 1_000, piece);
  }
});

describe("bodies between the sides", () => {
  const NOTIFIED = { event: "x", "subscription-state": "active" };

  for (const [type, body, told] of [
    [
      "application/dialog-info+xml",
      '<dialog-info entity="sip:4001@10.77.0.2"><dialog id="1" call-id="9@10.77.0.2"><local><target uri="sip:4001@10.77.0.2:5062"/></local></dialog></dialog-info>',
      '<dialog-info entity="sip:4001@192.0.2.1"><dialog id="1" call-id="9@192.0.2.1"><local><target uri="sip:4001@192.0.2.1"/></local></dialog></dialog-info>',
    ],
    [
      "application/reginfo+xml",
      "<contact><uri>sip:4001@10.77.0.2:5062;transport=tls</uri></contact>",
      "<contact><uri>sip:4001@192.0.2.1</uri></contact>",
    ],
    [
      "application/simple-message-summary",
      "Messages-Waiting: yes\r\nMessage-Account: sip:4001@10.77.0.2\r\nVoice-Message: 2/8 (0/2)\r\n",
      "Messages-Waiting: yes\r\nMessage-Account: sip:4001@192.0.2.1\r\nVoice-Message: 2/8 (0/2)\r\n",
    ],
    ["message/sipfrag", "SIP/2.0 200 OK\r\nContact: <sip:1@10.77.0.2>\r\n", "SIP/2.0 200 OK\r\n"],
    ["text/plain", "meet at sip:4001@10.77.0.2!", "meet at sip:4001@192.0.2.1!"],
  ] as const) {
    for (const method of ["NOTIFY", "MESSAGE"]) {
      test(`${type} in a ${method} from the private side names no host of it`, () => {
        const site = new ByHand();
        const request = site.begin("private", method, { headers: NOTIFIED, body: [type, body] });
        const got = only(site.take("private", request), method).message;
        assert.equal(got.body, told);
        assert.equal(got.headers.get("content-type"), type);
      });
    }
  }

  test("a picture is refused with what is accepted, and carried without the mask", () => {
    const body = ["image/png", "\x89PNG\r\n\x1a\n\0"] as const;
    const masked = new ByHand();
    const refused = only(masked.take("private", masked.begin("private", "MESSAGE", { body })), 415);
    assert.match(refused.message.headers.get("accept") ?? "", /text\/\*/);
    const open = new ByHand({ settings: { topologyMask: "no" } });
    const sent = only(open.take("private", open.begin("private", "MESSAGE", { body })), "MESSAGE");
    assert.equal(sent.message.body, body[1]);
  });

  test("a short message crosses: it is binary, and names numbers alone", () => {
    const site = new ByHand();
    const body = ["application/vnd.3gpp.sms", "\0\x01\xff"] as const;
    const sent = only(site.take("private", site.begin("private", "MESSAGE", { body })), "MESSAGE");
    assert.equal(sent.message.body, body[1]);
  });

  test("a body without a type, or with an empty one, is text where nothing is negotiated", () => {
    const site = new ByHand();
    const request = site.begin("private", "MESSAGE", { body: ["", "hi sip:4001@10.77.0.2"] });
    const got = only(site.take("private", request), "MESSAGE").message;
    assert.equal(got.body, "hi sip:4001@192.0.2.1");
  });

  test("lists of states and data of users cross where they are required", () => {
    for (const tag of ["eventlist", "uui"]) {
      const site = new ByHand();
      const headers = { ...NOTIFIED, require: tag, supported: `outbound, ${tag}` };
      const got = only(
        site.take("private", site.begin("private", "NOTIFY", { headers })),
        "NOTIFY",
      );
      assert.equal(got.message.headers.get("require"), tag);
      assert.equal(got.message.headers.get("supported"), tag);
    }
  });

  test("a text that is packed can't be masked, and is refused", () => {
    const site = new ByHand();
    const headers = { "content-encoding": "gzip" };
    const request = site.begin("private", "MESSAGE", { headers, body: ["text/plain", "x"] });
    only(site.take("private", request), 415);
  });

  test("of an answer what can't be masked stays behind", () => {
    const site = new ByHand();
    const sent = only(
      site.take("public", site.begin("public", "MESSAGE", { body: ["text/plain", "hi"] })),
      "MESSAGE",
    );
    const answer = site.answer(sent, 200, { body: ["image/png", "\0"] });
    const heard = only(site.take("private", answer), 200).message;
    assert.equal(heard.body, "");
    assert.equal(heard.headers.has("content-type"), false);
  });
});
