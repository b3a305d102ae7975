export {
  acceptsCSeq,
  confirmDialog,
  type Dialog,
  dialogAsUac,
  dialogAsUas,
  dialogId,
  dialogIdOf,
  refreshTarget,
  requestInDialog,
} from "./dialog.ts";
export * from "./digest-auth/index.ts";
export { featuresOf } from "./features.ts";
export {
  type Destination,
  destinationOf,
  type Flow,
  isReliable,
  otherSide,
  type Side,
  type Transport,
} from "./flow.ts";
export {
  bindingRequest,
  isStun,
  newStunId,
  parseStunAnswer,
  type StunAnswer,
} from "./stun-binding.ts";
