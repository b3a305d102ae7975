export type { DeniedLine, Explanation, Verdict } from "./answers.ts";
export { type Denied, type DeniedSource, deniedOf } from "./denied.ts";
export {
  type DenyList,
  type Evidence,
  excerptOf,
  LISTS,
  RULE_WORDS,
  type Rule,
} from "./evidence.ts";
export { type LogIn, type LogInJudgement, type LogInResult, LogIns } from "./log-ins.ts";
export { type Malevolence, Malice, type Refusals, type Suspect } from "./malice.ts";
export type { OwnPlaces } from "./own-places.ts";
export { Probing } from "./probing.ts";
export { type Forgiven, type ForgivenWhy, Security, type SecurityParts } from "./security.ts";
export { strangerEvidence } from "./stranger-evidence.ts";
export type { Outcome } from "./unknown-numbers.ts";
