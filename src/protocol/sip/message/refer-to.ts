import { parseReplaces, printReplaces, type Replaces } from "./field-values.ts";
import { type NameAddr, parseNameAddr, printNameAddr } from "./name-addr.ts";
import { parseUri, printUri, type SipUri } from "./uri.ts";
import { parseUriHeaders, printUriHeaders } from "./uri-headers.ts";

/** Whom a REFER points at, and the dialog that the new call takes the place of (RFC 3515 §2.1). */
export interface ReferTo {
  readonly display?: string | undefined;
  /** Without headers and without the method. */
  readonly uri: SipUri;
  /** The method to send; INVITE where none is named. */
  readonly method: string;
  readonly replaces?: Replaces | undefined;
  /** The other headers of the URI, by lower-case name, their escapes undone. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Reads Refer-To; undefined where the value, its URI or the Replaces in it is invalid. */
export function parseReferTo(value: string): ReferTo | undefined {
  const address: NameAddr | undefined = parseNameAddr(value);
  const whole = address && parseUri(address.uri);
  if (!whole) return undefined;
  const headers = parseUriHeaders(whole.headers ?? "");
  const replacesText = headers.get("replaces");
  const replaces = replacesText === undefined ? undefined : parseReplaces(replacesText);
  if (replacesText !== undefined && !replaces) return undefined;
  headers.delete("replaces");
  const params = new Map(whole.params);
  params.delete("method");
  const { scheme, user, password, host, port, opaque } = whole;
  return {
    display: address.display,
    uri: { scheme, user, password, host, port, opaque, params },
    method: whole.params.get("method")?.toUpperCase() ?? "INVITE",
    replaces,
    headers,
  };
}

export function printReferTo(to: Omit<ReferTo, "headers"> & Partial<ReferTo>): string {
  const params = new Map(to.uri.params);
  if (to.method !== "INVITE") params.set("method", to.method);
  const headers = new Map(to.headers);
  if (to.replaces) headers.set("Replaces", printReplaces(to.replaces));
  const text = headers.size === 0 ? undefined : printUriHeaders(headers);
  const uri = printUri({ ...to.uri, params, headers: text });
  return printNameAddr({ display: to.display, uri });
}
