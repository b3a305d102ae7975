import { after, before, describe, test } from "node:test";
import {
  answer,
  callee,
  caller,
  type Direction,
  dtmfRelay,
  type EndPlan,
  expect,
  has,
  missing,
  pause,
  Site,
  sdp,
  send,
} from "../lab/index.ts";

// SIPp on both sides of the gateway: the ladders of RFC 3665 and what a PBX adds to them.

const skip = missing("sipp");
const media = { body: sdp() };
const ring = [expect("INVITE"), answer("180 Ringing")];
const accept = [...ring, answer("200 OK", media), expect("ACK")];
const awaitBye = [expect("BYE"), answer("200 OK")];
const begin = [send("INVITE", media), expect(100, { optional: true }), expect(180)];
const establish = [...begin, expect(200), send("ACK")];
const hangUp = [send("BYE"), expect(200)];

describe("SIPp, the gateway, SIPp", { skip }, () => {
  let site: Site;

  before(async () => {
    site = await Site.open();
    await site.startGateway();
  });
  after(() => site?.close());

  const crosses = async (direction: Direction, from: EndPlan, to: EndPlan): Promise<void> => {
    await site.call(direction, from, to);
  };

  for (const direction of ["inbound", "outbound"] as const satisfies readonly Direction[]) {
    describe(direction, () => {
      test("a call is answered and ended by its caller", () =>
        crosses(
          direction,
          { scenario: caller([...establish, pause(100), ...hangUp]) },
          { scenario: callee([...accept, ...awaitBye]) },
        ));

      test("a call is ended by who was called", () =>
        crosses(
          direction,
          { scenario: caller([...establish, expect("BYE"), answer("200 OK")]) },
          { scenario: callee([...accept, pause(100), send("BYE"), expect(200)]) },
        ));

      test("early media comes with the 183", () =>
        crosses(
          direction,
          {
            scenario: caller([
              send("INVITE", media),
              expect(100, { optional: true }),
              expect(183, { checks: [has("Content-Type", "application/sdp")] }),
              expect(200),
              send("ACK"),
              ...hangUp,
            ]),
          },
          {
            scenario: callee([
              expect("INVITE"),
              answer("183 Session Progress", media),
              pause(100),
              answer("200 OK", media),
              expect("ACK"),
              ...awaitBye,
            ]),
          },
        ));

      test("hold and resume by re-INVITE", () =>
        crosses(
          direction,
          {
            scenario: caller([
              ...establish,
              send("INVITE", { body: sdp({ direction: "sendonly" }) }),
              expect(100, { optional: true }),
              expect(200),
              send("ACK"),
              send("INVITE", media),
              expect(100, { optional: true }),
              expect(200),
              send("ACK"),
              ...hangUp,
            ]),
          },
          {
            scenario: callee([
              ...accept,
              expect("INVITE", { bodyMatches: "a=sendonly" }),
              answer("200 OK", { body: sdp({ direction: "recvonly" }) }),
              expect("ACK"),
              expect("INVITE", { bodyMatches: "a=sendrecv" }),
              answer("200 OK", media),
              expect("ACK"),
              ...awaitBye,
            ]),
          },
        ));

      test("who was called holds by re-INVITE", () =>
        crosses(
          direction,
          {
            scenario: caller([
              ...establish,
              expect("INVITE", { bodyMatches: "a=sendonly" }),
              answer("200 OK", { body: sdp({ direction: "recvonly" }) }),
              expect("ACK"),
              ...hangUp,
            ]),
          },
          {
            scenario: callee([
              ...accept,
              send("INVITE", { body: sdp({ direction: "sendonly" }) }),
              expect(100, { optional: true }),
              expect(200, { bodyMatches: "a=recvonly" }),
              send("ACK"),
              ...awaitBye,
            ]),
          },
        ));

      test("CANCEL ends a ringing call with 487", () =>
        crosses(
          direction,
          {
            scenario: caller([...begin, send("CANCEL"), expect(200), expect(487), send("ACK")]),
          },
          {
            scenario: callee([
              ...ring,
              expect("CANCEL"),
              answer("200 OK"),
              answer("487 Request Terminated", { of: "INVITE" }),
              expect("ACK"),
            ]),
          },
        ));

      test("a busy line answers 486 to the end", () =>
        crosses(
          direction,
          {
            scenario: caller([
              send("INVITE", media),
              expect(100, { optional: true }),
              expect(486),
              send("ACK"),
            ]),
          },
          { scenario: callee([expect("INVITE"), answer("486 Busy Here"), expect("ACK")]) },
        ));

      test("a reliable 180 is acknowledged by PRACK", () =>
        crosses(
          direction,
          {
            scenario: caller([
              send("INVITE", { ...media, headers: ["Supported: 100rel"] }),
              expect(100, { optional: true }),
              expect(180, { checks: [has("Require", "100rel"), has("RSeq")], keepRseq: true }),
              send("PRACK", { headers: ["RAck:[$rseq] 1 INVITE"] }),
              expect(200),
              expect(200),
              send("ACK"),
              ...hangUp,
            ]),
          },
          {
            scenario: callee([
              expect("INVITE"),
              answer("180 Ringing", { reliable: 7 }),
              expect("PRACK", { checks: [has("RAck", "7 [0-9]+ INVITE")] }),
              answer("200 OK"),
              answer("200 OK", { ...media, of: "INVITE" }),
              expect("ACK"),
              ...awaitBye,
            ]),
          },
        ));

      test("an INVITE without an offer gets it in the 200 and answers in the ACK", () =>
        crosses(
          direction,
          {
            scenario: caller([
              send("INVITE"),
              expect(100, { optional: true }),
              expect(180),
              expect(200, { checks: [has("Content-Type", "application/sdp")] }),
              send("ACK", media),
              ...hangUp,
            ]),
          },
          {
            scenario: callee([
              ...ring,
              answer("200 OK", media),
              expect("ACK", { bodyMatches: "m=audio" }),
              ...awaitBye,
            ]),
          },
        ));

      test("a session is refreshed by UPDATE", () =>
        crosses(
          direction,
          {
            scenario: caller([
              send("INVITE", {
                ...media,
                headers: [
                  "Supported: timer",
                  "Session-Expires: 1800;refresher=uac",
                  "Allow: INVITE, ACK, BYE, CANCEL, UPDATE",
                ],
              }),
              expect(100, { optional: true }),
              expect(180),
              expect(200, { checks: [has("Session-Expires")] }),
              send("ACK"),
              send("UPDATE", {
                headers: ["Supported: timer", "Session-Expires: 1800;refresher=uac"],
              }),
              expect(200),
              ...hangUp,
            ]),
          },
          {
            scenario: callee([
              ...ring,
              answer("200 OK", {
                ...media,
                headers: [
                  "Require: timer",
                  "Session-Expires: 1800;refresher=uac",
                  "Allow: INVITE, ACK, BYE, CANCEL, UPDATE",
                ],
              }),
              expect("ACK"),
              expect("UPDATE"),
              answer("200 OK", {
                headers: ["Require: timer", "Session-Expires: 1800;refresher=uac"],
              }),
              ...awaitBye,
            ]),
          },
        ));

      test("DTMF in INFO passes", () =>
        crosses(
          direction,
          {
            scenario: caller([
              ...establish,
              send("INFO", { body: dtmfRelay("5") }),
              expect(200),
              ...hangUp,
            ]),
          },
          {
            scenario: callee([
              ...accept,
              expect("INFO", { bodyMatches: "Signal=5" }),
              answer("200 OK"),
              ...awaitBye,
            ]),
          },
        ));

      test("a transfer by REFER passes, and NOTIFY tells how it goes", () =>
        crosses(
          direction,
          {
            scenario: caller([
              ...establish,
              send("REFER", { headers: ["Refer-To: <sip:+33987654321@example.com>"] }),
              expect(202),
              expect("NOTIFY", { checks: [has("Event", "refer")], bodyMatches: "SIP/2.0 200" }),
              answer("200 OK"),
              ...hangUp,
            ]),
          },
          {
            scenario: callee([
              ...accept,
              expect("REFER", { checks: [has("Refer-To", "33987654321")] }),
              answer("202 Accepted"),
              send("NOTIFY", {
                headers: ["Event: refer", "Subscription-State: terminated;reason=noresource"],
                body: { type: "message/sipfrag;version=2.0", text: "SIP/2.0 200 OK" },
              }),
              expect(200),
              ...awaitBye,
            ]),
          },
        ));
    });
  }
});
