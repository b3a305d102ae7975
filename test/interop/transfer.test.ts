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
  startBaresip,
} from "../lab/index.ts";

// `refer: perform` with real telephones: the operator's baresip calls a phone of the PBX (SIPp), which
// refers it to another one (baresip, registered with Kamailio). Neither baresip knows of REFER, and
// each hears the other's tone.

const skip = missing("baresip", "kamailio", "sipp", "sox");
const TALK_S = 2;
const OPERATOR_HZ = 440;
const TARGET_HZ = 1_000;

describe("a transfer that the gateway performs", { skip }, () => {
  let site: Site;
  let phones: ReferringPhones;
  before(async () => {
    site = await Site.open();
    phones = await ReferringPhones.start(site);
    const peers = [{ host: IPV4.operator, port: 5060, transport: "udp" }];
    await site.startGateway({ trunks: [{ name: "operator", peers, refer: "perform" }] });
  });
  after(() => site?.close());

  const operator = () =>
    startBaresip({
      name: "0123456789",
      host: site.operator,
      address: IPV4.operator,
      port: 5060,
      toneHz: OPERATOR_HZ,
      dial: `sip:${REFERRER}@${IPV4.public}:${PUBLIC_PORT}`,
    });

  test("both hear one another, and the referrer is told so", async () => {
    const phone = await phones.target(TARGET_HZ);
    const referring = await phones.referrer(500);
    const calling = await operator();
    try {
      await referring.done();
      await hearMore(TALK_S, phone, calling);
    } finally {
      await calling.stop();
      await phone.stop();
    }
    heardTone(phone, OPERATOR_HZ, TALK_S);
    heardTone(calling, TARGET_HZ, TALK_S);
  });
});
