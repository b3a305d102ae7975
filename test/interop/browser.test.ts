import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  type Browser,
  type Capture,
  heardTone,
  IPV4,
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
const TALK_S = 3;
const BROWSER_HZ = 440;
const PHONE_HZ = 1_000;
const BROWSER_PORT = 5080;

type Policy = NonNullable<Parameters<typeof startBrowser>[1]["bundlePolicy"]>;

describe("a browser", { skip }, () => {
  let site: Site;
  let phones: Telephone[] = [];
  let wire: Capture;

  before(async () => {
    site = await Site.open();
    await site.startGateway({
      pbx: { host: IPV4.phone, port: 5070 },
      trunks: [
        {
          name: "browsers",
          peers: [{ host: IPV4.operator, port: BROWSER_PORT, transport: "tcp" }],
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
      address: IPV4.operator,
      port: BROWSER_PORT,
      toneHz: BROWSER_HZ,
      codec: "audio/pcma",
      ...(dial === undefined ? {} : { dial: { uri: dial, host: IPV4.public, port: 5060 } }),
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

  for (const policy of ["balanced", "max-bundle"] as const) {
    test(`calls a telephone (${policy}), and each hears the other`, async () => {
      const called = await phone();
      phones.push(called);
      const caller = await browser(`sip:1001@${IPV4.public}`, policy);
      phones.unshift(caller);
      await talkAndHangUp(caller, called, TALK_S);
      heardTone(called, BROWSER_HZ, TALK_S);
      heardTone(caller, PHONE_HZ, TALK_S);
    });

    test(`is called by a telephone (${policy}), and each hears the other`, async () => {
      const called = await browser(undefined, policy);
      phones.push(called);
      const caller = await phone(`sip:0123456789@${IPV4.private}:5062`);
      phones.unshift(caller);
      await talkAndHangUp(caller, called, TALK_S);
      heardTone(caller, BROWSER_HZ, TALK_S);
      heardTone(called, PHONE_HZ, TALK_S);
    });
  }

  test("calls a telephone with video, and each sees and hears the other", async () => {
    const called = await phone(undefined, true);
    phones.push(called);
    const caller = await browser(`sip:1001@${IPV4.public}`, "balanced", true);
    phones.unshift(caller);
    await caller.program.line(/sees the other end/);
    await called.program.line(/receiving with resolution 176 x 144/);
    await talkAndHangUp(caller, called, TALK_S);
    heardTone(called, BROWSER_HZ, TALK_S);
    heardTone(caller, PHONE_HZ, TALK_S);
  });

  test("is called by a telephone with video, and each sees and hears the other", async () => {
    const called = await browser(undefined, "balanced", true);
    phones.push(called);
    const caller = await phone(`sip:0123456789@${IPV4.private}:5062`, true);
    phones.unshift(caller);
    await called.program.line(/sees the other end/);
    await caller.program.line(/receiving with resolution 176 x 144/);
    await talkAndHangUp(caller, called, TALK_S);
    heardTone(caller, BROWSER_HZ, TALK_S);
    heardTone(called, PHONE_HZ, TALK_S);
  });

  test("has its pair checked and its keys made on the wire", async () => {
    await wire.stop();
    assert.ok(wire.rows("stun.type == 0x0101", "ip.src").length > 0);
    assert.equal(new Set(wire.rows("dtls.handshake.type == 2", "ip.src")).size > 0, true);
  });
});
