import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  type Baresip,
  type Capture,
  heardTone,
  IPV4,
  missing,
  Site,
  startBaresip,
  talkAndHangUp,
} from "../lab/index.ts";

// An operator's telephone whose keys DTLS makes, with ICE and without, and a telephone inside with
// neither: each hears the other's tone, and on the operator's wire nobody reads it.

const skip = missing("baresip", "sox", "dumpcap", "tshark");
const TALK_S = 2;
const OPERATOR_HZ = 440;
const PHONE_HZ = 1_000;

const cases = [
  { mux: true, ice: false, exchange: "dtls", voice: "required" },
  { mux: false, ice: false, exchange: "dtls", voice: "required" },
  { mux: true, ice: true, exchange: "webrtc", voice: "preferred" },
] as const;

for (const { mux, ice, exchange, voice } of cases) {
  describe(`baresip by DTLS, ${mux ? "one port" : "two ports"}${ice ? ", ICE" : ""}`, {
    skip,
  }, () => {
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
            peers: [{ host: IPV4.operator, port: 5060, transport: "tcp" }],
            keyExchange: exchange,
          },
        ],
        more: {
          securedInterface: true,
          publicProtocols: "tls+udp/tcp",
          privateProtocols: "udp/tcp",
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
        transport: "tcp",
        encryption: "dtls_srtp",
        ice,
        mux,
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
      const caller = await operator(`sip:1001@${IPV4.public}:5060;transport=tcp`);
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
    });

    test("the wire carries voice that nobody reads", async () => {
      await wire.stop();
      const voices = wire
        .payloads("udp.length >= 172 and not icmp")
        // By its first byte (RFC 7983 §7): a handshake's part that goes again is the same twice.
        .filter((packet) => packet.charCodeAt(0) >> 6 === 2)
        .map((packet) => packet.slice(12, 100));
      assert.ok(voices.length > 100, `${voices.length} packets of voice`);
      assert.equal(new Set(voices).size, voices.length);
    });
  });
}
