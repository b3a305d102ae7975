import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  answer,
  callee,
  caller,
  expect,
  IPV4,
  missing,
  pause,
  type RunningGateway,
  Site,
  sdp,
  send,
} from "../lab/index.ts";

const media = { body: sdp() };
const TALK_MS = 4_000;

describe("SIGTERM drains the gateway", { skip: missing("sipp") }, () => {
  let site: Site;
  let gateway: RunningGateway;
  before(async () => {
    site = await Site.open();
    gateway = await site.startGateway({
      publicAddress: IPV4.public,
      privateAddress: IPV4.private,
      pbx: { host: IPV4.pbx },
      trunks: [
        { name: "operator", peers: [{ host: IPV4.operator, port: 5060, transport: "udp" }] },
      ],
    });
  });
  after(() => site?.close());

  test("a call in progress goes on to its end, a new one gets 503, then all ends with 0", async () => {
    const call = site.call(
      "inbound",
      {
        scenario: caller([
          send("INVITE", media),
          expect(100, { optional: true }),
          expect(200),
          send("ACK"),
          pause(TALK_MS),
          send("INFO", { body: { type: "text/plain", text: "still there?" } }),
          expect(200),
          send("BYE"),
          expect(200),
        ]),
      },
      {
        scenario: callee([
          expect("INVITE"),
          answer("200 OK", media),
          expect("ACK"),
          expect("INFO"),
          answer("200 OK"),
          expect("BYE"),
          answer("200 OK"),
        ]),
      },
    );
    await gateway.program.line(/answered/);
    gateway.program.signal("SIGTERM");
    await gateway.program.line(/stopping: no new calls, 1 in progress/);
    await site.refuse("inbound", {
      port: 5070,
      mediaPort: 6_100,
      scenario: caller([
        send("INVITE", media),
        expect(100, { optional: true }),
        expect(503),
        send("ACK"),
      ]),
    });
    await call;
    assert.deepEqual(await gateway.program.ended, { code: 0, signal: null });
  });
});
