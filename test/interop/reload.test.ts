import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import {
  answer,
  callee,
  caller,
  expect,
  gatewaySettings,
  IPV4,
  missing,
  pause,
  type RunningGateway,
  Site,
  sdp,
  send,
} from "../lab/index.ts";

// Settings are applied whole or not at all, while calls go on.

const media = { body: sdp() };
const TALK_MS = 1_500;
const plan = {
  publicAddress: IPV4.public,
  privateAddress: IPV4.private,
  pbx: { host: IPV4.pbx },
  trunks: [{ name: "operator", peers: [{ host: IPV4.operator, port: 5060, transport: "udp" }] }],
};
const elsewhere = [{ name: "elsewhere", peers: [{ host: "192.0.2.1", transport: "udp" }] }];

describe("SIGHUP reads the settings again", { skip: missing("sipp") }, () => {
  let site: Site;
  let gateway: RunningGateway;
  before(async () => {
    site = await Site.open();
    gateway = await site.startGateway(plan);
  });
  after(() => site?.close());

  const reload = async (settings: object, said: RegExp) => {
    writeFileSync(gateway.settingsFile, JSON.stringify(settings));
    gateway.program.signal("SIGHUP");
    await gateway.program.line(said);
  };

  test("a call in progress outlives settings that are bad, and its own trunk", async () => {
    const call = site.call(
      "inbound",
      {
        scenario: caller([
          send("INVITE", media),
          expect(100, { optional: true }),
          expect(200),
          send("ACK"),
          pause(TALK_MS),
          send("INFO", { body: { type: "text/plain", text: "still there?" } }),
          expect(200),
          send("BYE"),
          expect(200),
        ]),
      },
      {
        scenario: callee([
          expect("INVITE"),
          answer("200 OK", media),
          expect("ACK"),
          expect("INFO"),
          answer("200 OK"),
          expect("BYE"),
          answer("200 OK"),
        ]),
      },
    );
    const settings = gatewaySettings(plan);
    await gateway.program.line(/answered/);
    await reload({ ...settings, topologyMask: "perhaps" }, /stay as they were/);
    await reload(gatewaySettings({ ...plan, trunks: elsewhere }), /settings applied/);
    await call;
  });

  test("what was applied holds for new calls", async () => {
    // Whatever came while it waits would fail the scenario: a stranger gets no answer.
    const unheard = caller([send("INVITE", media), pause(TALK_MS)]);
    await site.refuse("inbound", { scenario: unheard });
    await gateway.program.line(/INVITE from .* ignored: neither PBX nor trunk/);
  });
});
