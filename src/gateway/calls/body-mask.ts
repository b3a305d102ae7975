import { addressKind, parseAddress } from "#base";
import { maskUri } from "./mask-uri.ts";

/** How one side is to see the other's texts. */
export interface BodyMask {
  /** The host that stands for everything behind the gateway, as it stands in a URI. */
  readonly host: string;
  /** The other side's names and addresses as the settings know them; with the flag g. */
  readonly hidden: RegExp | undefined;
}

// Each looks at a bounded stretch from where it begins, so that no text takes long.
const URI = /\b(?:sips?|pres|im|cid|tel):(?:[^\s<>"',&]|&(?!(?:lt|gt|quot|apos);))+/gi;
const CALL_ID = /(\bcall-id\s{0,8}(?:=\s{0,8}["']|>)[^"'<>@]{0,256})@[^"'<>]*/gi;
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)/g;
const IPV6 = /\[?(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])\]?/gi;

/**
 * A text with the hosts gone that are nobody's business on the other side: those of all SIP URIs and
 * contexts of numbers, as in headers; the names that the settings know; addresses of private networks;
 * and those of Call-IDs in dialog-info and conference-info (RFC 4235 §4.1.1, RFC 4575).
 */
export function maskText(text: string, { host, hidden }: BodyMask): string {
  const uris = text.replace(URI, (found) => maskFound(found, host));
  const named = hidden ? uris.replace(hidden, host) : uris;
  const ids = named.replace(CALL_ID, `$1@${host}`);
  const tell = (found: string): string => (isPrivate(found) ? host : found);
  return ids.replace(IPV4, tell).replace(IPV6, tell);
}

/** The same of a short text in a header, most of which hold nothing that an address is made of. */
export const tellText = (text: string, mask: BodyMask): string =>
  ADDRESS_MARK.test(text) ? maskText(text, mask) : text;

const ADDRESS_MARK = /[.:@]/;

/** What an id of a body part names as its maker's host is ours for the other side (RFC 2392). */
export function maskContentId(id: string, host: string): string {
  const at = id.lastIndexOf("@");
  return at < 0 ? id : `${id.slice(0, at)}@${host}${id.startsWith("<") ? ">" : ""}`;
}

/** What begins as a number may be a word; with a context it is one (RFC 3966 §5.1.5). */
const isAddress = (uri: string): boolean => /^sip|^tel:.*-context=/i.test(uri);

/** The marks that end a sentence are no part of a URI in it. */
const SENTENCE = ".,;:!?)";

function maskFound(found: string, host: string): string {
  let end = found.length;
  while (end > 0 && SENTENCE.includes(found.charAt(end - 1))) end--;
  const uri = found.slice(0, end);
  const masked = isAddress(uri) ? maskUri(uri, host) : maskContentId(uri, host);
  return masked + found.slice(end);
}

function isPrivate(address: string): boolean {
  const bytes = parseAddress(address);
  const kind = bytes && addressKind(bytes);
  return kind === "private" || kind === "link-local";
}
