import { after, before, describe, test } from "node:test";
import {
  answer,
  callee,
  caller,
  expect,
  IPV4,
  missing,
  PRIVATE_PORT,
  Site,
  sdp,
  send,
  startKamailioPbx,
  startSipp,
} from "../lab/index.ts";

// Kamailio as the PBX, with telephones that SIPp plays: what a proxy behind the gateway adds to a
// call (Record-Route, forks, its own answers).

const media = { body: sdp() };
const PASSWORD = "secret";
const AOR = "2001";

describe("a PBX that forks and record-routes", { skip: missing("sipp", "kamailio") }, () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
    await startKamailioPbx(site.pbx, {
      address: IPV4.pbx,
      subscribers: { [AOR]: PASSWORD },
      gateway: `${IPV4.private}:${PRIVATE_PORT}`,
      gatewayAddress: IPV4.private,
    });
    await site.startGateway();
  });
  after(() => site?.close());

  const register = async (port: number) => {
    const registration = await startSipp({
      host: site.pbx,
      address: IPV4.phone,
      port,
      to: `${IPV4.pbx}:5060`,
      target: `sip:${AOR}@${IPV4.pbx}`,
      identity: `<sip:${AOR}@${IPV4.pbx}>`,
      user: AOR,
      password: PASSWORD,
      scenario: caller([
        send("REGISTER", { headers: ["Expires: 300"] }),
        expect(401, { auth: true }),
        send("REGISTER", {
          headers: ["Expires: 300", `[authentication username=${AOR} password=${PASSWORD}]`],
        }),
        expect(200),
      ]),
    });
    await registration.done();
  };

  const phone = (port: number, scenario: string) =>
    startSipp({ host: site.pbx, address: IPV4.phone, port, mediaPort: port + 1_000, scenario });

  const callIn = (scenario: string) =>
    startSipp({
      host: site.operator,
      address: IPV4.operator,
      port: 5060,
      to: `${IPV4.public}:5060`,
      target: `sip:${AOR}@${IPV4.public}`,
      scenario,
    });

  test("a subscriber who isn't there is answered 480 by the PBX", async () => {
    const calling = await callIn(
      caller([send("INVITE", media), expect(100, { optional: true }), expect(480), send("ACK")]),
    );
    await calling.done();
  });

  test("two telephones ring, one answers, the other is cancelled", async () => {
    await register(5071);
    await register(5072);
    const silent = await phone(
      5071,
      callee([
        expect("INVITE"),
        answer("180 Ringing"),
        expect("CANCEL"),
        answer("200 OK"),
        answer("487 Request Terminated", { of: "INVITE" }),
        expect("ACK"),
      ]),
    );
    const answering = await phone(
      5072,
      callee([
        expect("INVITE"),
        answer("180 Ringing"),
        answer("200 OK", media),
        expect("ACK"),
        send("INFO", { body: { type: "text/plain", text: "from who was called" } }),
        expect(200),
        expect("BYE"),
        answer("200 OK"),
      ]),
    );
    const calling = await callIn(
      caller([
        send("INVITE", media),
        expect(100, { optional: true }),
        expect(180),
        expect(180, { optional: true }),
        expect(200),
        send("ACK"),
        expect("INFO"),
        answer("200 OK"),
        send("BYE"),
        expect(200),
      ]),
    );
    await Promise.all([calling.done(), answering.done(), silent.done()]);
  });
});
