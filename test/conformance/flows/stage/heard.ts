import assert from "node:assert/strict";
import type { Destination } from "#sip";
import type { Message, Request, Response } from "#sip-message";
import { checkDescription, checkSuccession } from "./description.ts";
import type { MessageStep } from "./ladder.ts";
import type { Dialog, Leg } from "./leg.ts";
import { matchValue, type Values } from "./value.ts";

// What a peer holds against a message that it gets, and what it learns from it.

/** Methods whose refusal takes back the offer in them. */
const OFFERING = ["INVITE", "UPDATE"];

/** A request of the gateway. */
export function checkAsked(leg: Leg, request: Request, to: Destination, fork: string): void {
  const { method, cseq } = request;
  if (leg.callId === "") leg.begun(request);
  else if (method === "CANCEL") checkHop(leg, request);
  else if (request.to.tag !== undefined) checkInside(leg, request, to, fork);
  else leg.begun(request);
  const dialog = leg.dialog(fork);
  if (request.contact && method !== "CANCEL") dialog.target = request.contact.uri;
  if (method === "ACK") return;
  leg.got.set(method, request);
  leg.lastGot = request;
  if (method === "INVITE") leg.inviteSeqs.add(cseq.number);
  if (method !== "CANCEL") dialog.remoteSeq = cseq.number;
}

/** A CANCEL is the twin of its INVITE (RFC 3261 §9.1). */
function checkHop(leg: Leg, cancel: Request): void {
  const invite = leg.got.get("INVITE");
  assert.ok(invite, "a CANCEL follows an INVITE");
  assert.equal(cancel.via.branch, invite.via.branch, "the branch of the INVITE");
  assert.equal(cancel.uri, invite.uri);
  assert.equal(cancel.cseq.number, invite.cseq.number);
  for (const name of ["from", "to", "call-id"] as const) {
    assert.equal(cancel.headers.get(name), invite.headers.get(name), name);
  }
}

/** RFC 3261 §12.2.1.1 and §17.1.1.3, from the end that is asked. */
function checkInside(leg: Leg, request: Request, to: Destination, fork: string): void {
  const { method, cseq } = request;
  const dialog = leg.bound(fork, request.from.tag);
  const invite = leg.got.get("INVITE");
  if (method === "ACK" && request.via.branch === invite?.via.branch) return;
  assert.equal(request.from.tag, dialog.remoteTag, "From tag");
  assert.equal(request.to.tag, dialog.localTag, "To tag");
  const [, uri = ""] = /<(.*)>/.exec(dialog.contact) ?? [];
  assert.equal(request.uri, uri, "the Request-URI is our Contact");
  assert.deepEqual(request.headers.list("route"), dialog.routes, "the route set");
  const hop = /@?([\d.]+)(:\d+)?[;>]/.exec(dialog.routes[0] ?? `<${uri}>`)?.[1];
  assert.equal(to.address, hop, "where it is sent");
  if (method === "ACK") assert.ok(leg.inviteSeqs.has(cseq.number), "CSeq of an INVITE");
  else assert.ok(cseq.number > dialog.remoteSeq, "CSeq grows");
}

/** An answer of the gateway (RFC 3261 §8.2.6, §12.1.2). */
export function checkAnswered(leg: Leg, response: Response, step: MessageStep): void {
  const {
    method,
    leg: { fork },
  } = step;
  const asked = method === undefined ? leg.lastSent : leg.sent.get(method);
  assert.ok(asked, "nothing was asked");
  const { status } = response;
  assert.equal(response.headers.get("cseq"), asked.headers.get("cseq"), "CSeq");
  assert.equal(response.via.branch, asked.via.branch, "Via");
  assert.equal(response.headers.get("from"), asked.headers.get("from"), "From");
  if (asked.to.tag !== undefined) assert.equal(response.to.tag, asked.to.tag, "To tag");
  if (asked.method === "INVITE" && status >= 200) {
    leg.refused = status >= 300 ? response : undefined;
  }
  if (status >= 300 && OFFERING.includes(asked.method)) leg.takeBack(fork, asked);
  if (status >= 300 || response.contact === undefined) return;
  leg.bound(fork, response.to.tag).target = response.contact.uri;
}

/** The body: that which the step names, else none. */
export function checkBody(
  message: Message,
  dialog: Dialog,
  step: MessageStep,
  values: Values,
): void {
  const expected = step.fields.find(([name]) => name === "body");
  const type = message.headers.get("content-type");
  if (expected) {
    const body = `${type} ${message.body.replaceAll("\r\n", "\\r\\n")}`;
    return matchValue("body", body, expected[1], values);
  }
  if (step.sdp === undefined) return assert.equal(message.body, "", "no body");
  assert.equal(type, "application/sdp", "a description");
  checkDescription(message.body, step.sdp);
  const before = dialog.told.at(-1);
  dialog.told.push(message.body);
  if (before !== undefined) checkSuccession(before, message.body);
}
