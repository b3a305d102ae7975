export { type Capacity, capacityOf } from "./capacity.ts";
export { printError, type SettingError, type SettingWarning } from "./errors.ts";
export type { FieldFacts, Text } from "./field.ts";
export { type Listener, listenersOf, sentBy } from "./listeners.ts";
export type { Card, Machine } from "./rules.ts";
export {
  PATTERN_SUBJECT_MAX,
  type PatternFault,
  type SafePattern,
  safePattern,
} from "./safe-pattern.ts";
export { settingsSchema } from "./schema.ts";
export {
  type E164Rule,
  type NumberRule,
  type Pbx,
  type Protocols,
  protocolsOf,
  type RouteRule,
  type Settings,
  type Trunk,
  type TrunkCredentials,
  type TrunkPeer,
  type TrunkRegister,
  transportsOf,
} from "./settings.ts";
export { type Validation, validateSettings } from "./validate.ts";
