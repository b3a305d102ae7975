import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  type Baresip,
  heardTone,
  hearMore,
  IPV4,
  KAMAILIO_TLS_PORT,
  type Linphone,
  missing,
  PRIVATE_TLS_PORT,
  type RunningGateway,
  Site,
  startBaresip,
  startKamailioPbx,
  startLinphone,
} from "../lab/index.ts";

// A telephone that makes keys anew for each of its offers (linphone, keep_srtp_keys=0): what comes
// under the former key, and under the new one before the other end has it, is heard all the same.

const skip = missing("linphonec", "baresip", "kamailio", "sox", "openssl");
const TALK_S = 2;
const [LINPHONE_HZ, BARESIP_HZ] = [1_000, 440];
const PASSWORD = "first-secret";
const [SUBSCRIBER, NUMBER] = ["1001", "0123456789"];

const VOICE_PACKETS_MIN = 90;

/** What the log tells of a stream that has lost nothing, and is the call's last. */
const LAST_STREAM =
  /ended by .*stream \S+ caller (\d+) in, (\d+) out, \d+ RTCP in, 0 lost,.* callee (\d+) in, (\d+) out, \d+ RTCP in, 0 lost/s;

for (const change of ["yes", "no"] as const) {
  describe(`a telephone that changes its keys during the call, ports that change: ${change}`, {
    skip,
  }, () => {
    let site: Site;
    let gateway: RunningGateway;
    let linphone: Linphone;
    beforeEach(async () => {
      site = await Site.open();
      await startKamailioPbx(site.pbx, {
        address: IPV4.pbx,
        subscribers: { [SUBSCRIBER]: PASSWORD },
        gateway: `${IPV4.private}:${PRIVATE_TLS_PORT};transport=tls`,
        gatewayAddress: IPV4.private,
        tls: true,
      });
      gateway = await site.startGateway({
        pbx: { host: IPV4.pbx, port: KAMAILIO_TLS_PORT, transport: "tls" },
        more: {
          securedInterface: true,
          publicProtocols: "tls+udp/tcp",
          privateProtocols: "tls",
          voiceEncryption: "aes-128",
          rtp: { changePortOnRenegotiation: change },
          media: { encryption: { public: "off", private: "required" } },
        },
      });
      linphone = await startLinphone({
        name: SUBSCRIBER,
        host: site.pbx,
        transport: "tls",
        port: 5071,
        mediaPort: 7_078,
        toneHz: LINPHONE_HZ,
        srtp: true,
        rekeys: true,
        registrar: { address: IPV4.pbx, port: KAMAILIO_TLS_PORT, password: PASSWORD },
      });
    });
    afterEach(() => site?.close());

    test("both go on hearing each other after hold and resume", async () => {
      const baresip = await startBaresip({
        name: NUMBER,
        host: site.operator,
        address: IPV4.operator,
        port: 5060,
        toneHz: BARESIP_HZ,
      });
      linphone.call(`sip:${NUMBER}@${IPV4.pbx}`);
      await linphone.program.line(/Media streams established/);
      await baresip.program.line(/Call established/);
      await hearMore(TALK_S, linphone, baresip);
      linphone.program.type("pause\n");
      await baresip.program.line(/got re-INVITE/);
      await linphone.program.line(/[Pp]aused/);
      linphone.program.type("resume\n");
      await baresip.program.line(/got re-INVITE.*got re-INVITE/s);
      await clockOf(baresip, TALK_S + 1);
      await linphone.hangUp();
      await baresip.program.line(/terminated|closed/i);
      await baresip.stop();
      await linphone.stop();
      heardTone(linphone, BARESIP_HZ, TALK_S);
      heardTone(baresip, LINPHONE_HZ, TALK_S);
      assert.equal(linphone.offeredKeys().size, 3);
      const [, heard, told, answered, returned] = await gateway.program.line(LAST_STREAM);
      assert.ok(Number(heard) > VOICE_PACKETS_MIN, `${heard} packets of its voice`);
      assert.deepEqual([told, returned], [answered, heard]);
    });
  });
}

/** Waits until the telephone's own clock of the call shows so many seconds more. */
async function clockOf({ program }: Baresip, seconds: number): Promise<void> {
  const times = [...program.output.matchAll(/\[0:00:(\d\d)\]/g)];
  const until = Number(times.at(-1)?.[1] ?? 0) + seconds;
  await program.line(new RegExp(`\\[0:00:${String(until).padStart(2, "0")}\\]`));
}
