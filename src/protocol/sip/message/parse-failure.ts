import type { Request } from "./message.ts";

/** Why bytes are no message, by name: for the log, the counters and the score of the sender. */
export type ParseFault =
  | "empty"
  | "message-too-large"
  | "start-line"
  | "version"
  | "request-uri"
  | "request-uri-too-long"
  | "unsupported-scheme"
  | "status"
  | "line-end"
  | "nul"
  | "header-without-colon"
  | "header-name"
  | "headers-unended"
  | "too-many-headers"
  | "too-many-values"
  | "repeated-header"
  | "missing-header"
  | "identifier-too-long"
  | "uri-too-long"
  | "via"
  | "from"
  | "to"
  | "call-id"
  | "cseq"
  | "cseq-method"
  | "contact"
  | "route"
  | "max-forwards"
  | "expires"
  | "content-length"
  | "body-too-short";

export interface ParseFailure {
  readonly kind: "parse-failure";
  readonly what: ParseFault;
  readonly status: 400 | 413 | 414 | 416 | 505 | 513;
  /**
   * The request as far as it can be told, for `responseTo` and for its `via` alone. Absent where
   * nothing may be answered: a response, an ACK, no start line, no way back.
   */
  readonly replyTo?: Request;
}

/** How large a message and its parts may be. */
export interface MessageLimits {
  readonly messageBytesMax: number;
  /** Header fields of one message. */
  readonly headersMax: number;
  /** Values of one header, over all its fields. */
  readonly valuesMax: number;
  readonly uriBytesMax: number;
  /** A Call-ID, tag or branch: what is kept after its message is gone. */
  readonly identifierBytesMax: number;
}

export const MESSAGE_LIMITS: MessageLimits = {
  messageBytesMax: 65_536,
  headersMax: 256,
  valuesMax: 64,
  uriBytesMax: 2_048,
  identifierBytesMax: 1_024,
};
