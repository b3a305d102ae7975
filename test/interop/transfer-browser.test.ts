import { after, before, describe, test } from "node:test";
import {
  answer,
  answerUntil,
  callee,
  caller,
  expect,
  heardTone,
  hearMore,
  IPV4,
  missing,
  PRIVATE_PORT,
  PUBLIC_PORT,
  pause,
  Site,
  sdp,
  send,
  startBaresip,
  startBrowser,
  startKamailioPbx,
  startSipp,
} from "../lab/index.ts";

// `refer: perform` with a browser: it calls a phone of the PBX (SIPp), which refers it to another one
// (baresip, registered with Kamailio). Its pair and its keys are made anew, and each hears the other's
// tone.

const skip = missing("chromium", "baresip", "kamailio", "sipp", "sox");
const TALK_S = 2;
const OPERATOR_HZ = 440;
const TARGET_HZ = 1_000;
const [REFERRER, TARGET] = ["2001", "2002"];
const PASSWORD = "secret";

describe("a browser whose call is transferred", { skip }, () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
    await startKamailioPbx(site.pbx, {
      address: IPV4.pbx,
      subscribers: { [REFERRER]: PASSWORD, [TARGET]: PASSWORD },
      gateway: `${IPV4.private}:${PRIVATE_PORT}`,
      gatewayAddress: IPV4.private,
    });
    const peers = [{ host: IPV4.operator, port: 5060, transport: "tcp" as const }];
    await site.startGateway({
      trunks: [{ name: "operator", peers, refer: "perform", keyExchange: "webrtc" }],
      more: {
        securedInterface: true,
        publicProtocols: "tls+udp/tcp",
        privateProtocols: "udp/tcp",
        media: { encryption: { public: "required", private: "off" } },
      },
    });
  });
  after(() => site?.close());

  const atPhone = { address: IPV4.phone, port: 5071 };

  async function registerReferrer(): Promise<void> {
    const registration = await startSipp({
      host: site.pbx,
      ...atPhone,
      to: `${IPV4.pbx}:5060`,
      target: `sip:${REFERRER}@${IPV4.pbx}`,
      identity: `<sip:${REFERRER}@${IPV4.pbx}>`,
      user: REFERRER,
      password: PASSWORD,
      scenario: caller([
        send("REGISTER", { headers: ["Expires: 300"] }),
        expect(401, { auth: true }),
        send("REGISTER", {
          headers: ["Expires: 300", `[authentication username=${REFERRER} password=${PASSWORD}]`],
        }),
        expect(200),
      ]),
    });
    await registration.done();
  }

  const referrer = () =>
    startSipp({
      host: site.pbx,
      ...atPhone,
      mediaPort: 6_071,
      scenario: callee([
        expect("INVITE"),
        answer("200 OK", { body: sdp() }),
        expect("ACK"),
        pause(2500),
        send("REFER", { headers: [`Refer-To: <sip:${TARGET}@${IPV4.pbx}>`] }),
        expect(202),
        expect("NOTIFY", { bodyMatches: "SIP/2.0 100" }),
        answer("200 OK"),
        answerUntil("NOTIFY", "SIP/2.0 200"),
        send("BYE"),
        expect(200),
      ]),
    });

  const target = () =>
    startBaresip({
      name: TARGET,
      host: site.pbx,
      address: IPV4.phone,
      port: 5080,
      toneHz: TARGET_HZ,
      domain: IPV4.pbx,
      register: { password: PASSWORD },
    });

  const operator = () =>
    startBrowser(site.operator, {
      bundlePolicy: "balanced",
      address: IPV4.operator,
      port: 5060,
      toneHz: OPERATOR_HZ,
      codec: "audio/pcma",
      dial: { uri: `sip:${REFERRER}@${IPV4.public}`, host: IPV4.public, port: PUBLIC_PORT },
    });

  test("both hear one another, and the referrer is told so", async () => {
    await registerReferrer();
    const phone = await target();
    const referring = await referrer();
    const calling = await operator();
    try {
      await referring.done();
      await hearMore(4, phone, calling);
    } finally {
      await calling.stop();
      await phone.stop();
    }
    heardTone(phone, OPERATOR_HZ, TALK_S);
    heardTone(calling, TARGET_HZ, TALK_S);
  });
});
