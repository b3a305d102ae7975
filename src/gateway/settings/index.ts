export { type Capacity, capacityOf } from "./capacity.ts";
export {
  fieldName,
  MESSAGES,
  printError,
  type SettingError,
  type SettingWarning,
} from "./errors.ts";
export type { FieldFacts, Text } from "./field.ts";
export { describeFields, type FieldRow, settingsJsonSchema } from "./fields.ts";
export { type FirewallRow, firewallMatrix } from "./firewall.ts";
export { FIREWALL_FORMATS, type FirewallFormat, printFirewall } from "./firewall-print.ts";
export { type Listener, listenersOf, sentBy } from "./listeners.ts";
export { checksName } from "./name-check.ts";
export { settingsPage } from "./page.ts";
export { ARCHITECTURES, type Architecture, type Preset, presetsOf } from "./presets.ts";
export type { Card, Machine } from "./rules.ts";
export {
  PATTERN_SUBJECT_MAX,
  type PatternFault,
  type SafePattern,
  safePattern,
} from "./safe-pattern.ts";
export { settingsSchema } from "./schema.ts";
export type * from "./settings.ts";
export { protocolsOf, transportsOf } from "./settings.ts";
export type { FaultsOf, Lines, Validation } from "./validate.ts";
export { notRunnableYet, validateSettings } from "./validate.ts";
export { type Changes, describeChanges, whatChanged } from "./what-changed.ts";
