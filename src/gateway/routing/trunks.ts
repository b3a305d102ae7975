import { parseCidr, printCidr } from "#base";
import type { Settings, Trunk } from "#settings";

/** How facts and counters call the peer of a LAN element. */
export const WAN_ELEMENT = "wan-element";

/** Whom the gateway talks to on its public side: its trunks, or on a LAN element the WAN element. */
export function trunksOf(settings: Settings): readonly Trunk[] {
  const { mode, wanElement } = settings;
  return mode === "chained-lan" && wanElement ? [wanElementAsTrunk(wanElement)] : settings.trunks;
}

/** Where calls of the PBX go that no rule takes. */
export const defaultTrunkOf = (settings: Settings): string | undefined =>
  settings.mode === "chained-lan" ? WAN_ELEMENT : settings.routing.defaultTrunk;

/** The elements of a chain talk TLS, and to one another alone (§2.3.4): numbers pass unchanged. */
function wanElementAsTrunk({ host, tlsPort }: NonNullable<Settings["wanElement"]>): Trunk {
  const block = parseCidr(host);
  return {
    name: WAN_ELEMENT,
    peers: [{ host, port: tlsPort, transport: "tls", priority: 0, weight: 1 }],
    sourceAddresses: block ? [printCidr(block)] : [],
    verifyCertificate: false,
    optionsIntervalS: 30,
    optionsMissesMax: 3,
    failoverStatuses: [503, 408],
    redirects: "pass",
    refer: "pass",
    referFrom: "pbx",
    numberRules: { in: [], out: [] },
    identityHeaders: {
      assertedIdentity: "pass",
      diversion: "pass",
      historyInfo: "pass",
      privacy: "pass",
      reason: "pass",
    },
    limits: {},
    // Where calls may go is the WAN element's to say, which knows the operators.
    destinations: {
      default: "allow",
      rules: [],
      internationalPrefix: "00",
      nationalPrefix: "0",
      newCountry: "off",
      cut: false,
    },
  };
}
