import type { Draft } from "./draft.ts";
import { MESSAGES } from "./errors.ts";
import { protocolsOfDraft } from "./mode-rules.ts";
import type { Rule, Scene } from "./rules.ts";
import { hasPlain, hasTls } from "./settings.ts";

type DraftTrunk = NonNullable<NonNullable<Draft["trunks"]>[number]>;
type DraftRule = NonNullable<NonNullable<NonNullable<DraftTrunk["numberRules"]>["in"]>[number]>;

/** What holds between trunks, their parts and the routes. */
export const trunkRules: readonly Rule[] = [uniqueNames, eachTrunk, routesLead];

function uniqueNames({ draft, report }: Scene): void {
  const seen = new Set<string>();
  for (const [i, trunk] of (draft.trunks ?? []).entries()) {
    if (trunk?.name === undefined) continue;
    if (seen.has(trunk.name)) {
      report(
        ["trunks", i, "name"],
        MESSAGES.duplicate,
        "a name of its own",
        "un nom qui lui est propre",
      );
    }
    seen.add(trunk.name);
  }
}

function eachTrunk(scene: Scene): void {
  for (const [i, trunk] of (scene.draft.trunks ?? []).entries()) {
    if (!trunk) continue;
    peersSpeak(scene, trunk, i);
    failoverStatuses(scene, trunk, i);
    destinationRules(scene, trunk, i);
    for (const direction of ["in", "out"] as const) {
      for (const [k, rule] of (trunk.numberRules?.[direction] ?? []).entries()) {
        if (rule) numberRule(scene, rule, ["trunks", i, "numberRules", direction, k]);
      }
    }
  }
}

function peersSpeak({ draft, report }: Scene, trunk: DraftTrunk, i: number): void {
  const protocols = protocolsOfDraft(draft, "public");
  if (!protocols) return;
  for (const [k, peer] of (trunk.peers ?? []).entries()) {
    const transport = peer?.transport ?? "auto";
    if (transport === "auto" || (transport === "tls" ? hasTls(protocols) : hasPlain(protocols)))
      continue;
    const list = protocols === "tls" ? "tls | auto" : "udp | tcp | auto";
    report(
      ["trunks", i, "peers", k, "transport"],
      MESSAGES.conflict,
      `${list} (publicProtocols: ${protocols})`,
      `${list} (publicProtocols : ${protocols})`,
    );
  }
}

/** What the callee itself said is no reason to ask another peer: of the 4xx only silence is (408). */
function failoverStatuses({ report }: Scene, trunk: DraftTrunk, i: number): void {
  for (const [k, status] of (trunk.failoverStatuses ?? []).entries()) {
    const isCallees = status !== undefined && status >= 400 && status < 500 && status !== 408;
    if (!isCallees) continue;
    report(["trunks", i, "failoverStatuses", k], MESSAGES.choice, "408, 500–599", "408, 500–599");
  }
}

/** Two rules for the same numbers would have one of them say nothing. */
function destinationRules({ report }: Scene, trunk: DraftTrunk, i: number): void {
  const seen = new Set<string>();
  for (const [k, rule] of (trunk.destinations?.rules ?? []).entries()) {
    if (rule?.prefix === undefined) continue;
    if (seen.has(rule.prefix)) {
      report(
        ["trunks", i, "destinations", "rules", k, "prefix"],
        MESSAGES.duplicate,
        "a prefix of its own",
        "un préfixe qui lui est propre",
      );
    }
    seen.add(rule.prefix);
  }
}

function numberRule({ report }: Scene, rule: DraftRule, path: readonly PropertyKey[]): void {
  const { prefix, pattern, replace, strip = 0, prepend = "", e164 } = rule;
  const complain = (key: string, en: string, fr: string): void =>
    report([...path, key], MESSAGES.conflict, en, fr);
  if (prefix !== undefined && pattern !== undefined) {
    complain("pattern", "prefix or pattern, not both", "prefix ou pattern, pas les deux");
  }
  if (replace === undefined) return;
  if (pattern === undefined) complain("replace", "only with pattern", "seulement avec pattern");
  for (const [key, used] of [
    ["strip", strip > 0],
    ["prepend", prepend !== ""],
    ["e164", e164],
  ] as const) {
    if (used) complain(key, "not with replace", "pas avec replace");
  }
}

function routesLead({ draft: { routing }, written, report }: Scene): void {
  const trunks = written("trunks");
  // A trunk with an error of its own still has a name that routes may lead to.
  const names = (Array.isArray(trunks) ? trunks : []).map((_, i) => written("trunks", i, "name"));
  const list = names.filter((name) => typeof name === "string").join(", ");
  const unknown = (path: readonly PropertyKey[]): void =>
    report(path, MESSAGES.choice, `a trunk's name: ${list}`, `le nom d’un faisceau : ${list}`);
  const { rules = [], defaultTrunk } = routing ?? {};
  for (const [i, rule] of rules.entries()) {
    const path = ["routing", "rules", i];
    if (rule?.trunk !== undefined && !names.includes(rule.trunk)) unknown([...path, "trunk"]);
    if (["prefix", "pattern", "domain"].every((key) => written(...path, key) === undefined)) {
      report(path, MESSAGES.missing, "prefix, pattern or domain", "prefix, pattern ou domain");
    }
  }
  if (defaultTrunk === undefined || defaultTrunk === "none") return;
  if (!names.includes(defaultTrunk)) unknown(["routing", "defaultTrunk"]);
}
