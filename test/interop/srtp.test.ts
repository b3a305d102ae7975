import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  type Baresip,
  type Capture,
  heardTone,
  IPV4,
  missing,
  PUBLIC_TLS_PORT,
  Site,
  startBaresip,
  talkAndHangUp,
} from "../lab/index.ts";

// An operator's telephone with SRTP and TLS, and a telephone inside with neither: each hears the
// other's tone, and on the operator's wire nobody reads it.

const skip = missing("baresip", "sox", "openssl", "dumpcap", "tshark");
const TALK_S = 2;
const OPERATOR_HZ = 440;
const PHONE_HZ = 1_000;

const cases = [
  { encryption: "srtp-mand", type: "aes-128", voice: "required", suite: /AES_CM_128_HMAC_SHA1_80/ },
  { encryption: "srtp-mand", type: "aes-256", voice: "required", suite: /AES_256/ },
  { encryption: "srtp", type: "aes-128", voice: "preferred", suite: /AES_CM_128_HMAC_SHA1_80/ },
] as const;

for (const { encryption, type, voice, suite } of cases) {
  describe(`baresip ${encryption}, ${type}, ${voice}`, { skip }, () => {
    let site: Site;
    let phones: Baresip[] = [];
    let wire: Capture;

    before(async () => {
      site = await Site.open();
      await site.startGateway({
        pbx: { host: IPV4.phone, port: 5070 },
        trunks: [
          {
            name: "operator",
            peers: [{ host: IPV4.operator, port: 5061, transport: "tls" }],
            verifyCertificate: false,
          },
        ],
        more: {
          securedInterface: true,
          publicProtocols: "tls",
          privateProtocols: "udp/tcp",
          voiceEncryption: type,
          media: { encryption: { public: voice, private: "off" } },
        },
      });
      // At its far end: what goes past the network stack is in no capture of the gateway's.
      wire = await site.operator.capture("wan");
    });
    after(() => site?.close());
    afterEach(async () => {
      for (const phone of phones) await phone.stop();
      phones = [];
    });

    const operator = (dial?: string): Promise<Baresip> =>
      startBaresip({
        name: "0123456789",
        host: site.operator,
        address: IPV4.operator,
        port: 5060,
        transport: "tls",
        encryption,
        toneHz: OPERATOR_HZ,
        ...(dial === undefined ? {} : { dial }),
      });
    const phone = (dial?: string): Promise<Baresip> =>
      startBaresip({
        name: "1001",
        host: site.pbx,
        address: IPV4.phone,
        port: 5070,
        toneHz: PHONE_HZ,
        ...(dial === undefined ? {} : { dial }),
      });

    test("the operator calls", async () => {
      const called = await phone();
      phones.push(called);
      const to = `sip:1001@${IPV4.public}:${PUBLIC_TLS_PORT};transport=tls`;
      const caller = await operator(to);
      phones.unshift(caller);
      await talkAndHangUp(caller, called, TALK_S);
      heardTone(called, OPERATOR_HZ, TALK_S);
      heardTone(caller, PHONE_HZ, TALK_S);
    });

    test("the telephone inside calls", async () => {
      const called = await operator();
      phones.push(called);
      const caller = await phone(`sip:0123456789@${IPV4.private}:5062`);
      phones.unshift(caller);
      await talkAndHangUp(caller, called, TALK_S);
      heardTone(caller, OPERATOR_HZ, TALK_S);
      heardTone(called, PHONE_HZ, TALK_S);
      assert.match(called.program.output, suite);
    });

    test("the wire carries voice that nobody reads", async () => {
      await wire.stop();
      const voices = wire
        .payloads("udp.length >= 172 and not icmp")
        .map((packet) => packet.slice(12, 100));
      assert.ok(voices.length > 100, `${voices.length} packets of voice`);
      // A tone repeats itself every few packets, and what is read of the keys' output never does.
      assert.equal(new Set(voices).size, voices.length);
    });
  });
}
