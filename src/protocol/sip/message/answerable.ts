import { HeaderScan } from "./header-scan.ts";
import { Headers } from "./headers.ts";
import { isToken, splitList } from "./lexis.ts";
import { Request } from "./message.ts";
import type { MessageLimits } from "./parse-failure.ts";
import { parseVia } from "./via.ts";

const ECHOED = new Set(["from", "to", "call-id", "cseq", "timestamp"]);

/**
 * Of a text that is no valid message: the request that can be told of it, with the fields that a
 * response takes over. Undefined where there is nothing to answer (RFC 3261 §8.2.6, §17.1.1.3).
 */
export function answerable(text: string, limits: MessageLimits): Request | undefined {
  let start = 0;
  while (text.startsWith("\r\n", start)) start += 2;
  const lineEnd = text.indexOf("\r\n", start);
  if (lineEnd < 0 || lineEnd - start > limits.messageBytesMax) return undefined;
  const methodEnd = text.indexOf(" ", start);
  if (methodEnd < 0 || methodEnd > lineEnd || !isToken(text, start, methodEnd)) return undefined;
  const version = text.indexOf(" SIP/", methodEnd);
  const method = text.slice(start, methodEnd);
  if (version < 0 || version > lineEnd || method === "ACK") return undefined;
  const headers = echoed(text, lineEnd + 2, limits);
  const via = headers.get("via");
  const isWhole = headers.has("from") && headers.has("to") && headers.has("call-id");
  if (via === undefined || !isWhole || !headers.has("cseq") || !parseVia(via)) return undefined;
  return new Request(method, "", headers);
}

function echoed(text: string, at: number, limits: MessageLimits): Headers {
  const headers = new Headers();
  const scan = new HeaderScan(text, at);
  for (let lines = 0; lines < limits.headersMax; lines++) {
    const lineAt = scan.at;
    if (scan.next()) keep(headers, scan, limits);
    else if (scan.fault === undefined || scan.at === lineAt) break;
    scan.fault = undefined;
  }
  return headers;
}

function keep(headers: Headers, scan: HeaderScan, limits: MessageLimits): void {
  const name = scan.name!;
  if (name.key === "via") {
    for (const via of splitList(scan.value)) {
      if (headers.size < limits.valuesMax) headers.append(name, via);
    }
  } else if (ECHOED.has(name.key) && !headers.has(name.key)) headers.append(name, scan.value);
}
