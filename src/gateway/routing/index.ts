export { rewriteE164 } from "./e164.ts";
export { NumberRules, type WhichNumber } from "./number-rules.ts";
export { isNumber, numberIn, userOf } from "./numbers.ts";
export { type HealthChange, type HealthRules, PeerHealth, type Pulse } from "./peer-health.ts";
export { orderPeers } from "./peer-order.ts";
export {
  isRegistered,
  newRegistration,
  type Recovery,
  type Registration,
  type RegistrationAction,
  type RegistrationEvent,
  type RegistrationStep,
  stepRegistration,
} from "./registration.ts";
export { type AskedHost, askedHosts, type Numbers, peersToTry, Router } from "./router.ts";
export { type Source, Sources } from "./sources.ts";
export { defaultTrunkOf, trunksOf, WAN_ELEMENT } from "./trunks.ts";
