import type { ParseFault } from "#sip-message";

/** What a parser must make of one message of RFC 4475 or RFC 5118. */
export interface TortureCase {
  /** The RFC's own name of the message. */
  readonly name: string;
  readonly section: string;
  readonly wire: Uint8Array;
  readonly expected: Accepted | Refused;
  /** Why we expect what the RFC leaves open, or differ from it. */
  readonly because?: string;
}

export interface Accepted {
  readonly is: "accepted";
  readonly method?: string;
  readonly uri?: string;
  readonly target?: { readonly user?: string; readonly host: string; readonly port?: number };
  readonly status?: number;
  readonly reason?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly fromTag?: string;
  readonly toTag?: string;
  readonly fromDisplay?: string;
  readonly toDisplay?: string;
  readonly fromUri?: string;
  readonly toUri?: string;
  /** Transport, host and branch of each hop. */
  readonly vias?: readonly string[];
  readonly contacts?: readonly string[];
  readonly bodyBytes?: number;
  /** Header values by name, as one line each. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Refused {
  readonly is: "refused";
  readonly what: ParseFault;
  /** The status to answer with; absent where nothing may be answered. */
  readonly status?: number;
}

export const accepted = (fields: Omit<Accepted, "is"> = {}): Accepted => ({
  is: "accepted",
  ...fields,
});

export const refused = (what: ParseFault, status?: number): Refused => ({
  is: "refused",
  what,
  ...(status !== undefined && { status }),
});

/**
 * The text of a template as it goes on the wire: each line ends with CRLF, the first (empty) one is
 * left out, backslashes stand for themselves, and what is not ASCII is UTF-8. Bytes that no text
 * can hold are put in as `${bytes("07")}`.
 */
export function wire(text: TemplateStringsArray, ...inserts: readonly string[]): Uint8Array {
  const whole = text.raw
    .map((piece, i) => latin1Utf8(piece.replaceAll("\n", "\r\n")) + (inserts[i] ?? ""))
    .join("");
  return Buffer.from(whole.replace(/^\r\n/, ""), "latin1");
}

/** Bytes by their hexadecimal digits. */
export const bytes = (hex: string): string => Buffer.from(hex, "hex").toString("latin1");

const latin1Utf8 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** The session description that most messages carry: 150 bytes with an address of nine characters. */
export const sdp = (origin: string, connection = origin, time = "0 0"): string =>
  [
    "v=0",
    `o=mhandley 29739 7272939 IN IP4 ${origin}`,
    "s=-",
    `c=IN IP4 ${connection}`,
    `t=${time}`,
    "m=audio 49217 RTP/AVP 0 12",
    "m=video 3227 RTP/AVP 31",
    "a=rtpmap:31 LPC",
    "",
  ].join("\r\n");
