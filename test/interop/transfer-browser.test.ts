import { after, before, describe, test } from "node:test";
import {
  heardTone,
  hearMore,
  IPV4,
  missing,
  PUBLIC_PORT,
  REFERRER,
  ReferringPhones,
  Site,
  startBrowser,
} from "../lab/index.ts";

// `refer: perform` with a browser: it calls a phone of the PBX (SIPp), which refers it to another one
// (baresip, registered with Kamailio). Its pair and its keys are made anew, and each hears the other's
// tone.

const skip = missing("chromium", "baresip", "kamailio", "sipp", "sox");
const TALK_S = 2;
const OPERATOR_HZ = 440;
const TARGET_HZ = 1_000;

describe("a browser whose call is transferred", { skip }, () => {
  let site: Site;
  let phones: ReferringPhones;
  before(async () => {
    site = await Site.open();
    phones = await ReferringPhones.start(site);
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
    const phone = await phones.target(TARGET_HZ);
    const referring = await phones.referrer(2500);
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
