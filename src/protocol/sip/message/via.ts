import { hostText } from "#base";
import { COLON, digits, isSpace, SLASH, sameName, skipSpace, tokenEnd } from "./lexis.ts";
import { type Params, ParamWalk, parseParams, printParams } from "./params.ts";
import { hostEndAt, parseHost } from "./uri.ts";

/** One hop (RFC 3261 §20.42). */
export interface Via {
  /** Upper case: "UDP", "TCP", "TLS"… */
  readonly transport: string;
  /** The sent-by host; an IPv6 address is without brackets. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly params: Params;
  /** Empty where the sender knows of none (RFC 2543). */
  readonly branch: string;
}

class ParsedVia implements Via {
  readonly transport: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly branch: string;
  readonly #text: string;
  readonly #paramsStart: number;
  readonly #end: number;
  #params: Params | undefined;

  constructor(
    transport: string,
    host: string,
    port: number | undefined,
    branch: string,
    text: string,
    paramsStart: number,
    end: number,
  ) {
    this.transport = transport;
    this.host = host;
    this.port = port;
    this.branch = branch;
    this.#text = text;
    this.#paramsStart = paramsStart;
    this.#end = end;
  }

  get params(): Params {
    this.#params ??= parseParams(this.#text, this.#paramsStart, this.#end)!;
    return this.#params;
  }
}

const PORT_MAX = 65_535;

/** Reads one hop; undefined when the value is none, or more than one. */
export const parseVia = (value: string): Via | undefined => parseViaIn(value, 0, value.length);

/** Reads the hop that stands from `start` to `end` of a text. */
export function parseViaIn(text: string, start: number, end: number): Via | undefined {
  const transportAt = afterProtocol(text, start, end);
  if (transportAt < 0) return undefined;
  const transportEnd = tokenEnd(text, transportAt, end);
  const hostAt = skipSpace(text, transportEnd, end);
  if (transportEnd === transportAt || hostAt === transportEnd) return undefined;
  const hostEnd = hostEndAt(text, hostAt, end);
  const host = hostEnd < 0 ? undefined : parseHost(text, hostAt, hostEnd);
  if (host === undefined) return undefined;
  let at = skipSpace(text, hostEnd, end);
  let port: number | undefined;
  if (at < end && text.charCodeAt(at) === COLON) {
    at = skipSpace(text, at + 1, end);
    const portEnd = tokenEnd(text, at, end);
    port = digits(text, at, portEnd, PORT_MAX);
    if (port < 0) return undefined;
    at = portEnd;
  }
  const branch = branchAfter(text, at, end);
  if (branch === undefined) return undefined;
  const transport = transportOf(text, transportAt, transportEnd);
  return new ParsedVia(transport, host, port, branch, text, at, end);
}

export function printVia(via: Omit<Via, "params" | "branch"> & Partial<Via>): string {
  let text = `SIP/2.0/${via.transport} ${hostText(via.host)}`;
  if (via.port !== undefined) text += `:${via.port}`;
  if (via.branch && via.params?.has("branch") !== true) text += `;branch=${via.branch}`;
  return via.params === undefined ? text : text + printParams(via.params);
}

/**
 * The top Via of a request as its receiver must leave it: `received` where the sender was not
 * where it says, or asks for `rport` (RFC 3261 §18.2.1, RFC 3581 §4).
 */
export function stampVia(via: Via, remoteAddress: string, remotePort: number): string {
  const asksPort = via.params.has("rport");
  const params = new Map(via.params);
  params.delete("received");
  if (asksPort) params.set("rport", String(remotePort));
  if (asksPort || via.host !== remoteAddress) params.set("received", remoteAddress);
  return printVia({ transport: via.transport, host: via.host, port: via.port, params });
}

/** Where the transport starts, after "SIP/2.0/" with whatever white space; -1 for none. */
function afterProtocol(text: string, start: number, end: number): number {
  if (text.startsWith("SIP/2.0/", start) && !isSpace(text.charCodeAt(start + 8))) return start + 8;
  const name = skipSpace(text, start, end);
  if (!sameName(text, name, name + 3, "sip")) return -1;
  let at = skipSpace(text, name + 3, end);
  if (text.charCodeAt(at) !== SLASH) return -1;
  at = skipSpace(text, at + 1, end);
  const versionEnd = tokenEnd(text, at, end);
  if (versionEnd === at) return -1;
  at = skipSpace(text, versionEnd, end);
  return text.charCodeAt(at) === SLASH ? skipSpace(text, at + 1, end) : -1;
}

function transportOf(text: string, start: number, end: number): string {
  if (end === start + 3 && text.startsWith("UDP", start)) return "UDP";
  return text.slice(start, end).toUpperCase();
}

/** One for all: each message has a Via. */
const branchWalk = new ParamWalk();

/** The branch, "" for none; undefined where the parameters are broken or name two. */
function branchAfter(text: string, at: number, end: number): string | undefined {
  const walk = branchWalk.over(text, at, end);
  let branch = "";
  while (walk.next()) {
    if (!walk.isNamed("branch")) continue;
    if (branch !== "" || !walk.value) return undefined;
    branch = walk.value;
  }
  return walk.isBroken() ? undefined : branch;
}
