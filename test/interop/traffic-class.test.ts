import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  answer,
  bracketed,
  type Capture,
  callee,
  caller,
  entryOf,
  expect,
  IPV4,
  IPV6,
  missing,
  PRIVATE_CABLE,
  PRIVATE_PORT,
  PUBLIC_CABLE,
  PUBLIC_TLS_PORT,
  Site,
  sdp,
  send,
  startTlsClient,
  startTlsServer,
} from "../lab/index.ts";

// TLS outside and TCP inside, connections that the gateway opens and those that it accepts: what it
// sends on each bears the class (DSCP) of the settings, as routers on the way would see it.

const media = { body: sdp() };
const calling = caller([
  send("INVITE", media),
  expect(100, { optional: true }),
  expect(180),
  expect(200),
  send("ACK"),
  send("BYE"),
  expect(200),
]);
const called = callee([
  expect("INVITE"),
  answer("180 Ringing"),
  answer("200 OK", media),
  expect("ACK"),
  expect("BYE"),
  answer("200 OK"),
]);

const OPERATOR_TLS_PORT = 5061;
const TUNNEL_PORT = 5080;

for (const [family, at, dscp, field] of [
  ["IPv4", IPV4, 24, "ip.dsfield.dscp"],
  ["IPv6 (Traffic Class)", IPV6, 26, "ipv6.tclass.dscp"],
] as const) {
  describe(`the class of SIP by connections, ${family}`, {
    skip: missing("sipp", "socat", "openssl", "dumpcap", "tshark"),
  }, () => {
    let site: Site;
    const wires = new Map<string, Capture>();

    before(async () => {
      site = await Site.open();
      await site.startGateway({
        publicAddress: at.public,
        privateAddress: at.private,
        pbx: { host: at.pbx, transport: "tcp" },
        trunks: [
          {
            name: "operator",
            peers: [{ host: at.operator, port: OPERATOR_TLS_PORT, transport: "tls" }],
            verifyCertificate: false,
          },
        ],
        more: {
          securedInterface: true,
          publicProtocols: "tls",
          privateProtocols: "udp/tcp",
          qos: { signalling: dscp },
        },
      });
      for (const cable of [PUBLIC_CABLE, PRIVATE_CABLE]) {
        wires.set(cable, await site.gateway.capture(cable));
      }
      await callEachWay();
      for (const wire of wires.values()) await wire.stop();
    });
    after(() => site?.close());

    for (const [connection, cable, filter] of [
      ["TLS, accepted", PUBLIC_CABLE, `tcp.srcport == ${PUBLIC_TLS_PORT}`],
      ["TLS, opened", PUBLIC_CABLE, `tcp.dstport == ${OPERATOR_TLS_PORT}`],
      ["TCP, accepted", PRIVATE_CABLE, `tcp.srcport == ${PRIVATE_PORT}`],
      ["TCP, opened", PRIVATE_CABLE, "tcp.dstport == 5060"],
    ] as const) {
      test(connection, () => {
        const rows = wires.get(cable)!.rows(`${filter} and tcp.len > 0`, field, "frame.number");
        assert.ok(rows.length >= 3, `only ${rows.length} packets were sent`);
        const others = rows.filter((row) => Number(row[field]) !== dscp);
        assert.deepEqual(others, [], `of ${rows.length} packets`);
      });
    }

    async function callEachWay(): Promise<void> {
      const seenAs = {
        transport: "tls",
        host: `${bracketed(at.operator)}:${OPERATOR_TLS_PORT}`,
      };
      const near = { address: at.operator, port: TUNNEL_PORT };
      await startTlsClient(site.operator, near, { address: at.public, port: PUBLIC_TLS_PORT });
      await site.call(
        "inbound",
        {
          scenario: calling,
          transport: "tcp",
          address: at.operator,
          to: entryOf(near.address, near.port),
          seenAs,
        },
        { scenario: called, transport: "tcp", address: at.pbx },
      );
      await startTlsServer(
        site.operator,
        { address: at.operator, port: OPERATOR_TLS_PORT },
        { address: at.operator, port: 5060 },
      );
      await site.call(
        "outbound",
        {
          scenario: calling,
          transport: "tcp",
          address: at.pbx,
          to: entryOf(at.private, PRIVATE_PORT),
        },
        { scenario: called, transport: "tcp", address: at.operator, seenAs },
      );
    }
  });
}
