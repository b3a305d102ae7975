import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  answer,
  callee,
  caller,
  expect,
  has,
  IPV4,
  missing,
  pause,
  Site,
  sdp,
  send,
  startSipp,
} from "../lab/index.ts";

// What a trunk adds to a call: more than one peer, and credentials.

const skip = missing("sipp");
const media = { body: sdp() };
const completed = caller([
  send("INVITE", media),
  expect(100, { optional: true }),
  expect(180),
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
const refusing = (status: string): string =>
  callee([expect("INVITE"), answer(status), expect("ACK")]);
const refused = (status: number): string =>
  caller([send("INVITE", media), expect(100, { optional: true }), expect(status), send("ACK")]);

describe("a trunk of two peers", { skip }, () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
    await site.startGateway({
      trunks: [
        {
          name: "operator",
          peers: [
            { host: IPV4.operator, port: 5060, transport: "udp", priority: 1 },
            { host: IPV4.operatorSpare, port: 5060, transport: "udp", priority: 2 },
          ],
        },
      ],
    });
  });
  after(() => site?.close());

  const startSpare = () =>
    startSipp({
      host: site.operator,
      address: IPV4.operatorSpare,
      port: 5060,
      mediaPort: 6_100,
      scenario: accepting,
    });

  for (const status of ["486 Busy Here", "404 Not Found", "603 Decline"]) {
    test(`the second isn't tried after ${status}`, async () => {
      const spare = await startSpare();
      const code = Number(status.slice(0, 3));
      await site.call("outbound", { scenario: refused(code) }, { scenario: refusing(status) });
      await spare.program.stop("SIGTERM");
      assert.doesNotMatch(spare.messages(), /INVITE/);
    });
  }

  test("the second takes the call that the first answers with 503", async () => {
    const spare = await startSpare();
    await site.call(
      "outbound",
      { scenario: completed },
      { scenario: refusing("503 Service Unavailable") },
    );
    await spare.done();
  });

  test("the second takes the call when nobody listens at the first", async () => {
    await site.call(
      "outbound",
      { scenario: completed },
      { scenario: accepting, address: IPV4.operatorSpare },
    );
  });
});

describe("a trunk with credentials", { skip }, () => {
  const credentials = { user: "account", password: "a-secret" };
  let site: Site;
  before(async () => {
    site = await Site.open();
    await site.startGateway({
      trunks: [
        {
          name: "operator",
          peers: [{ host: IPV4.operator, port: 5060, transport: "udp" }],
          credentials,
        },
      ],
    });
  });
  after(() => site?.close());

  const answered = has(
    "Proxy-Authorization",
    'username="account".*realm="operator".*response="[0-9a-f]{32}"',
  );
  for (const [status, header, proof] of [
    ["401 Unauthorized", "WWW-Authenticate", { verify: credentials }],
    // SIPp verifies no digest of a proxy.
    ["407 Proxy Authentication Required", "Proxy-Authenticate", { checks: [answered] }],
  ] as const) {
    test(`the gateway answers ${status} itself`, async () => {
      const challenge = `${header}: Digest realm="operator", nonce="7c1d5a0b", qop="auth", algorithm=MD5`;
      await site.call(
        "outbound",
        { scenario: completed },
        {
          scenario: callee([
            expect("INVITE"),
            answer(status, { headers: [challenge] }),
            expect("ACK"),
            expect("INVITE", proof),
            answer("180 Ringing"),
            answer("200 OK", media),
            expect("ACK"),
            expect("BYE"),
            answer("200 OK"),
          ]),
        },
      );
    });
  }

  test("a challenge by the PBX is no business of the trunk's credentials", async () => {
    const challenge = 'WWW-Authenticate: Digest realm="operator", nonce="1", algorithm=MD5';
    await site.call(
      "inbound",
      // The challenge stays behind, and a 401 without one would be none (RFC 3261 §21.4.2).
      { scenario: refused(403) },
      {
        scenario: callee([
          expect("INVITE"),
          answer("401 Unauthorized", { headers: [challenge] }),
          expect("ACK"),
        ]),
      },
    );
  });
});

describe("a trunk that registers", { skip }, () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
  });
  after(() => site?.close());

  test("the gateway registers with digest, and a call comes to what it registered", async () => {
    const credentials = { user: "account", password: "a-secret" };
    const registrar = await startSipp({
      host: site.operator,
      address: IPV4.operator,
      port: 5060,
      scenario: callee([
        expect("REGISTER", { checks: [has("Contact", IPV4.public)] }),
        answer("401 Unauthorized", {
          headers: [
            'WWW-Authenticate: Digest realm="operator", nonce="5", qop="auth", algorithm=MD5',
          ],
        }),
        expect("REGISTER", { verify: credentials, checks: [has("Expires", "600")] }),
        answer("200 OK", { headers: ["Expires: 600"] }),
        pause(1),
      ]),
    });
    await site.startGateway({
      trunks: [
        {
          name: "operator",
          peers: [{ host: IPV4.operator, port: 5060, transport: "udp" }],
          register: { user: "+33123456789", expiresS: 600 },
          credentials,
        },
      ],
    });
    await registrar.done();
  });
});
