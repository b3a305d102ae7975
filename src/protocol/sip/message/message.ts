import { assert } from "#base";
import { type CSeq, parseCSeq, parseCSeqIn } from "./cseq.ts";
import { Headers } from "./headers.ts";
import { type NameAddr, parseNameAddr, parseNameAddrIn, parseNameAddrs } from "./name-addr.ts";
import { reasonOf } from "./reason-phrases.ts";
import { parseUriIn, type SipUri } from "./uri.ts";
import { parseVia, parseViaIn, type Via } from "./via.ts";

export type Message = Request | Response;

/** The fields that a message keeps parsed. */
type ProvedField = "via" | "from" | "to" | "cseq" | "contact";

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
  #contact: NameAddr | undefined;
  #contactText: string | undefined;

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
    const text = this.headers.get("contact");
    if (text !== this.#contactText) {
      this.#contact = this.contacts[0];
      this.#contactText = text;
    }
    return this.#contact;
  }

  /**
   * For the parser: reads one of the fields above from where it stands in a text, before anybody
   * asks for it. False where it is invalid; the first Via and Contact count.
   */
  prove(key: ProvedField, value: string, text: string, start: number, end: number): boolean {
    switch (key) {
      case "via":
        if (this.#via !== undefined) return true;
        this.#viaText = value;
        this.#via = parseViaIn(text, start, end);
        return this.#via !== undefined;
      case "from":
        this.#fromText = value;
        this.#from = parseNameAddrIn(text, start, end);
        return this.#from !== undefined;
      case "to":
        this.#toText = value;
        this.#to = parseNameAddrIn(text, start, end);
        return this.#to !== undefined;
      case "cseq":
        this.#cseqText = value;
        this.#cseq = parseCSeqIn(text, start, end);
        return this.#cseq !== undefined;
      case "contact":
        if (this.#contact !== undefined) return parseNameAddrIn(text, start, end) !== undefined;
        this.#contactText = value;
        this.#contact = parseNameAddrIn(text, start, end);
        return this.#contact !== undefined;
    }
  }

  /** Whether the fields that all messages have are there (RFC 3261 §8.1.1) and valid. */
  isWhole(): boolean {
    const isRead = this.#readVia() && this.#readFrom() && this.#readTo() && this.#readCSeq();
    return isRead !== undefined && this.headers.has("call-id");
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
      this.proveTarget(this.uri, 0, this.uri.length);
    }
    return this.#target;
  }

  /** For the parser: reads the Request-URI from where it stands in a text. */
  proveTarget(text: string, start: number, end: number): void {
    const uri = parseUriIn(text, start, end);
    this.#target = uri?.headers === undefined ? uri : undefined;
    this.#targetText = this.uri;
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
