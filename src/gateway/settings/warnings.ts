import { cidrContains, isAddress, isIpv6, parseAddress, parseCidr } from "#base";
import { capacityOf } from "./capacity.ts";
import { fieldName, type SettingWarning } from "./errors.ts";
import { text } from "./field.ts";
import type { Machine } from "./rules.ts";
import type { FileSettings } from "./schema.ts";
import type { Settings } from "./settings.ts";

type Warn = (path: readonly PropertyKey[], en: string, fr: string) => void;

/** What is allowed but probably not meant. */
export function warningsOf(
  file: FileSettings,
  settings: Settings,
  machine: Machine | undefined,
): SettingWarning[] {
  const warnings: SettingWarning[] = [];
  const warn: Warn = (path, en, fr) => {
    warnings.push({ field: fieldName(path), message: text(en, fr) });
  };
  withoutEffect(file, warn);
  sameSubnet(settings, machine, warn);
  families(settings, warn);
  limitsBeyondReach(settings, warn);
  sharedSources(settings, warn);
  anyRealm(settings, warn);
  wideTrust(settings, warn);
  if (settings.trunks.length === 0 && settings.mode !== "chained-lan")
    warn(
      ["trunks"],
      "no trunk: the PBX can call nobody",
      "aucun faisceau : l’iPbx ne peut appeler personne",
    );
  return warnings;
}

/** A field that its switch hides on the page (§3.1) is kept but does nothing. */
function withoutEffect(file: FileSettings, warn: Warn): void {
  const hidden = (field: keyof FileSettings, why: string): void => {
    if (field in file) warn([field], `has no effect while ${why}`, `sans effet quand ${why}`);
  };
  if (!file.publicNat) hidden("advertised", "publicNat: no");
  if (!file.privateNat) hidden("pbxReached", "privateNat: no");
  if (file.mode === "chained-wan") hidden("pbx", "mode: chained-wan");
  if (file.mode !== "chained-wan") hidden("lanElement", `mode: ${file.mode}`);
  if (file.mode !== "chained-lan") hidden("wanElement", `mode: ${file.mode}`);
}

/** Two addresses on different cards must be on different subnets (§2.1). */
function sameSubnet(settings: Settings, machine: Machine | undefined, warn: Warn): void {
  const cardOf = (address: string) => machine?.cards?.find((card) => card.address === address);
  const one = cardOf(settings.publicLocal.address);
  const other = cardOf(settings.privateLocal.address);
  if (!one || !other || one.card === other.card) return;
  const inside = (block: string, address: string): boolean =>
    cidrContains(parseCidr(block)!, parseAddress(address)!);
  const overlap =
    inside(`${one.address}/${one.prefix}`, other.address) ||
    inside(`${other.address}/${other.prefix}`, one.address);
  if (!overlap) return;
  const cards = `${one.card}, ${other.card}`;
  warn(
    ["privateLocal", "address"],
    `on one subnet with publicLocal, but on another card (${cards}): use different subnets`,
    `sur le même sous-réseau que publicLocal, mais sur une autre carte (${cards}) : utiliser des sous-réseaux différents`,
  );
}

/** A side speaks one family: names are resolved in it, addresses must be of it. */
function families(settings: Settings, warn: Warn): void {
  const other = (host: string, local: string): boolean =>
    isAddress(host) && isIpv6(host) !== isIpv6(local);
  const { advertised, publicLocal, privateLocal, pbxReached } = settings;
  const mixed = ["of another IP family than", "d’une autre famille IP que"] as const;
  if (other(advertised.address, publicLocal.address)) {
    warn(["advertised", "address"], `${mixed[0]} publicLocal`, `${mixed[1]} publicLocal`);
  }
  if (other(pbxReached.host, privateLocal.address)) {
    const field = settings.privateNat ? "pbxReached" : "pbx";
    warn(
      [field, "host"],
      `${mixed[0]} privateLocal: unreachable`,
      `${mixed[1]} privateLocal : injoignable`,
    );
  }
  for (const [i, trunk] of settings.trunks.entries()) {
    for (const [k, peer] of trunk.peers.entries()) {
      if (!other(peer.host, publicLocal.address)) continue;
      warn(
        ["trunks", i, "peers", k, "host"],
        `${mixed[0]} publicLocal: unreachable`,
        `${mixed[1]} publicLocal : injoignable`,
      );
    }
  }
}

function limitsBeyondReach(settings: Settings, warn: Warn): void {
  const { audioCalls } = capacityOf(settings);
  const { callsMax } = settings.limits;
  if (callsMax > audioCalls) {
    warn(
      ["limits", "callsMax"],
      `${callsMax} calls, but the RTP ports carry ${audioCalls} audio calls`,
      `${callsMax} appels, mais les ports RTP en portent ${audioCalls} en audio`,
    );
  }
  for (const [i, { limits }] of settings.trunks.entries()) {
    if (limits.callsMax === undefined || limits.callsMax <= callsMax) continue;
    warn(
      ["trunks", i, "limits", "callsMax"],
      `more than the gateway's ${callsMax}`,
      `plus que les ${callsMax} de la passerelle`,
    );
  }
}

/**
 * Whom a call leads to may challenge it by way of the operator, and try passwords on the answer at
 * leisure (attack case C1): the realm tells the operator's own challenges from theirs. A trunk that
 * registers learns it.
 */
function anyRealm({ trunks }: Settings, warn: Warn): void {
  for (const [i, { credentials, register }] of trunks.entries()) {
    if (!credentials || register || credentials.realm !== undefined) continue;
    warn(
      ["trunks", i, "credentials", "realm"],
      "not set: whatever realm a challenge names, it is answered",
      "absent : tout défi reçu obtient une réponse, quel que soit son domaine",
    );
  }
}

/** Whoever is on the allow list is never denied: a large part of the internet hardly is meant. */
function wideTrust({ security }: Settings, warn: Warn): void {
  for (const [i, { address }] of security.allowList.entries()) {
    const { bytes, prefix } = parseCidr(address)!;
    if (prefix >= (bytes.length === 4 ? 8 : 16)) continue;
    warn(
      ["security", "allowList", i, "address"],
      `${address} trusts a large part of the internet`,
      `${address} fait confiance à une grande partie d’Internet`,
    );
  }
  if (security.level === "none" && security.allowList.length > 0)
    warn(
      ["security", "allowList"],
      "has no effect while level: none",
      "sans effet quand level: none",
    );
}

/** Requests from a shared address go to the first trunk that has it. */
function sharedSources({ trunks }: Settings, warn: Warn): void {
  const owners = new Map<string, string>();
  for (const [i, trunk] of trunks.entries()) {
    for (const block of trunk.sourceAddresses) {
      const owner = owners.get(block);
      if (owner === undefined) owners.set(block, trunk.name);
      else {
        warn(
          ["trunks", i, "sourceAddresses"],
          `${block} belongs to trunk ${owner} already: its calls are taken as that trunk's`,
          `${block} appartient déjà au faisceau ${owner} : ses appels lui sont attribués`,
        );
      }
    }
  }
}
