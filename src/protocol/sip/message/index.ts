export { type CSeq, parseCSeq } from "./cseq.ts";
export * from "./digest-fields.ts";
export * from "./field-values.ts";
export { type HeaderKey, type HeaderName, headerKey, knownName } from "./header-names.ts";
export { Headers } from "./headers.ts";
export { quote, splitList, unquote } from "./lexis.ts";
export { type Message, Request, Response, responseTo } from "./message.ts";
export {
  type BodyPart,
  type Multipart,
  parseMultipart,
  printMultipart,
  printPart,
} from "./multipart.ts";
export { type NameAddr, parseNameAddr, parseNameAddrs, printNameAddr } from "./name-addr.ts";
export { NO_PARAMS, type Params, parseParams, printParams } from "./params.ts";
export { parseMessage, parseMessageText } from "./parse.ts";
export * from "./parse-failure.ts";
export { printMessage } from "./print.ts";
export { reasonOf } from "./reason-phrases.ts";
export { parseReferTo, printReferTo, type ReferTo } from "./refer-to.ts";
export type { SipUri } from "./uri.ts";
export { escapeUriHeader, escapeUser, parseUri, printUri, sameHost, unescapeUri } from "./uri.ts";
export { sameUri } from "./uri-compare.ts";
export { parseUriHeaders, printUriHeaders } from "./uri-headers.ts";
export { parseVia, printVia, stampVia, type Via } from "./via.ts";
