import { assert } from "#base";
import { type CSeq, parseCSeq } from "./cseq.ts";
import { Headers } from "./headers.ts";
import { hasSpaceOrControl } from "./lexis.ts";
import { type NameAddr, parseNameAddr, parseNameAddrs } from "./name-addr.ts";
import { reasonOf } from "./reason-phrases.ts";
import { parseUri, type SipUri } from "./uri.ts";
import { parseVia, type Via } from "./via.ts";

export type Message = Request | Response;

/**
 * What requests and responses share. The fields that every message has are parsed once, when first
 * asked for, and again only if their header has been replaced. `parseMessage` has proved them
 * valid; in a message of our own making an invalid one is our error.
 */
abstract class Fields {
  readonly headers: Headers;
  /** One character a byte. */
  body: string;
  #via: Via | undefined;
  #viaText: string | undefined;
  #from: NameAddr | undefined;
  #fromText: string | undefined;
  #to: NameAddr | undefined;
  #toText: string | undefined;
  #cseq: CSeq | undefined;
  #cseqText: string | undefined;

  constructor(headers: Headers, body: string) {
    this.headers = headers;
    this.body = body;
  }

  /** The top Via. */
  get via(): Via {
    const via = this.#readVia();
    assert(via, "a message has a valid Via");
    return via;
  }

  get from(): NameAddr {
    const from = this.#readFrom();
    assert(from, "a message has a valid From");
    return from;
  }

  get to(): NameAddr {
    const to = this.#readTo();
    assert(to, "a message has a valid To");
    return to;
  }

  get cseq(): CSeq {
    const cseq = this.#readCSeq();
    assert(cseq, "a message has a valid CSeq");
    return cseq;
  }

  get callId(): string {
    const callId = this.headers.get("call-id");
    assert(callId !== undefined, "a message has a Call-ID");
    return callId;
  }

  /** The addresses of Contact; none for "*". */
  get contacts(): NameAddr[] {
    return parseNameAddrs(this.headers.list("contact"));
  }

  /** The first address of Contact: the remote target in a dialog. */
  get contact(): NameAddr | undefined {
    return this.contacts[0];
  }

  /** The first mandatory field that is missing or invalid (RFC 3261 §8.1.1), by name. */
  firstFault(): "via" | "from" | "to" | "cseq" | "call-id" | "missing-header" | undefined {
    const { headers } = this;
    if (!this.#readVia()) return headers.has("via") ? "via" : "missing-header";
    if (!this.#readFrom()) return headers.has("from") ? "from" : "missing-header";
    if (!this.#readTo()) return headers.has("to") ? "to" : "missing-header";
    if (!this.#readCSeq()) return headers.has("cseq") ? "cseq" : "missing-header";
    const callId = headers.get("call-id");
    if (callId === undefined) return "missing-header";
    return callId === "" || hasSpaceOrControl(callId) ? "call-id" : undefined;
  }

  #readVia(): Via | undefined {
    const text = this.headers.get("via");
    if (text !== this.#viaText) {
      this.#via = text === undefined ? undefined : parseVia(text);
      this.#viaText = text;
    }
    return this.#via;
  }

  #readFrom(): NameAddr | undefined {
    const text = this.headers.get("from");
    if (text !== this.#fromText) {
      this.#from = text === undefined ? undefined : parseNameAddr(text);
      this.#fromText = text;
    }
    return this.#from;
  }

  #readTo(): NameAddr | undefined {
    const text = this.headers.get("to");
    if (text !== this.#toText) {
      this.#to = text === undefined ? undefined : parseNameAddr(text);
      this.#toText = text;
    }
    return this.#to;
  }

  #readCSeq(): CSeq | undefined {
    const text = this.headers.get("cseq");
    if (text !== this.#cseqText) {
      this.#cseq = text === undefined ? undefined : parseCSeq(text);
      this.#cseqText = text;
    }
    return this.#cseq;
  }
}

export class Request extends Fields {
  readonly kind = "request";
  method: string;
  /** As on the wire. */
  uri: string;
  #target: SipUri | undefined;
  #targetText: string | undefined;

  constructor(method: string, uri: string, headers: Headers, body = "") {
    super(headers, body);
    this.method = method;
    this.uri = uri;
  }

  /** The Request-URI in its parts; undefined only where it is none that can be (RFC 3261 §19.1.1). */
  get target(): SipUri | undefined {
    if (this.uri !== this.#targetText) {
      const uri = parseUri(this.uri);
      this.#target = uri?.headers === undefined ? uri : undefined;
      this.#targetText = this.uri;
    }
    return this.#target;
  }
}

export class Response extends Fields {
  readonly kind = "response";
  status: number;
  reason: string;

  constructor(status: number, reason: string, headers: Headers, body = "") {
    super(headers, body);
    this.status = status;
    this.reason = reason;
  }
}

/** A response with what it must take from its request (RFC 3261 §8.2.6.2). */
export function responseTo(
  request: Request,
  status: number,
  reason = reasonOf(status),
  toTag?: string,
): Response {
  const headers = new Headers();
  headers.addAllFrom(request.headers, "via");
  headers.addAllFrom(request.headers, "from");
  const to = request.headers.get("to") ?? "";
  // What can't be read (the To of a broken request) goes back as it came, without a tag.
  const address = toTag === undefined ? undefined : parseNameAddr(to);
  headers.add("to", address && address.tag === undefined ? `${to};tag=${toTag}` : to);
  headers.addAllFrom(request.headers, "call-id");
  headers.addAllFrom(request.headers, "cseq");
  // RFC 3261 §8.2.6.1: a 100 carries the Timestamp on.
  if (status === 100) headers.addAllFrom(request.headers, "timestamp");
  return new Response(status, reason, headers);
}
