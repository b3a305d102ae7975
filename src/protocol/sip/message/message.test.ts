import assert from "node:assert/strict";
import { test } from "node:test";
import { Headers } from "./headers.ts";
import { Request, Response, responseTo } from "./message.ts";
import { parseMessageText } from "./parse.ts";
import { printMessage } from "./print.ts";

function options(to = "<sip:b@b>"): Request {
  const headers = new Headers();
  headers.add("via", "SIP/2.0/UDP a.example;branch=z9hG4bK1");
  headers.add("via", "SIP/2.0/UDP b.example;branch=z9hG4bK2");
  headers.add("from", "<sip:a@a>;tag=1");
  headers.add("to", to);
  headers.add("call-id", "c1");
  headers.add("cseq", "7 OPTIONS");
  headers.add("timestamp", "54");
  return new Request("OPTIONS", "sip:b@b", headers);
}

test("parsed fields follow their headers", () => {
  const request = options();
  assert.equal(request.via.branch, "z9hG4bK1");
  request.headers.setFirst("via", "SIP/2.0/TCP c.example;branch=z9hG4bK3");
  request.headers.set("cseq", "8 OPTIONS");
  request.headers.set("from", "<sip:a@a>;tag=2");
  request.headers.set("contact", "<sip:x@y>");
  request.uri = "sip:c@c";
  assert.equal(request.via.branch, "z9hG4bK3");
  assert.equal(request.cseq.number, 8);
  assert.equal(request.from.tag, "2");
  assert.equal(request.contact?.uri, "sip:x@y");
  assert.equal(request.target?.host, "c");
  request.headers.delete("contact");
  assert.equal(request.contact, undefined);
});

test("a message of our own without its fields is our error", () => {
  const empty = new Request("OPTIONS", "sip:b@b", new Headers());
  assert.throws(() => empty.via, /valid Via/);
  assert.throws(() => empty.callId, /Call-ID/);
});

test("a response takes over what it must (RFC 3261 §8.2.6)", () => {
  const response = responseTo(options(), 180, undefined, "t9");
  assert.equal(
    printMessage(response),
    [
      "SIP/2.0 180 Ringing",
      "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1",
      "Via: SIP/2.0/UDP b.example;branch=z9hG4bK2",
      "From: <sip:a@a>;tag=1",
      "To: <sip:b@b>;tag=t9",
      "Call-ID: c1",
      "CSeq: 7 OPTIONS",
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n"),
  );
});

test("a tag is not added to one that is there, and a 100 carries the Timestamp", () => {
  assert.equal(responseTo(options("<sip:b@b>;tag=x"), 200, "OK", "t9").to.tag, "x");
  assert.equal(responseTo(options(), 100).headers.get("timestamp"), "54");
  assert.equal(responseTo(options(), 200).headers.has("timestamp"), false);
  assert.equal(responseTo(options(), 499).reason, "Request Failed");
});

test("a message is printed with the length of its body, whatever its header says", () => {
  const request = options();
  request.headers.add("content-length", "99");
  request.body = "caf\xc3\xa9";
  const text = printMessage(request);
  assert.match(text, /^OPTIONS sip:b@b SIP\/2\.0\r\n/);
  assert.ok(text.endsWith("\r\nContent-Length: 5\r\n\r\ncaf\xc3\xa9"));
  assert.equal(text.match(/Content-Length/g)?.length, 1);
  const again = parseMessageText(text);
  assert.ok(again.kind === "request");
  assert.equal(again.body, request.body);
});

test("a start line can't be broken by what it is made of", () => {
  const request = options();
  request.uri = "sip:b@b SIP/2.0\r\nEvil: x";
  assert.match(printMessage(request), /^OPTIONS sip:b@b%20SIP\/2\.0%0D%0AEvil:%20x SIP\/2\.0\r\n/);
  const response = new Response(200, "OK\r\nEvil: x", options().headers);
  assert.match(printMessage(response), /^SIP\/2\.0 200 OK {2}Evil: x\r\n/);
});
