import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  type Baresip,
  type Capture,
  heardTone,
  hearMore,
  IPV4,
  KAMAILIO_TLS_PORT,
  type Linphone,
  missing,
  PRIVATE_TLS_PORT,
  PUBLIC_PORT,
  Site,
  startBaresip,
  startKamailioPbx,
  startLinphone,
} from "../lab/index.ts";

// linphone, another hand's telephone, with TLS as a subscriber of the PBX and with TCP behind a trunk:
// a call each way with baresip, and each hears the other's tone.

const skip = missing("linphonec", "baresip", "kamailio", "sox", "openssl", "dumpcap", "tshark");
const TALK_S = 2;
const LINPHONE_HZ = 1_000;
const BARESIP_HZ = 440;
const PASSWORD = "first-secret";
const [SUBSCRIBER, NUMBER] = ["1001", "0123456789"];

async function talk(linphone: Linphone, baresip: Baresip): Promise<void> {
  await linphone.program.line(/Media streams established/);
  await baresip.program.line(/Call established/);
  await hearMore(TALK_S, linphone, baresip);
  await linphone.hangUp();
  await baresip.program.line(/terminated|closed/i);
  await baresip.stop();
  await linphone.stop();
  heardTone(linphone, BARESIP_HZ, TALK_S);
  heardTone(baresip, LINPHONE_HZ, TALK_S);
}

for (const srtp of [false, true]) {
  describe(`linphone as a subscriber of the PBX, by TLS${srtp ? " and SRTP" : ""}`, {
    skip,
  }, () => {
    let site: Site;
    let linphone: Linphone;
    let wire: Capture;
    beforeEach(async () => {
      site = await Site.open();
      await startKamailioPbx(site.pbx, {
        address: IPV4.pbx,
        subscribers: { [SUBSCRIBER]: PASSWORD },
        gateway: `${IPV4.private}:${PRIVATE_TLS_PORT};transport=tls`,
        gatewayAddress: IPV4.private,
        tls: true,
      });
      await site.startGateway({
        pbx: { host: IPV4.pbx, port: KAMAILIO_TLS_PORT, transport: "tls" },
        more: {
          securedInterface: true,
          publicProtocols: "tls+udp/tcp",
          privateProtocols: "tls",
          voiceEncryption: srtp ? "aes-128" : "off",
          media: { encryption: { public: "off", private: srtp ? "required" : "off" } },
        },
      });
      linphone = await startLinphone({
        name: SUBSCRIBER,
        host: site.pbx,
        transport: "tls",
        port: 5071,
        mediaPort: 7_078,
        toneHz: LINPHONE_HZ,
        srtp,
        registrar: { address: IPV4.pbx, port: KAMAILIO_TLS_PORT, password: PASSWORD },
      });
      // At its far end: what goes past the network stack is in no capture of the gateway's.
      wire = await site.pbx.capture("lan");
    });
    afterEach(() => site?.close());

    const startOperator = (dial?: string): Promise<Baresip> =>
      startBaresip({
        name: NUMBER,
        host: site.operator,
        address: IPV4.operator,
        port: 5060,
        toneHz: BARESIP_HZ,
        ...(dial === undefined ? {} : { dial }),
      });

    /** A tone repeats itself every few packets, and what is read of the keys' output never does. */
    const voiceIsRead = async (): Promise<boolean> => {
      await wire.stop();
      const voices = wire
        .payloads("udp.length >= 172 and not icmp")
        .map((packet) => packet.slice(12, 100));
      assert.ok(voices.length > 100, `${voices.length} packets of voice`);
      return new Set(voices).size < voices.length;
    };

    test("an operator's call reaches it", async () => {
      await talk(linphone, await startOperator(`sip:${SUBSCRIBER}@${IPV4.public}:${PUBLIC_PORT}`));
      assert.equal(await voiceIsRead(), !srtp);
    });

    test("its call reaches the operator", async () => {
      const operator = await startOperator();
      linphone.call(`sip:${NUMBER}@${IPV4.pbx}`);
      await talk(linphone, operator);
      assert.equal(await voiceIsRead(), !srtp);
    });
  });
}

describe("linphone behind a trunk, by TCP", { skip }, () => {
  let site: Site;
  let linphone: Linphone;
  beforeEach(async () => {
    site = await Site.open();
    await site.startGateway({
      pbx: { host: IPV4.phone },
      trunks: [
        { name: "operator", peers: [{ host: IPV4.operator, port: 5070, transport: "tcp" }] },
      ],
    });
    linphone = await startLinphone({
      name: NUMBER,
      host: site.operator,
      transport: "tcp",
      port: 5070,
      mediaPort: 7_078,
      toneHz: LINPHONE_HZ,
    });
  });
  afterEach(() => site?.close());

  const startPhone = (dial?: string): Promise<Baresip> =>
    startBaresip({
      name: SUBSCRIBER,
      host: site.pbx,
      address: IPV4.phone,
      port: 5060,
      toneHz: BARESIP_HZ,
      ...(dial === undefined ? {} : { dial }),
    });

  test("its call reaches the PBX's telephone", async () => {
    const phone = await startPhone();
    linphone.call(`sip:${SUBSCRIBER}@${IPV4.public}:${PUBLIC_PORT};transport=tcp`);
    await talk(linphone, phone);
  });

  test("the PBX's call reaches it", async () => {
    await talk(linphone, await startPhone(`sip:${NUMBER}@${IPV4.private}:5062`));
  });
});
