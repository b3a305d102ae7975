import assert from "node:assert/strict";
import { type Instant, seededRandom } from "#base";
import { Gateway } from "#gateway";
import { validateSettings } from "#settings";
import { hash } from "../../../support/gateway-host.ts";
import { PEERS, type PeerName } from "./ladder.ts";
import { GATEWAY } from "./soundness.ts";

/** How a flow's site differs from the plain one. */
export interface Site {
  readonly transport?: "udp" | "tcp";
  /** A flow that says nothing of it is played with the mask on, and with the mask off. */
  readonly masked?: boolean;
  readonly trunk?: object;
  readonly settings?: object;
  /** Further addresses of peers, as of proxies beside them. */
  readonly also?: Readonly<Record<string, PeerName>>;
}

/** The gateway of a site: one trunk with two peers, and the PBX; it asks nobody for OPTIONS. */
export function gatewayOf(site: Site, now: Instant): Gateway {
  const { transport = "udp", masked = true, trunk, settings: more } = site;
  const { settings, errors } = validateSettings({
    securedInterface: "no",
    publicLocal: { address: GATEWAY.public.address },
    privateLocal: { address: GATEWAY.private.address },
    topologyMask: masked ? "yes" : "no",
    pbx: { host: PEERS.pbx.address, transport, optionsIntervalS: 0 },
    trunks: [
      {
        name: "op",
        peers: [
          { host: PEERS.op.address, transport },
          { host: PEERS.op2.address, transport, priority: 1 },
        ],
        optionsIntervalS: 0,
        ...trunk,
      },
    ],
    ...more,
  });
  assert.ok(settings, JSON.stringify(errors));
  return new Gateway({ settings, random: seededRandom(1), hash }, now);
}
