import type { Draft } from "./draft.ts";
import { MESSAGES } from "./errors.ts";
import type { Rule, Scene } from "./rules.ts";
import { hasTls, impliedProtocols, type Protocols } from "./settings.ts";

/** What mode, security, protocols and NAT ask of one another (page 4.6). */
export const modeRules: readonly Rule[] = [
  notAvailableYet,
  ottNeeds,
  protocolsFitSecurity,
  chainNeeds,
  peersOfMode,
  natNeeds,
];

/** What a side speaks, also where it follows from the secured interface. */
export function protocolsOfDraft(draft: Draft, side: "public" | "private"): Protocols | undefined {
  const { securedInterface, [`${side}Protocols` as const]: written } = draft;
  if (written !== undefined || securedInterface === undefined) return written;
  return impliedProtocols({ securedInterface });
}

function notAvailableYet({ draft, report }: Scene): void {
  const only = (field: string, value: string): void =>
    report(
      [field],
      MESSAGES.notAvailable,
      `only ${value}, for now`,
      `${value} seulement, pour le moment`,
    );
  if (draft.ottSupport) only("ottSupport", "no");
  if (draft.mutualTls) only("mutualTls", "no");
}

/** OTT and MTLS exclude one another: the error names both. Both need TLS. */
function ottNeeds({
  draft: { mode, ottSupport, mutualTls, securedInterface },
  report,
}: Scene): void {
  const off = (field: string, en: string, fr: string): void =>
    report([field], MESSAGES.conflict, `no ${en}`, `no ${fr}`);
  if (ottSupport && mutualTls) {
    off("mutualTls", "while ottSupport is yes", "quand ottSupport est yes");
    off("ottSupport", "while mutualTls is yes", "quand mutualTls est yes");
  }
  if (ottSupport && mode === "chained-lan")
    off("ottSupport", "on a LAN element", "sur un élément LAN");
  for (const [field, on] of Object.entries({ ottSupport, mutualTls })) {
    if (!on || securedInterface !== false) continue;
    off(field, "unless securedInterface is yes", "sauf si securedInterface est yes");
  }
}

function protocolsFitSecurity({ draft, report }: Scene): void {
  const { securedInterface, publicProtocols } = draft;
  for (const field of ["publicProtocols", "privateProtocols"] as const) {
    const protocols = draft[field];
    if (securedInterface !== false || protocols === undefined || !hasTls(protocols)) continue;
    report(
      [field],
      MESSAGES.conflict,
      "udp/tcp while securedInterface is no",
      "udp/tcp quand securedInterface est no",
    );
  }
  if (!securedInterface || publicProtocols !== "udp/tcp") return;
  report(
    ["publicProtocols"],
    MESSAGES.conflict,
    "tls | tls+udp/tcp while securedInterface is yes",
    "tls | tls+udp/tcp quand securedInterface est yes",
  );
}

/** The elements of a chain talk TLS to one another (§2.3.4). */
function chainNeeds({ draft: { mode, securedInterface, privateProtocols }, report }: Scene): void {
  if (mode === undefined || mode === "standard") return;
  if (securedInterface === false) {
    report(
      ["securedInterface"],
      MESSAGES.conflict,
      "yes in a chained mode",
      "yes dans un mode chaîné",
    );
  }
  if (mode === "chained-wan" && securedInterface && privateProtocols === "udp/tcp") {
    const protocols = "tls | tls+udp/tcp";
    report(
      ["privateProtocols"],
      MESSAGES.conflict,
      `${protocols} on a WAN element`,
      `${protocols} sur un élément WAN`,
    );
  }
}

function peersOfMode({ draft: { mode }, written, report }: Scene): void {
  const needed = (field: string, keys: string): void => {
    if (written(field) === undefined) report([field], MESSAGES.missing, keys);
  };
  if (mode === undefined) return;
  if (mode === "chained-wan") needed("lanElement", "host, tlsPort");
  else needed("pbx", "host, port, transport");
  if (mode === "chained-lan") needed("wanElement", "host, tlsPort");
}

function natNeeds({ draft: { mode, publicNat, privateNat }, written, report }: Scene): void {
  if (publicNat && mode === "chained-lan") {
    report(["publicNat"], MESSAGES.conflict, "no on a LAN element", "no sur un élément LAN");
  } else if (publicNat && written("advertised") === undefined) {
    report(["advertised"], MESSAGES.missing, "address, tlsPort, plainPort");
  }
  if (privateNat && mode === "chained-wan") {
    report(["privateNat"], MESSAGES.conflict, "no on a WAN element", "no sur un élément WAN");
  } else if (privateNat && written("pbxReached") === undefined) {
    report(["pbxReached"], MESSAGES.missing, "host, port");
  }
}
