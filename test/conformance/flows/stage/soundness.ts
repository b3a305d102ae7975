import assert from "node:assert/strict";
import type { Side } from "#sip";
import type { Message } from "#sip-message";

/** The gateway as each side sees it. */
export const GATEWAY: Readonly<Record<Side, { address: string; port: number }>> = {
  public: { address: "192.0.2.1", port: 5060 },
  private: { address: "10.77.0.1", port: 5062 },
};

/** What of one side the other may not see while the mask is on. */
const SECRETS: Readonly<Record<Side, readonly string[]>> = {
  public: ["10.77.0.", "pbx-product", "pbx-secret", "pbx-tag", "pbx-origin", "pbx.lan"],
  private: ["198.51.100.", "192.0.2.", "op-product", "op-secret", "op-tag", "op-origin", "op2-"],
};

/** Requests that name a remote target (RFC 3261 §12.1, RFC 3311 §5.1, RFC 6665 §4.1.3). */
const TARGETED = ["INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"];

/** What holds of any message of the gateway, in whatever flow. */
export function checkSoundness(message: Message, text: string, side: Side): void {
  const { headers, body } = message;
  assert.equal(headers.get("content-length"), String(body.length), "Content-Length");
  assert.equal(headers.has("content-type"), body !== "", "Content-Type comes with a body");
  if (message.kind === "request") {
    const { address, port } = GATEWAY[side];
    assert.equal(headers.all("via").length, 1, "a back-to-back agent has one Via");
    assert.equal(`${message.via.host}:${message.via.port ?? 5060}`, `${address}:${port}`, "Via");
    assert.match(message.via.branch, /^z9hG4bK/);
    assert.match(headers.get("max-forwards") ?? "", /^([0-6]?\d|70)$/, "Max-Forwards");
    assert.ok(!headers.has("record-route"), "a back-to-back agent records no route");
  } else if (message.status > 100) {
    assert.ok(message.to.tag !== undefined, "an answer has a To tag");
  }
  if (needsContact(message)) checkContact(message, side);
  assert.ok(text.endsWith(`\r\n\r\n${body}`));
}

function needsContact(message: Message): boolean {
  if (message.kind === "request") return TARGETED.includes(message.method);
  const { status, cseq } = message;
  const makesDialog = cseq.method === "INVITE" && status > 100 && status < 300;
  const refreshes = ["UPDATE", "SUBSCRIBE"].includes(cseq.method) && status >= 200 && status < 300;
  return makesDialog || refreshes;
}

function checkContact(message: Message, side: Side): void {
  const contacts = message.contacts;
  const { address, port } = GATEWAY[side];
  assert.equal(contacts.length, 1, "one Contact");
  assert.match(contacts[0]!.uri, new RegExp(`[:@]${address.replaceAll(".", "\\.")}:${port}(;|$)`));
}

/** The lines that tell one side of the other. */
export const leaks = (text: string, side: Side): string[] =>
  text
    .split("\r\n")
    .filter((line) => SECRETS[side].some((secret) => line.includes(secret)))
    .map((line) => `the ${side} side is told: ${line}`);
