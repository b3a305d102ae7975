import { after, afterEach, before, describe, test } from "node:test";
import {
  answer,
  bracketed,
  callee,
  caller,
  command,
  expect,
  IPV4,
  IPV6,
  missing,
  type Program,
  PUBLIC_PORT,
  PUBLIC_TLS_PORT,
  Site,
  sdp,
  send,
  startTlsClient,
  startTlsServer,
} from "../lab/index.ts";

// The same call over each transport and address family, and from one to the other.

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
/** Who was called hangs up: the BYE must find its way on the caller's own connection. */
const callingUntilBye = caller([
  send("INVITE", media),
  expect(100, { optional: true }),
  expect(180),
  expect(200),
  send("ACK"),
  expect("BYE"),
  answer("200 OK"),
]);
const calledWithBye = callee([
  expect("INVITE"),
  answer("180 Ringing"),
  answer("200 OK", media),
  expect("ACK"),
  send("BYE"),
  expect(200),
]);

const peer = (host: string, transport: string, port = 5060) => ({ host, port, transport });

describe("TCP on both sides", { skip: missing("sipp") }, () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
    await site.startGateway({
      pbx: { host: IPV4.pbx, transport: "tcp" },
      trunks: [{ name: "operator", peers: [peer(IPV4.operator, "tcp")] }],
    });
  });
  after(() => site?.close());

  for (const direction of ["inbound", "outbound"] as const) {
    test(`${direction}: the caller hangs up`, async () => {
      await site.call(
        direction,
        { scenario: calling, transport: "tcp" },
        { scenario: called, transport: "tcp" },
      );
    });

    test(`${direction}: who was called hangs up`, async () => {
      await site.call(
        direction,
        { scenario: callingUntilBye, transport: "tcp" },
        { scenario: calledWithBye, transport: "tcp" },
      );
    });
  }
});

describe("TLS on the public side, UDP on the private", {
  skip: missing("sipp", "socat", "openssl"),
}, () => {
  let site: Site;
  let tunnel: Program | undefined;
  const seenAs = { transport: "tls", host: `${IPV4.operator}:5061` };

  before(async () => {
    site = await Site.open();
    await site.startGateway({
      trunks: [
        {
          name: "operator",
          peers: [peer(IPV4.operator, "tls", 5061)],
          verifyCertificate: false,
        },
      ],
      more: { securedInterface: true, publicProtocols: "tls", privateProtocols: "udp/tcp" },
    });
  });
  after(() => site?.close());
  afterEach(() => tunnel?.stop());

  for (const [who, from, to] of [
    ["the caller", calling, called],
    ["who was called", callingUntilBye, calledWithBye],
  ] as const) {
    test(`inbound: ${who} hangs up`, async () => {
      const near = { address: IPV4.operator, port: 5080 };
      tunnel = await startTlsClient(site.operator, near, {
        address: IPV4.public,
        port: PUBLIC_TLS_PORT,
      });
      const entry = `${near.address}:${near.port}`;
      await site.call(
        "inbound",
        { scenario: from, transport: "tcp", to: entry, seenAs },
        { scenario: to },
      );
    });

    test(`outbound: ${who} hangs up`, async () => {
      tunnel = await startTlsServer(
        site.operator,
        { address: IPV4.operator, port: 5061 },
        { address: IPV4.operator, port: 5060 },
      );
      await site.call("outbound", { scenario: from }, { scenario: to, transport: "tcp", seenAs });
    });
  }
});

describe("a request too long for UDP (RFC 3261 §18.1.1)", { skip: missing("sipp") }, () => {
  const long = caller([
    send("INVITE", { ...media, headers: [`Subject: ${"long ".repeat(250)}`] }),
    expect(100, { optional: true }),
    expect(180),
    expect(200),
    send("ACK"),
    send("BYE"),
    expect(200),
  ]);
  let site: Site;
  before(async () => {
    site = await Site.open();
    await site.startGateway();
  });
  after(() => site?.close());

  test("goes by TCP where the peer has it", async () => {
    await site.call("outbound", { scenario: long }, { scenario: called, transport: "tcp" });
  });

  test("goes by UDP all the same where the peer has no TCP", async () => {
    await site.call("outbound", { scenario: long }, { scenario: called });
  });
});

for (const [name, outside, inside] of [
  ["IPv6 outside, IPv4 inside", IPV6, IPV4],
  ["IPv4 outside, IPv6 inside", IPV4, IPV6],
  ["IPv6 on both sides", IPV6, IPV6],
] as const) {
  describe(name, { skip: missing("sipp") }, () => {
    let site: Site;
    before(async () => {
      site = await Site.open();
      await site.startGateway({
        publicAddress: outside.public,
        privateAddress: inside.private,
        pbx: { host: inside.pbx },
        trunks: [{ name: "operator", peers: [peer(outside.operator, "udp")] }],
      });
    });
    after(() => site?.close());

    test("inbound", async () => {
      const to = `${bracketed(outside.public)}:${PUBLIC_PORT}`;
      await site.call(
        "inbound",
        { scenario: calling, address: outside.operator, to },
        { scenario: called, address: inside.pbx },
      );
    });

    test("outbound", async () => {
      const to = `${bracketed(inside.private)}:5062`;
      await site.call(
        "outbound",
        { scenario: calling, address: inside.pbx, to },
        { scenario: called, address: outside.operator },
      );
    });
  });
}

describe("a UDP socket with an error on it", { skip: missing("sipp", "ss") }, () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
    await site.startGateway();
  });
  after(() => site?.close());

  test("goes on listening after an administrator cut it", async () => {
    await site.call("inbound", { scenario: calling }, { scenario: called });
    // The system has no other way to put an error on a socket that is not connected.
    const cut = ["ss", "-K", "-u", "-a", "sport", "=", String(PUBLIC_PORT)];
    command("ip", "netns", "exec", site.gateway.namespace, ...cut);
    await site.call("inbound", { scenario: calling }, { scenario: called });
  });
});
