import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  answer,
  type Capture,
  callee,
  caller,
  expect,
  IPV4,
  missing,
  OUTBOUND_MODULE,
  PUBLIC_CABLE,
  type RunningGateway,
  Site,
  sdp,
  send,
  startKamailioOperator,
} from "../lab/index.ts";

// Kamailio as an operator with SIP Outbound (RFC 5626): two first hops, and what becomes of a flow.

const ACCOUNT = "33123456789";
const CUTTING = "999";
const TELEPHONE_PORT = 5070;
const skip = missing("sipp", "kamailio", OUTBOUND_MODULE, "dumpcap", "tshark");

const media = { body: sdp() };
const completed = caller([
  send("INVITE", media),
  expect(100, { optional: true }),
  expect(180, { optional: true }),
  expect(200),
  send("ACK"),
  send("BYE"),
  expect(200),
]);
const accepting = callee([
  expect("INVITE"),
  answer("180 Ringing"),
  answer("200 OK", media),
  expect("ACK"),
  expect("BYE"),
  answer("200 OK"),
]);

for (const transport of ["tcp", "udp"] as const) {
  describe(`an operator that knows SIP Outbound, by ${transport}`, { skip }, () => {
    let site: Site;
    let gateway: RunningGateway;
    let capture: Capture;
    before(async () => {
      site = await Site.open();
      await startKamailioOperator(site.operator, {
        addresses: [IPV4.operator, IPV4.operatorSpare],
        telephone: `${IPV4.operator}:${TELEPHONE_PORT}`,
        cutting: CUTTING,
        flowTimerS: 10,
      });
    });
    after(() => site?.close());

    const registered = (flow: number): RegExp =>
      new RegExp(`trunk operator: flow ${flow} \\(operator/198[.0-9]+\\) registered for`);

    test("each first hop gets a flow", async () => {
      capture = await site.gateway.capture(PUBLIC_CABLE);
      gateway = await site.startGateway({
        trunks: [
          {
            name: "operator",
            peers: [
              { host: IPV4.operator, port: 5060, transport, priority: 1 },
              { host: IPV4.operatorSpare, port: 5060, transport, priority: 2 },
            ],
            register: { user: ACCOUNT, registrar: IPV4.operator, outbound: true },
          },
        ],
      });
      for (const flow of [1, 2]) await gateway.program.line(registered(flow));
    });

    test("a call comes by a flow, and its requests too", async () => {
      await site.call(
        "inbound",
        {
          scenario: completed,
          port: TELEPHONE_PORT,
          to: `${IPV4.operator}:5060`,
          target: `sip:${ACCOUNT}@${IPV4.operator}`,
        },
        { scenario: accepting },
      );
    });

    test("a call goes by a flow", async () => {
      await site.call(
        "outbound",
        { scenario: completed },
        { scenario: accepting, port: TELEPHONE_PORT },
      );
    });

    test("each flow was kept alive, and the operator answered", async () => {
      await capture.stop();
      const isAnswer = transport === "udp" ? "stun.type == 0x0101" : "tcp.payload == 0d:0a";
      const answered = new Set(capture.rows(isAnswer, "ip.src").map((row) => row["ip.src"]));
      assert.deepEqual([...answered].sort(), [IPV4.operator, IPV4.operatorSpare]);
      assert.doesNotMatch(gateway.program.output, / lost: |not understood/);
    });

    test("a call whose flow fails takes the other, and the flow is formed anew", async (context) => {
      if (transport === "udp") return context.diagnostic("datagrams can't be cut off");
      await site.call(
        "outbound",
        { scenario: completed, target: `sip:${CUTTING}@${IPV4.private}` },
        { scenario: accepting, port: TELEPHONE_PORT },
      );
      await gateway.program.line(/trunk operator: flow 1 \(.*\) lost: closed by the peer/);
      const again = new RegExp(`lost: [^]*${registered(1).source}`);
      await gateway.program.line(again);
    });
  });
}
