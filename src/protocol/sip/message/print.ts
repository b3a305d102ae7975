import { oneLine } from "./headers.ts";
import type { Message } from "./message.ts";

/**
 * The message as it goes on the wire, one character a byte: built from its fields, never from what
 * was received. Content-Length is always right and last (RFC 3261 §20.14).
 */
export function printMessage(message: Message): string {
  const start =
    message.kind === "request"
      ? `${message.method} ${oneWord(message.uri)} SIP/2.0`
      : `SIP/2.0 ${message.status} ${oneLine(message.reason)}`;
  const { body } = message;
  return `${start}${message.headers.print()}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** A URI never ends its line or its word, whatever it was built from. */
function oneWord(uri: string): string {
  if (!uri.includes(" ") && !uri.includes("\r") && !uri.includes("\n")) return uri;
  return uri.replaceAll(" ", "%20").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
