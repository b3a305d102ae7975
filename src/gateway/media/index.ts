export { CallFigures, type CallVoice, type VoiceFigures } from "./call-figures.ts";
export { CallMedia } from "./call-media.ts";
export type { CallMediaState } from "./call-media-state.ts";
export * from "./command.ts";
export { type FormatUse, formatsFrom, formatUse } from "./formats.ts";
export { heldAnswer, NOBODY } from "./held-answer.ts";
export type { KeyExchange, SrtpPolicy, VoiceEncryption } from "./leg-voice.ts";
export { type IceCredentials, newIce } from "./line-ice.ts";
export { newKey, SUITES_OF } from "./line-security.ts";
export type {
  AnswerStage,
  MediaEnd,
  MediaLegs,
  MediaOutcome,
  Relayed,
} from "./media-end.ts";
export type { MediaFacts, MediaRefusal, MediaRefusalWhy, MediaSide } from "./media-facts.ts";
export { PortPool } from "./port-pool.ts";
export { namePattern, type SdpMask, sdpMask } from "./sdp-mask.ts";
