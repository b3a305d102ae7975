import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  floodBySipp,
  type Host,
  IPV4,
  missing,
  PUBLIC_PORT,
  type RunningGateway,
  Site,
  strangeAddress,
} from "../lab/index.ts";

// The deny list in the kernel (security.kernelMirror), with real nftables in the gateway's namespace.

const FLOOD = { method: "OPTIONS", transport: "udp", requestsPerSecond: 500 } as const;
const NO_NET_ADMIN = ["setpriv", "--bounding-set", "-net_admin"];

const SETTINGS = {
  more: { security: { kernelMirror: true, denyPeriod: "5min" }, log: { level: "info" } },
} as const;

describe("denied sources in nftables", { skip: missing("sipp", "nft", "setpriv") }, () => {
  let site: Site;
  let stranger: Host;
  before(async () => {
    site = await Site.open();
    stranger = await site.stranger(2);
  });
  after(() => site?.close());

  const table = (): string => site.gateway.run("nft", "list", "ruleset");
  const isGone = (): boolean => !table().includes("passerelle");

  /** Packets that the kernel dropped. */
  const dropped = (): number =>
    [...table().matchAll(/counter packets (\d+)/g)].reduce((sum, [, one]) => sum + Number(one), 0);

  async function flood(gateway: RunningGateway, from: string): Promise<void> {
    const aim = { address: IPV4.public, port: PUBLIC_PORT, from };
    const flooding = floodBySipp(stranger, { ...FLOOD, ...aim });
    await gateway.program.line(new RegExp(`${from.replaceAll(".", "\\.")}[^\\n]* denied for`));
    await flooding.reaches("packets are dropped in the kernel", () => dropped() > 100);
    await flooding.stop();
  }

  test("D1 a flood ends in the kernel; the table goes with the gateway", async () => {
    const gateway = await site.startGateway(SETTINGS);
    await flood(gateway, strangeAddress(0));
    assert.match(table(), new RegExp(`${strangeAddress(0)}( \\. 5060)? timeout 5m`));
    await gateway.program.stop();
    assert.ok(isGone());
  });

  test("after a crash the table is made anew, with those who are still denied", async () => {
    const gateway = await site.startGateway(SETTINGS);
    await flood(gateway, strangeAddress(1));
    const [name] = /passerelle_\w+/.exec(table())!;
    site.gateway.run("nft", `add element inet ${name} public4 { 192.0.2.99 }`);
    await gateway.program.stop("SIGKILL");
    assert.ok(!isGone());
    const next = await site.startGateway(SETTINGS, { data: gateway.data });
    assert.match(table(), new RegExp(strangeAddress(1)));
    assert.doesNotMatch(table(), /192\.0\.2\.99/);
    await next.program.stop();
    assert.ok(isGone());
  });

  test("turned off after a crash, what was left is swept away", async () => {
    const gateway = await site.startGateway(SETTINGS);
    assert.ok(!isGone());
    await gateway.program.stop("SIGKILL");
    const next = await site.startGateway({}, { data: gateway.data });
    await next.program.reaches("the table is gone", isGone);
    await next.program.stop();
  });

  test("without CAP_NET_ADMIN the gateway drops alone, and says so", async () => {
    const gateway = await site.startGateway(SETTINGS, { under: NO_NET_ADMIN });
    await gateway.program.line(/not by nftables: .*(not permitted|must be root)/i);
    assert.ok(isGone());
    const from = strangeAddress(0);
    const aim = { address: IPV4.public, port: PUBLIC_PORT, from };
    const flooding = floodBySipp(stranger, { ...FLOOD, ...aim });
    await gateway.program.line(new RegExp(`${from.replaceAll(".", "\\.")}[^\\n]* denied for`));
    await flooding.stop();
    await gateway.program.stop();
  });
});
