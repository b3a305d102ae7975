export type { Call } from "./call.ts";
export { Calls } from "./calls.ts";
export { answerChallenge } from "./challenge.ts";
export { inDialogAcross, refusal, requestAcross, responseAcross } from "./crossing.ts";
export { CrossingRequest } from "./crossing-request.ts";
export { candidateFor, type Replaced, referToAcross } from "./dialog-ids.ts";
export { contactOf, faceHost, isOurselves, type Leg } from "./legs.ts";
export { OWN_METHODS, optionsAnswer } from "./own-answers.ts";
export {
  type Attempt,
  attempt,
  type Origin,
  type Policy,
  type Readmitted,
  type Route,
  type Surroundings,
  screenContent,
  screenRequest,
} from "./pipeline.ts";
export type {
  CallSetup,
  Candidate,
  DialogIds,
  Face,
  Switchboard,
  Wakeable,
  Withheld,
} from "./setup.ts";
export { toDestination } from "./setup.ts";
export { Subscriptions } from "./subscriptions.ts";
