import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import {
  type Baresip,
  heardTone,
  IPV4,
  KAMAILIO_TLS_PORT,
  missing,
  PRIVATE_PORT,
  PRIVATE_TLS_PORT,
  PUBLIC_PORT,
  type RunningGateway,
  Site,
  startBaresip,
  startKamailioPbx,
  talkAndHangUp,
} from "../lab/index.ts";

// baresip (operator), the gateway, Kamailio (PBX), baresip (subscriber): the tone that one plays
// is the tone that the other hears, both ways.

const skip = missing("baresip", "kamailio", "sox", "openssl");
const TALK_S = 2;
const OPERATOR_HZ = 440;
const PHONE_HZ = 1_000;

for (const privateTls of [false, true]) {
  const name = privateTls ? "TLS to the PBX" : "UDP to the PBX";
  describe(`baresip and Kamailio, ${name}`, { skip }, () => {
    let site: Site;
    let gateway: RunningGateway;
    let phones: Baresip[] = [];

    before(async () => {
      site = await Site.open();
      await startPbx(site, privateTls);
      const { more, ...plan } = privateTls ? tlsPlan : { more: {} };
      gateway = await site.startGateway({ ...plan, more: { ...more, media: { figuresS: 1 } } });
    });
    after(() => site?.close());
    afterEach(async () => {
      for (const phone of phones) await phone.stop();
      phones = [];
    });

    test("an operator's call reaches a registered subscriber", async () => {
      const subscriber = await startPhone(site, "1001");
      phones.push(subscriber);
      const caller = await startOperator(site, `sip:1001@${IPV4.public}:${PUBLIC_PORT}`);
      phones.unshift(caller);
      await talkAndHangUp(caller, subscriber, TALK_S);
      heardTone(subscriber, OPERATOR_HZ, TALK_S);
      heardTone(caller, PHONE_HZ, TALK_S);
      const heard = /caller heard with MOS (.{3}), .*; callee heard with MOS (.{3}), 0\.0 % lost/;
      const [, ...scores] = await gateway.program.line(heard);
      assert.ok(Math.min(...scores.map(Number)) > 4, scores.join(" "));
    });

    test("a subscriber's call reaches the operator", async () => {
      const called = await startOperator(site);
      phones.push(called);
      const caller = await startPhone(site, "1002", `sip:0123456789@${IPV4.pbx}`);
      phones.unshift(caller);
      await talkAndHangUp(caller, called, TALK_S);
      heardTone(caller, OPERATOR_HZ, TALK_S);
      heardTone(called, PHONE_HZ, TALK_S);
    });
  });
}

const tlsPlan = {
  pbx: { host: IPV4.pbx, port: KAMAILIO_TLS_PORT, transport: "tls" },
  more: { securedInterface: true, publicProtocols: "tls+udp/tcp", privateProtocols: "tls" },
};

function startPbx(site: Site, tls: boolean) {
  const port = tls ? `${PRIVATE_TLS_PORT};transport=tls` : PRIVATE_PORT;
  return startKamailioPbx(site.pbx, {
    address: IPV4.pbx,
    subscribers: { 1001: "first-secret", 1002: "second-secret" },
    gateway: `${IPV4.private}:${port}`,
    gatewayAddress: IPV4.private,
    tls,
  });
}

function startPhone(site: Site, name: "1001" | "1002", dial?: string): Promise<Baresip> {
  return startBaresip({
    name,
    host: site.pbx,
    address: IPV4.phone,
    port: 5070,
    toneHz: PHONE_HZ,
    domain: IPV4.pbx,
    register: { password: name === "1001" ? "first-secret" : "second-secret" },
    ...(dial === undefined ? {} : { dial }),
  });
}

function startOperator(site: Site, dial?: string): Promise<Baresip> {
  return startBaresip({
    name: "0123456789",
    host: site.operator,
    address: IPV4.operator,
    port: 5060,
    toneHz: OPERATOR_HZ,
    ...(dial === undefined ? {} : { dial }),
  });
}
