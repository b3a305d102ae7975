export { type CSeq, parseCSeq } from "./cseq.ts";
export { Headers } from "./headers.ts";
export { quote, splitList, unquote } from "./lexis.ts";
export { type Message, Request, Response, responseTo } from "./message.ts";
export { type NameAddr, parseNameAddr, parseNameAddrs, printNameAddr } from "./name-addr.ts";
export { NO_PARAMS, type Params, parseParams, printParams } from "./params.ts";
export { parseMessage, parseMessageText } from "./parse.ts";
export {
  MESSAGE_LIMITS,
  type MessageLimits,
  type ParseFailure,
  type ParseFault,
} from "./parse-failure.ts";
export { printMessage } from "./print.ts";
export { reasonOf } from "./reason-phrases.ts";
export {
  escapeUriHeader,
  escapeUser,
  parseUri,
  printUri,
  type SipUri,
  sameHost,
  unescapeUri,
} from "./uri.ts";
export { parseVia, printVia, stampVia, type Via } from "./via.ts";
