import { after, afterEach, before, describe, test } from "node:test";
import {
  type Baresip,
  bracketed,
  heardTone,
  IPV4,
  IPV6,
  missing,
  PRIVATE_PORT,
  PUBLIC_PORT,
  Site,
  startBaresip,
  talkAndHangUp,
} from "../lab/index.ts";

// baresip calls baresip through the gateway, over IPv6 and from one family to the other: the tone
// that one plays is the tone that the other hears, both ways.

const TALK_S = 2;
const OPERATOR_HZ = 440;
const PHONE_HZ = 1_000;

/**
 * Where baresip's audio comes from, whatever address it says: of several in one subnet the system
 * takes the first of IPv4 and the last of IPv6.
 */
const V4 = IPV4;
const V6 = { ...IPV6, operator: IPV6.operatorSpare, phone: IPV6.pbx };

for (const [name, outside, inside] of [
  ["IPv6 on both sides", V6, V6],
  ["IPv6 outside, IPv4 inside", V6, V4],
  ["IPv4 outside, IPv6 inside", V4, V6],
] as const) {
  describe(`baresip to baresip, ${name}`, { skip: missing("baresip", "sox") }, () => {
    let site: Site;
    let phones: Baresip[] = [];

    before(async () => {
      site = await Site.open();
      await site.startGateway({
        publicAddress: outside.public,
        privateAddress: inside.private,
        pbx: { host: inside.phone },
        trunks: [
          { name: "operator", peers: [{ host: outside.operator, port: 5060, transport: "udp" }] },
        ],
      });
    });
    after(() => site?.close());
    afterEach(async () => {
      for (const phone of phones) await phone.stop();
      phones = [];
    });

    test("inbound", async () => {
      const called = await startPhone();
      const target = `sip:1001@${bracketed(outside.public)}:${PUBLIC_PORT}`;
      await hearEachOther(await startOperator(target), OPERATOR_HZ, called, PHONE_HZ);
    });

    test("outbound", async () => {
      const called = await startOperator();
      const target = `sip:0123456789@${bracketed(inside.private)}:${PRIVATE_PORT}`;
      await hearEachOther(await startPhone(target), PHONE_HZ, called, OPERATOR_HZ);
    });

    async function hearEachOther(
      caller: Baresip,
      callerHz: number,
      called: Baresip,
      calledHz: number,
    ) {
      phones.push(caller, called);
      await talkAndHangUp(caller, called, TALK_S);
      heardTone(called, callerHz, TALK_S);
      heardTone(caller, calledHz, TALK_S);
    }

    const startOperator = (dial?: string): Promise<Baresip> =>
      startBaresip({
        name: "0123456789",
        host: site.operator,
        address: outside.operator,
        port: 5060,
        toneHz: OPERATOR_HZ,
        ...(dial === undefined ? {} : { dial }),
      });

    const startPhone = (dial?: string): Promise<Baresip> =>
      startBaresip({
        name: "1001",
        host: site.pbx,
        address: inside.phone,
        port: 5060,
        toneHz: PHONE_HZ,
        ...(dial === undefined ? {} : { dial }),
      });
  });
}
