import { escapeUriHeader, unescapeUri } from "./uri.ts";

/**
 * The headers of a URI ("a=b&c=d"), by lower-case name, their escapes undone; of a repeated one the
 * first counts. A value may hold any character, line ends too: `Headers` takes those out.
 */
export function parseUriHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const pair of text.split("&")) {
    const equals = pair.indexOf("=");
    const name = unescapeUri(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
    if (name === "" || headers.has(name)) continue;
    headers.set(name, equals < 0 ? "" : unescapeUri(pair.slice(equals + 1)));
  }
  return headers;
}

export const printUriHeaders = (headers: ReadonlyMap<string, string>): string =>
  Array.from(headers, ([name, value]) => `${escapeUriHeader(name)}=${escapeUriHeader(value)}`).join(
    "&",
  );
