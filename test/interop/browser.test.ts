import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  type Browser,
  bracketed,
  type Capture,
  heardTone,
  IPV4,
  IPV6,
  missing,
  PUBLIC_CABLE,
  Site,
  startBaresip,
  startBrowser,
  type Telephone,
  talkAndHangUp,
} from "../lab/index.ts";

// A browser outside, with all that WebRTC asks for, and a plain telephone inside.

const skip = missing("chromium", "baresip", "sox", "dumpcap", "tshark");
const TALK_S = 4;
/** The pair and the keys take a while, and a recording begins before them. */
const HEARD_S = 3;
const BROWSER_HZ = 440;
const PHONE_HZ = 1_000;
const BROWSER_PORT = 5080;

type Policy = NonNullable<Parameters<typeof startBrowser>[1]["bundlePolicy"]>;

const sites = [
  { family: IPV4, policies: ["balanced", "max-bundle"], pictures: ["calls", "is called"] },
  { family: IPV6, policies: ["balanced"], pictures: [] },
] as const;

for (const { family, policies, pictures } of sites) {
  describe(`a browser at ${family.operator}`, { skip }, () => {
    let site: Site;
    let phones: Telephone[] = [];
    let wire: Capture;

    before(async () => {
      site = await Site.open();
      await site.startGateway({
        publicAddress: family.public,
        pbx: { host: IPV4.phone, port: 5070 },
        trunks: [
          {
            name: "browsers",
            peers: [{ host: family.operator, port: BROWSER_PORT, transport: "tcp" }],
            keyExchange: "webrtc",
          },
        ],
        more: {
          securedInterface: true,
          publicProtocols: "tls+udp/tcp",
          privateProtocols: "udp/tcp",
          media: { encryption: { public: "required", private: "off" } },
        },
      });
      wire = await site.gateway.capture(PUBLIC_CABLE);
    });
    after(() => site?.close());
    afterEach(async () => {
      for (const phone of phones) await phone.stop();
      phones = [];
    });

    const browser = (
      dial?: string,
      bundlePolicy: Policy = "balanced",
      video = false,
    ): Promise<Browser> =>
      startBrowser(site.operator, {
        bundlePolicy,
        video,
        address: family.operator,
        port: BROWSER_PORT,
        toneHz: BROWSER_HZ,
        codec: "audio/pcma",
        ...(dial === undefined ? {} : { dial: { uri: dial, host: family.public, port: 5060 } }),
      });
    const phone = (dial?: string, video = false) =>
      startBaresip({
        video,
        name: "1001",
        host: site.pbx,
        address: IPV4.phone,
        port: 5070,
        toneHz: PHONE_HZ,
        ...(dial === undefined ? {} : { dial }),
      });

    for (const policy of policies) {
      test(`calls a telephone (${policy}), and each hears the other`, async () => {
        const called = await phone();
        phones.push(called);
        const caller = await browser(`sip:1001@${bracketed(family.public)}`, policy);
        phones.unshift(caller);
        await talkAndHangUp(caller, called, TALK_S);
        heardTone(called, BROWSER_HZ, HEARD_S);
        heardTone(caller, PHONE_HZ, HEARD_S);
      });

      test(`is called by a telephone (${policy}), and each hears the other`, async () => {
        const called = await browser(undefined, policy);
        phones.push(called);
        const caller = await phone(`sip:0123456789@${IPV4.private}:5062`);
        phones.unshift(caller);
        await talkAndHangUp(caller, called, TALK_S);
        heardTone(caller, BROWSER_HZ, HEARD_S);
        heardTone(called, PHONE_HZ, HEARD_S);
      });
    }

    const shown = pictures.flatMap((how) => policies.map((policy) => [how, policy] as const));
    for (const [how, policy] of shown) {
      test(`${how} (a telephone with video, ${policy}), and each sees and hears the other`, async () => {
        const calls = how === "calls";
        const called = await (calls ? phone(undefined, true) : browser(undefined, policy, true));
        phones.push(called);
        const caller = await (calls
          ? browser(`sip:1001@${bracketed(family.public)}`, policy, true)
          : phone(`sip:0123456789@${IPV4.private}:5062`, true));
        phones.unshift(caller);
        const [seer, telephone] = calls ? [caller, called] : [called, caller];
        await seer.program.line(/sees the other end/);
        await telephone.program.line(/receiving with resolution 176 x 144/);
        await talkAndHangUp(caller, called, TALK_S);
        heardTone(telephone, BROWSER_HZ, HEARD_S);
        heardTone(seer, PHONE_HZ, HEARD_S);
      });
    }

    if (pictures.length > 0) {
      test("has voice and pictures on one port", async () => {
        // A capture of its own: the other tests' calls are over.
        const cable = await site.gateway.capture(PUBLIC_CABLE);
        const called = await phone(undefined, true);
        phones.push(called);
        const caller = await browser(`sip:1001@${bracketed(family.public)}`, "max-bundle", true);
        phones.unshift(caller);
        await caller.program.line(/sees the other end/);
        await talkAndHangUp(caller, called, TALK_S);
        await cable.stop();
        const ports = cable.rows("stun.type == 0x0101", "udp.srcport");
        assert.equal(new Set(ports.map((row) => row["udp.srcport"])).size, 1, "ports");
      });
    }

    test("has its pair checked and its keys made on the wire", async () => {
      await wire.stop();
      for (const seen of ["stun.type == 0x0101", "dtls.handshake.type == 2"]) {
        assert.ok(wire.rows(seen, "frame.number").length > 0, seen);
      }
    });
  });
}
