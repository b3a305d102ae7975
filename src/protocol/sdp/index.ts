export * from "./attribute.ts";
export { type Candidate, parseCandidate, printCandidate } from "./candidate.ts";
export * from "./connection.ts";
export {
  type CryptoAttribute,
  type CryptoKey,
  parseCrypto,
  printCrypto,
} from "./crypto-attribute.ts";
export {
  type Fingerprint,
  parseFingerprint,
  parseSetup,
  printFingerprint,
  type Setup,
} from "./fingerprint.ts";
export {
  isRtp,
  type MediaLine,
  parseMediaLine,
  parsePayloadType,
  parsePort,
  printMediaLine,
} from "./media-line.ts";
export { fitAnswer, refusedSection } from "./offer-answer.ts";
export {
  isSdpFailure,
  parseSdp,
  SDP_LIMITS,
  type SdpFailure,
  type SdpFault,
  type SdpLimits,
  sdpFailure,
} from "./parse.ts";
export { type MediaSection, printLines, printSdp, type Sdp } from "./sdp.ts";
