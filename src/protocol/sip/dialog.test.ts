import assert from "node:assert/strict";
import { test } from "node:test";
import { Headers, parseMessageText, Request, type Response, responseTo } from "#sip-message";
import {
  acceptsCSeq,
  confirmDialog,
  type Dialog,
  dialogAsUac,
  dialogAsUas,
  dialogId,
  dialogIdOf,
  refreshTarget,
  requestInDialog,
} from "./dialog.ts";

function invite(...fields: string[]): Request {
  const has = (name: string): boolean => fields.some((field) => field.startsWith(`${name}:`));
  const usual = [
    'From: "Alice; tag=x" <sip:alice@atlanta.example>;tag=a;x=1',
    "To: Bob <sip:bob@biloxi.example>",
    "Contact: <sip:alice@pc33.atlanta.example;transport=tcp>",
    "CSeq: 314159 INVITE",
  ].filter((field) => !has(field.slice(0, field.indexOf(":"))));
  const lines = [
    "INVITE sips:bob@biloxi.example SIP/2.0",
    "Via: SIP/2.0/TLS pc33.atlanta.example;branch=z9hG4bK1",
    "Call-ID: a84b4c76e66710",
    ...usual,
    ...fields,
  ];
  const message = parseMessageText(`${lines.join("\r\n")}\r\n\r\n`);
  assert.equal(message.kind, "request", JSON.stringify(message));
  return message as Request;
}

function answer(request: Request, status: number, fields: Record<string, string> = {}): Response {
  const response = responseTo(request, status, undefined, "b");
  for (const [name, value] of Object.entries(fields)) response.headers.add(name, value);
  return response;
}

const CONTACT = { contact: "<sips:bob@192.0.2.4>" };

test("a dialog as its two ends have it (RFC 3261 §12.1)", () => {
  const request = invite("Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>");
  const callee = dialogAsUas(request, "b");
  const response = answer(request, 180, CONTACT);
  for (const route of request.headers.all("record-route"))
    response.headers.add("record-route", route);
  const caller = dialogAsUac(request, response);
  assert.deepEqual(callee, {
    callId: "a84b4c76e66710",
    localTag: "b",
    remoteTag: "a",
    localAddress: "Bob <sip:bob@biloxi.example>",
    remoteAddress: '"Alice; tag=x" <sip:alice@atlanta.example>;x=1',
    state: "early",
    secure: true,
    localSeq: 0,
    remoteSeq: 314159,
    remoteTarget: "sip:alice@pc33.atlanta.example;transport=tcp",
    remoteFeatures: "",
    routeSet: ["<sip:p2.example;lr>", "<sip:p1.example;lr>"],
  });
  assert.deepEqual(caller, {
    callId: "a84b4c76e66710",
    localTag: "a",
    remoteTag: "b",
    localAddress: '"Alice; tag=x" <sip:alice@atlanta.example>;x=1',
    remoteAddress: "Bob <sip:bob@biloxi.example>",
    state: "early",
    secure: true,
    localSeq: 314159,
    remoteSeq: -1,
    remoteTarget: "sips:bob@192.0.2.4",
    remoteFeatures: "",
    routeSet: ["<sip:p1.example;lr>", "<sip:p2.example;lr>"],
  });
});

test("a dialog survives JSON", () => {
  const dialog = dialogAsUas(invite("Record-Route: <sip:p.example;lr>"), "b");
  assert.deepEqual(JSON.parse(JSON.stringify(dialog)), dialog);
});

test("the 2xx confirms an early dialog with its own Contact and routes (§13.2.2.4)", () => {
  const request = invite();
  const dialog = dialogAsUac(request, answer(request, 183));
  assert.equal(dialog.remoteTarget, request.uri);
  confirmDialog(dialog, answer(request, 200, { ...CONTACT, "record-route": "<sip:p.example;lr>" }));
  assert.equal(dialog.state, "confirmed");
  assert.equal(dialog.remoteTarget, "sips:bob@192.0.2.4");
  assert.deepEqual(dialog.routeSet, ["<sip:p.example;lr>"]);
  assert.equal(dialogAsUac(request, answer(request, 200)).state, "confirmed");
});

test("a request in a dialog without routes aims at the target", () => {
  const dialog = dialogAsUas(invite(), "b");
  const bye = requestInDialog(dialog, "BYE");
  assert.equal(bye.method, "BYE");
  assert.equal(bye.uri, "sip:alice@pc33.atlanta.example;transport=tcp");
  assert.equal(bye.headers.get("from"), "Bob <sip:bob@biloxi.example>;tag=b");
  assert.equal(bye.headers.get("to"), '"Alice; tag=x" <sip:alice@atlanta.example>;x=1;tag=a');
  assert.equal(bye.to.tag, "a");
  assert.equal(bye.callId, dialog.callId);
  assert.deepEqual(bye.cseq, { number: 1, method: "BYE" });
  assert.ok(!bye.headers.has("route"));
});

test("each request takes the next CSeq, an ACK its INVITE's", () => {
  const dialog = dialogAsUas(invite(), "b");
  assert.equal(requestInDialog(dialog, "INFO").cseq.number, 1);
  assert.equal(requestInDialog(dialog, "INVITE").cseq.number, 2);
  assert.equal(requestInDialog(dialog, "UPDATE").cseq.number, 3);
  assert.equal(requestInDialog(dialog, "ACK", 2).cseq.number, 2);
  assert.equal(dialog.localSeq, 3);
});

const routedTo = (...routeSet: string[]): Request => {
  const dialog: Dialog = {
    ...dialogAsUas(invite(), "b"),
    routeSet,
    remoteTarget: "sip:a@192.0.2.9",
  };
  return requestInDialog(dialog, "BYE");
};

test("loose routers get the route set, and the Request-URI is the target (§12.2.1.1)", () => {
  const bye = routedTo("<sip:p1.example;lr>", "<sip:p2.example>");
  assert.equal(bye.uri, "sip:a@192.0.2.9");
  assert.deepEqual(bye.headers.all("route"), ["<sip:p1.example;lr>", "<sip:p2.example>"]);
});

test("a strict router is the Request-URI itself, and the target the last route (§12.2.1.1)", () => {
  const bye = routedTo("<sip:p1.example;method=INVITE;x=1?Subject=y>;z", "<sip:p2.example;lr>");
  assert.equal(bye.uri, "sip:p1.example;x=1");
  assert.deepEqual(bye.headers.all("route"), ["<sip:p2.example;lr>", "<sip:a@192.0.2.9>"]);
});

test("CSeq may jump, never fall (§12.2.2)", () => {
  const dialog = dialogAsUas(invite(), "b");
  const next = (number: number, method = "INFO"): boolean => {
    const request = invite(`CSeq: ${number} INVITE`);
    request.method = method;
    return acceptsCSeq(dialog, request);
  };
  assert.ok(next(314160));
  assert.ok(next(400000));
  assert.ok(!next(399999));
  assert.equal(dialog.remoteSeq, 400000);
  assert.ok(next(314159, "ACK"), "an ACK has the number of its INVITE");
  assert.equal(dialog.remoteSeq, 400000);
});

test("the first request of a peer that has sent none may have any CSeq", () => {
  const request = invite();
  const dialog = dialogAsUac(request, answer(request, 200, CONTACT));
  assert.ok(acceptsCSeq(dialog, invite("CSeq: 0 INVITE")));
  assert.equal(dialog.remoteSeq, 0);
});

test("a re-INVITE and its 2xx refresh the target, an INFO, a refusal and silence don't", () => {
  const request = invite();
  const dialog = dialogAsUac(request, answer(request, 200, CONTACT));
  refreshTarget(dialog, invite("Contact: <sip:new@192.0.2.8>"));
  assert.equal(dialog.remoteTarget, "sip:new@192.0.2.8");
  refreshTarget(dialog, answer(request, 491, { contact: "<sip:no@192.0.2.1>" }));
  refreshTarget(dialog, answer(request, 180, { contact: "<sip:no@192.0.2.1>" }));
  const info = answer(request, 200, { contact: "<sip:no@192.0.2.1>" });
  info.headers.set("cseq", "2 INFO");
  refreshTarget(dialog, info);
  refreshTarget(dialog, answer(request, 200));
  assert.equal(dialog.remoteTarget, "sip:new@192.0.2.8");
  const contact = "<sip:last@192.0.2.7>;isfocus;video;audio=no;x";
  refreshTarget(dialog, answer(request, 200, { contact }));
  assert.equal(dialog.remoteTarget, "sip:last@192.0.2.7");
  assert.equal(dialog.remoteFeatures, ";isfocus;video");
});

test("the peer's request names the dialog by the same id", () => {
  const request = invite();
  const ours = dialogAsUas(request, "b");
  const theirs = dialogAsUac(request, answer(request, 200, CONTACT));
  assert.equal(dialogIdOf(requestInDialog(theirs, "BYE")), dialogId(ours));
  assert.equal(dialogIdOf(requestInDialog(ours, "BYE")), dialogId(theirs));
});

test("a tag is taken out of an address whatever its form, and only that", () => {
  const cases: Record<string, string> = {
    "sip:a@x;tag=a": "<sip:a@x>",
    "sip:a@x;p=1;tag=a;q": "<sip:a@x>;p=1;q",
    "<sip:a@x;tag=uri>;tag=a": "<sip:a@x;tag=uri>",
    '"<sip:b@y>" <sip:a@x>;TAG=a;q="1;2"': '"<sip:b@y>" <sip:a@x>;q="1;2"',
    "<sip:a@x> ; tag = a": "<sip:a@x>",
  };
  for (const [from, expected] of Object.entries(cases)) {
    assert.equal(dialogAsUas(invite(`From: ${from}`), "b").remoteAddress, expected, from);
  }
});

test("a peer of RFC 2543 has no tag", () => {
  const dialog = dialogAsUas(invite("From: <sip:old@x>"), "b");
  assert.equal(dialog.remoteTag, "");
  assert.equal(requestInDialog(dialog, "BYE").headers.get("to"), "<sip:old@x>");
});

test("an address loses its tag and nothing else, whatever its quotes hold", () => {
  const localAddressOf = (to: string): string => {
    const headers = new Headers();
    headers.add("from", "<sip:a@x.example>;tag=a");
    headers.add("to", to);
    headers.add("call-id", "c");
    headers.add("cseq", "1 INVITE");
    return dialogAsUas(new Request("INVITE", "sip:b@x.example", headers), "t").localAddress;
  };
  for (const kept of ["<sip:b@y>", '"B >;tag=no" <sip:b@y>', '<sip:b@y>;x=">;tag=no"']) {
    assert.equal(localAddressOf(kept), kept);
    assert.equal(localAddressOf(`${kept};tag=one`), kept);
  }
});
