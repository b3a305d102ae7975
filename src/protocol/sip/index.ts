export {
  acceptsCSeq,
  type Dialog,
  dialogAsUac,
  dialogAsUas,
  refreshTarget,
  requestInDialog,
} from "./dialog.ts";
export { answerDigest, type DigestCredentials, type DigestQuestion } from "./digest-auth/index.ts";
export {
  type Destination,
  destinationOf,
  type Flow,
  isReliable,
  otherSide,
  type Side,
  type Transport,
} from "./flow.ts";
