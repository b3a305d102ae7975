import { hostText } from "#base";
import {
  COLON,
  digits,
  isSpace,
  isToken,
  SEMICOLON,
  SLASH,
  sameName,
  skipSpace,
  skipSpaceBack,
  tokenEnd,
} from "./lexis.ts";
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
  readonly #paramsAt: number;
  #params: Params | undefined;

  constructor(
    transport: string,
    host: string,
    port: number | undefined,
    branch: string,
    text: string,
    paramsAt: number,
  ) {
    this.transport = transport;
    this.host = host;
    this.port = port;
    this.branch = branch;
    this.#text = text;
    this.#paramsAt = paramsAt;
  }

  get params(): Params {
    this.#params ??= parseParams(this.#text, this.#paramsAt)!;
    return this.#params;
  }
}

const PORT_MAX = 65_535;

/** Reads one hop; undefined when the value is none, or more than one. */
export function parseVia(value: string): Via | undefined {
  const end = value.length;
  const transportAt = afterProtocol(value);
  if (transportAt < 0) return undefined;
  const transportEnd = tokenEnd(value, transportAt, end);
  const hostAt = skipSpace(value, transportEnd, end);
  if (transportEnd === transportAt || hostAt === transportEnd) return undefined;
  const hostEnd = hostEndAt(value, hostAt, end);
  const host = hostEnd < 0 ? undefined : parseHost(value.slice(hostAt, hostEnd));
  if (host === undefined) return undefined;
  let at =
    hostEnd < end && isSpace(value.charCodeAt(hostEnd)) ? skipSpace(value, hostEnd, end) : hostEnd;
  let port: number | undefined;
  if (value.charCodeAt(at) === COLON) {
    const semicolon = value.indexOf(";", at);
    const portEnd = semicolon < 0 ? end : semicolon;
    port = digits(
      value,
      skipSpace(value, at + 1, portEnd),
      skipSpaceBack(value, at, portEnd),
      PORT_MAX,
    );
    if (port < 0) return undefined;
    at = portEnd;
  }
  const branch = branchAfter(value, at);
  if (branch === undefined) return undefined;
  const transport = transportOf(value, transportAt, transportEnd);
  return new ParsedVia(transport, host, port, branch, value, at);
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
function afterProtocol(value: string): number {
  if (value.startsWith("SIP/2.0/") && !isSpace(value.charCodeAt(8))) return 8;
  const end = value.length;
  const name = skipSpace(value, 0, end);
  if (!sameName(value, name, name + 3, "sip")) return -1;
  let at = skipSpace(value, name + 3, end);
  if (value.charCodeAt(at) !== SLASH) return -1;
  at = skipSpace(value, at + 1, end);
  const versionEnd = tokenEnd(value, at, end);
  if (!isToken(value, at, versionEnd)) return -1;
  at = skipSpace(value, versionEnd, end);
  return value.charCodeAt(at) === SLASH ? skipSpace(value, at + 1, end) : -1;
}

function transportOf(value: string, start: number, end: number): string {
  if (value.startsWith("UDP", start) && end === start + 3) return "UDP";
  return value.slice(start, end).toUpperCase();
}

/** The branch, "" for none; undefined where the parameters are broken or name two. */
function branchAfter(value: string, at: number): string | undefined {
  if (at < value.length && value.charCodeAt(at) !== SEMICOLON) {
    at = skipSpace(value, at, value.length);
  }
  const walk = new ParamWalk(value, at, value.length);
  let branch = "";
  while (walk.next()) {
    if (!walk.isNamed("branch")) continue;
    if (branch !== "" || !walk.value) return undefined;
    branch = walk.value;
  }
  return walk.isBroken ? undefined : branch;
}
