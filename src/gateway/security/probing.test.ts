import assert from "node:assert/strict";
import { test } from "node:test";
import { after, instant } from "#base";
import type { Flow } from "#sip";
import { MESSAGE_LIMITS, parseMessageText } from "#sip-message";
import { Probing } from "./probing.ts";

const NOW = instant(1_000_000);

const flowFrom = (remoteAddress: string): Flow => ({
  id: remoteAddress,
  side: "public",
  transport: "udp",
  localAddress: "192.0.2.1",
  localPort: 5060,
  remoteAddress,
  remotePort: 5060,
});

/** What asking for a user says against its source. */
function asking(probing: Probing, user: string, source = "203.0.113.5", now = NOW) {
  const text = [
    `REGISTER sip:192.0.2.1 SIP/2.0`,
    `Via: SIP/2.0/UDP ${source};branch=z9hG4bK1`,
    `From: <sip:${user}@192.0.2.1>;tag=1`,
    `To: <sip:${user}@192.0.2.1>`,
    "Call-ID: 1",
    "CSeq: 1 REGISTER",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
  const message = parseMessageText(text, MESSAGE_LIMITS);
  assert.ok(message.kind === "request");
  return probing.take(message, text, flowFrom(source), now);
}

test("C3: who names one user after the other looks for extensions", () => {
  const probing = new Probing();
  for (let user = 100; user < 110; user++) assert.equal(asking(probing, `${user}`), undefined);
  assert.equal(asking(probing, "105"), undefined);
  const found = asking(probing, "110");
  assert.deepEqual([found?.rule, found?.weight], ["probing", 100]);
  assert.match(found!.excerpt, /^REGISTER sip:192\.0\.2\.1 SIP\/2\.0\\r\\nVia/);
  assert.equal(asking(probing, "111")?.rule, "probing");
  assert.equal(asking(probing, "110", "203.0.113.6"), undefined);
});

test("a telephone that asks for its own name again and again has done nothing", () => {
  const probing = new Probing();
  for (let i = 0; i < 1_000; i++) assert.equal(asking(probing, "alice"), undefined);
});

test("users named long ago don't count", () => {
  const probing = new Probing();
  for (let user = 100; user < 110; user++) asking(probing, `${user}`);
  assert.equal(asking(probing, "110", "203.0.113.5", after(NOW, 600_000)), undefined);
});

test("C3: as many sources as there may be are watched, and no more", () => {
  const probing = new Probing();
  for (let i = 0; i < 5_000; i++) asking(probing, "100", `198.18.${i >> 8}.${i & 255}`);
  assert.equal(probing.size, 4_096);
});
