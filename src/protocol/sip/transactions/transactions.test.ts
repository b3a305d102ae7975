import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, instant, seededRandom } from "#base";
import { parseMessageText, type Request, type Response, responseTo } from "#sip-message";
import type { Destination, Flow, Side, Transport } from "../flow.ts";
import type { Answered, NewRequest, Send, TransactionEvent } from "./event.ts";
import { type TransactionOptions, Transactions } from "./transactions.ts";

const START = 1_700_000_000_000;

/** A layer in virtual time, with what it sent and told. */
class Rig {
  readonly layer: Transactions;
  now: Instant = instant(START);
  sent: Send[] = [];
  told: TransactionEvent[] = [];

  constructor(options: Partial<TransactionOptions> = {}) {
    this.layer = new Transactions({
      random: seededRandom(7),
      viaFor: (to) => ({ host: "203.0.113.1", port: to.transport === "tls" ? 5061 : 5060 }),
      ...options,
    });
  }

  receive(message: Request | Response, flow: Flow = flowOf("udp")): TransactionEvent | undefined {
    const event = this.layer.receive(message, flow, this.now);
    if (event) this.told.push(event);
    this.#collect();
    return event;
  }

  /** Lets time pass, every timer at its time. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let next = this.layer.next; next !== undefined && next <= end; next = this.layer.next) {
      this.now = instant(Math.max(this.now, next));
      for (let event = this.layer.due(this.now); event; event = this.layer.due(this.now)) {
        this.told.push(event);
      }
      this.#collect();
    }
    this.now = instant(end);
  }

  do(what: (layer: Transactions, now: Instant) => void): void {
    what(this.layer, this.now);
    this.#collect();
  }

  /** First lines of all that was sent since the last look. */
  lines(): string[] {
    const lines = this.sent.map(({ text }) => text.slice(0, text.indexOf("\r\n")));
    this.sent = [];
    return lines;
  }

  kinds(): string[] {
    const kinds = this.told.map((event) => event.kind);
    this.told = [];
    return kinds;
  }

  /** How long after one another, in ms, the next sends go out while `ms` pass. */
  gaps(ms: number): number[] {
    this.sent = [];
    const gaps: number[] = [];
    let last = this.now;
    const end = this.now + ms;
    while (this.now < end) {
      this.pass(10);
      for (const _ of this.sent) {
        gaps.push(this.now - last);
        last = this.now;
      }
      this.sent = [];
    }
    return gaps;
  }

  #collect(): void {
    this.sent.push(...this.layer.drain());
  }
}

const flowOf = (transport: Transport, side: Side = "public", remotePort = 5060): Flow => ({
  id: `${transport}-${side}-${remotePort}`,
  side,
  transport,
  localAddress: "192.0.2.1",
  localPort: 5060,
  remoteAddress: "198.51.100.7",
  remotePort,
});

const toPeer = (transport: Transport = "udp"): Destination => ({
  side: "public",
  transport,
  address: "198.51.100.7",
  port: 5060,
});

/** A request as a peer sends it. */
function incoming(
  method: string,
  branch = "z9hG4bKa1",
  more: Record<string, string> = {},
): Request {
  const fields = {
    Via: `SIP/2.0/UDP 198.51.100.7:5060;branch=${branch};rport`,
    "Max-Forwards": "70",
    From: "<sip:alice@example.com>;tag=a",
    To: "<sip:bob@example.net>",
    "Call-ID": "call-1@example.com",
    CSeq: `7 ${method}`,
    ...more,
  };
  return parsedRequest(`${method} sip:bob@203.0.113.1 SIP/2.0`, fields);
}

function parsedRequest(line: string, fields: Record<string, string>): Request {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  const message = parseMessageText(`${[line, ...lines].join("\r\n")}\r\nContent-Length: 0\r\n\r\n`);
  assert.equal(message.kind, "request");
  return message as Request;
}

/** A request as we make one: without Via. */
function outgoing(method: string, body = ""): Request {
  const request = incoming(method);
  request.headers.delete("via");
  request.headers.add("route", "<sip:198.51.100.7;lr>");
  request.headers.add("authorization", 'Digest username="x"');
  request.body = body;
  return request;
}

/** What the peer answers to something that we sent. */
function answerTo(sent: Send, status: number, tag = "b"): Response {
  const request = parseMessageText(sent.text);
  assert.equal(request.kind, "request");
  return responseTo(request as Request, status, undefined, tag);
}

const requestEvent = (event: TransactionEvent | undefined): NewRequest => {
  assert.equal(event?.kind, "request");
  return event as NewRequest;
};

const responseEvent = (event: TransactionEvent | undefined): Answered => {
  assert.equal(event?.kind, "response");
  return event as Answered;
};

// ── The INVITE client ──────────────────────────────────────────────────────────────────────

test("timer A doubles without end over UDP, and timer B gives up after 64*T1", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  const first = rig.sent[0]!.text;
  assert.match(
    first,
    /^INVITE .*\r\nVia: SIP\/2.0\/UDP 203.0.113.1:5060;branch=z9hG4bK\w{16};rport\r\n/,
  );
  assert.deepEqual(rig.gaps(31_900), [500, 1000, 2000, 4000, 8000, 16_000]);
  assert.deepEqual(rig.kinds(), []);
  rig.pass(200);
  assert.deepEqual(rig.kinds(), ["failed"]);
  assert.equal(rig.layer.size, 0);
});

test("a retransmission is the same text", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  rig.pass(600);
  assert.equal(rig.sent.length, 2);
  assert.equal(rig.sent[0]!.text, rig.sent[1]!.text);
  assert.equal(rig.sent[0]!.branch, rig.sent[1]!.branch);
});

test("over a reliable transport nothing is repeated, and timer B still gives up", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer("tls"), now));
  assert.match(rig.sent[0]!.text, /Via: SIP\/2.0\/TLS 203.0.113.1:5061;branch=\w+\r\n/);
  assert.deepEqual(rig.gaps(31_900), []);
  rig.pass(200);
  assert.deepEqual(
    rig.told.map((event) => event.kind === "failed" && event.why),
    ["timeout"],
  );
});

test("a provisional response ends the retransmissions, and it may ring for ever", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  responseEvent(rig.receive(answerTo(rig.sent[0]!, 180)));
  assert.deepEqual(rig.gaps(600_000), []);
  responseEvent(rig.receive(answerTo(rigRequest(rig), 183)));
  assert.equal(rig.layer.size, 1);
});

/** The INVITE of a rig whose log was emptied. */
function rigRequest(rig: Rig): Send {
  const transaction = (rig.told.find((event) => event.kind === "response") as Answered).transaction;
  return { to: transaction.destination, text: transaction.text, branch: transaction.branch };
}

test("a refusal is acknowledged with the INVITE's branch, again when it comes again", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  const invite = parseMessageText(rig.sent[0]!.text) as Request;
  const refusal = answerTo(rig.sent[0]!, 486);
  rig.sent = [];
  responseEvent(rig.receive(refusal));
  const ack = parseMessageText(rig.sent[0]!.text) as Request;
  assert.equal(ack.method, "ACK");
  assert.equal(ack.uri, invite.uri);
  assert.deepEqual(ack.headers.all("via"), invite.headers.all("via"));
  assert.deepEqual(ack.headers.all("route"), ["<sip:198.51.100.7;lr>"]);
  assert.equal(ack.headers.get("cseq"), "7 ACK");
  assert.equal(ack.to.tag, "b");
  assert.equal(ack.from.tag, "a");
  assert.ok(!ack.headers.has("authorization"));
  assert.equal(rig.receive(refusal), undefined);
  assert.deepEqual(rig.lines(), [`ACK ${invite.uri} SIP/2.0`, `ACK ${invite.uri} SIP/2.0`]);
  rig.pass(31_900);
  assert.equal(rig.layer.size, 1, "timer D waits for 32 s");
  rig.pass(200);
  assert.equal(rig.layer.size, 0);
  assert.deepEqual(rig.kinds(), ["response"]);
});

test("over a reliable transport timer D is zero", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer("tcp"), now));
  responseEvent(rig.receive(answerTo(rig.sent[0]!, 603), flowOf("tcp")));
  assert.equal(rig.layer.size, 0);
});

test("each 2xx is told, repeated and of other forks, until timer M (RFC 6026)", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  const invite = rig.sent[0]!;
  rig.sent = [];
  const told = ["b", "b", "c"].map(
    (tag) => responseEvent(rig.receive(answerTo(invite, 200, tag))).response.to.tag,
  );
  assert.deepEqual(told, ["b", "b", "c"]);
  assert.equal(rig.receive(answerTo(invite, 486, "d")), undefined);
  assert.equal(rig.receive(answerTo(invite, 180, "e")), undefined);
  assert.deepEqual(rig.lines(), [], "the ACK of a 2xx is the user's");
  rig.pass(32_100);
  assert.equal(rig.receive(answerTo(invite, 200, "f")), undefined);
  assert.equal(rig.layer.size, 0);
});

test("a transport error ends an INVITE that nobody has answered, and no other", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer("tcp"), now));
  const { branch } = rig.sent[0]!;
  const event = rig.layer.sendFailed(branch, rig.now);
  assert.equal(event?.kind === "failed" && event.why, "transport");
  assert.equal(rig.layer.sendFailed(branch, rig.now), undefined);

  rig.sent = [];
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer("tcp"), now));
  rig.receive(answerTo(rig.sent[0]!, 180), flowOf("tcp"));
  assert.equal(rig.layer.sendFailed(rig.sent[0]!.branch, rig.now), undefined);
  assert.equal(rig.layer.size, 1);
});

test("a response of the other side, of another branch or method is nobody's", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  const ok = answerTo(rig.sent[0]!, 200);
  assert.equal(rig.receive(ok, flowOf("udp", "private")), undefined);
  const other = answerTo(rig.sent[0]!, 200);
  other.headers.set("cseq", "7 BYE");
  assert.equal(rig.receive(other), undefined);
  const strange = answerTo(rig.sent[0]!, 200);
  strange.headers.set("via", "SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bKguess");
  assert.equal(rig.receive(strange), undefined);
  responseEvent(rig.receive(ok));
});

// ── CANCEL as a client ─────────────────────────────────────────────────────────────────────

test("CANCEL waits for the first provisional response (RFC 3261 §9.1)", () => {
  const rig = new Rig();
  let transaction: ReturnType<Transactions["request"]> | undefined;
  rig.do((layer, now) => {
    transaction = layer.request(outgoing("INVITE"), toPeer(), now);
    layer.cancel(transaction, now, 'SIP;cause=200;text="Call completed elsewhere"');
  });
  const invite = rig.sent[0]!;
  rig.pass(600);
  assert.equal(rig.lines().filter((line) => line.startsWith("CANCEL")).length, 0);
  responseEvent(rig.receive(answerTo(invite, 100)));
  const cancel = parseMessageText(rig.sent[0]!.text) as Request;
  assert.equal(cancel.method, "CANCEL");
  assert.equal(cancel.via.branch, transaction!.branch);
  assert.equal(cancel.headers.get("cseq"), "7 CANCEL");
  assert.equal(cancel.to.tag, undefined);
  assert.deepEqual(cancel.headers.all("route"), ["<sip:198.51.100.7;lr>"]);
  assert.equal(cancel.headers.get("reason"), 'SIP;cause=200;text="Call completed elsewhere"');
});

test("CANCEL's own answer is absorbed, and the INVITE's 487 told and acknowledged", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  const invite = rig.sent[0]!;
  const { transaction } = responseEvent(rig.receive(answerTo(invite, 180)));
  rig.sent = [];
  rig.do((layer, now) => layer.cancel(transaction, now));
  rig.do((layer, now) => layer.cancel(transaction, now));
  assert.equal(rig.sent.length, 1, "one CANCEL, however often it is asked for");
  assert.equal(rig.receive(answerTo(rig.sent[0]!, 200)), undefined);
  assert.equal(responseEvent(rig.receive(answerTo(invite, 487))).response.status, 487);
  assert.deepEqual(
    rig.lines().map((line) => line.split(" ")[0]),
    ["CANCEL", "ACK"],
  );
  rig.pass(40_000);
  assert.equal(rig.layer.size, 0);
});

test("CANCEL and 200 cross: the 200 is told", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  const invite = rig.sent[0]!;
  const { transaction } = responseEvent(rig.receive(answerTo(invite, 180)));
  rig.do((layer, now) => layer.cancel(transaction, now));
  assert.equal(responseEvent(rig.receive(answerTo(invite, 200))).response.status, 200);
  assert.equal(transaction.state, "accepted");
});

test("nothing is cancelled after the final response, nor a request that is no INVITE", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  const { transaction } = responseEvent(rig.receive(answerTo(rig.sent[0]!, 200)));
  rig.sent = [];
  rig.do((layer, now) => layer.cancel(transaction, now));
  rig.do((layer, now) => layer.cancel(layer.request(outgoing("INFO"), toPeer(), now), now));
  assert.deepEqual(
    rig.lines().map((line) => line.split(" ")[0]),
    ["INFO"],
  );
});

test("a cancelled INVITE without a final response fails after 64*T1; its CANCEL is repeated", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  const { transaction } = responseEvent(rig.receive(answerTo(rig.sent[0]!, 180)));
  rig.do((layer, now) => layer.cancel(transaction, now));
  rig.told = [];
  assert.deepEqual(rig.gaps(4000), [500, 1000, 2000]);
  rig.pass(28_200);
  assert.deepEqual(rig.kinds(), ["failed"]);
  assert.equal(rig.layer.size, 0);
});

test("a CANCEL that can't be sent doesn't end its INVITE", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer("tcp"), now));
  const invite = rig.sent[0]!;
  const { transaction } = responseEvent(rig.receive(answerTo(invite, 180), flowOf("tcp")));
  rig.sent = [];
  rig.do((layer, now) => layer.cancel(transaction, now));
  assert.equal(rig.layer.sendFailed(rig.sent[0]!.branch, rig.now), undefined);
  responseEvent(rig.receive(answerTo(invite, 487), flowOf("tcp")));
});

// ── The other client ───────────────────────────────────────────────────────────────────────

test("timer E doubles up to T2, and timer F gives up after 64*T1", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("OPTIONS"), toPeer(), now));
  assert.deepEqual(rig.gaps(31_900), [500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000, 4000]);
  rig.pass(200);
  assert.deepEqual(rig.kinds(), ["failed"]);
});

test("a provisional response slows timer E down to T2, and timer F goes on", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("BYE"), toPeer(), now));
  const bye = rig.sent[0]!;
  rig.pass(100);
  responseEvent(rig.receive(answerTo(bye, 100)));
  assert.deepEqual(rig.gaps(10_000), [400, 4000, 4000]);
  rig.told = [];
  rig.pass(22_100);
  assert.deepEqual(rig.kinds(), ["failed"]);
});

test("a final response is told once, and timer K absorbs its repetitions", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("BYE"), toPeer(), now));
  const bye = rig.sent[0]!;
  responseEvent(rig.receive(answerTo(bye, 200)));
  assert.equal(rig.receive(answerTo(bye, 200)), undefined);
  rig.pass(4900);
  assert.equal(rig.layer.size, 1);
  rig.pass(200);
  assert.equal(rig.layer.size, 0);

  rig.sent = [];
  rig.do((layer, now) => layer.request(outgoing("BYE"), toPeer("tls"), now));
  responseEvent(rig.receive(answerTo(rig.sent[0]!, 404), flowOf("tls")));
  assert.equal(rig.layer.size, 0, "over TLS timer K is zero");
});

// ── The INVITE server ──────────────────────────────────────────────────────────────────────

test("an INVITE that nobody has answered for 200 ms gets its 100, once", () => {
  const rig = new Rig();
  requestEvent(rig.receive(incoming("INVITE")));
  rig.pass(199);
  assert.deepEqual(rig.lines(), []);
  rig.pass(1);
  assert.deepEqual(rig.lines(), ["SIP/2.0 100 Trying"]);
  assert.deepEqual(rig.gaps(100_000), []);
});

test("an INVITE that rings, or is answered, in time gets no 100", () => {
  for (const status of [180, 200, 486]) {
    const rig = new Rig();
    const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
    const response = responseTo(request, status, undefined, "b");
    rig.do((layer, now) => layer.respond(transaction, response, now));
    rig.pass(499);
    assert.equal(rig.lines().length, 1);
  }
});

test("an INVITE that is repeated gets its 100 at once, and again its latest provisional response", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  assert.equal(rig.receive(incoming("INVITE")), undefined);
  assert.equal(rig.receive(incoming("INVITE")), undefined);
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 180, undefined, "b"), now));
  assert.equal(rig.receive(incoming("INVITE")), undefined);
  assert.deepEqual(rig.lines(), [
    "SIP/2.0 100 Trying",
    "SIP/2.0 100 Trying",
    "SIP/2.0 180 Ringing",
    "SIP/2.0 180 Ringing",
  ]);
  assert.deepEqual(rig.gaps(100_000), [], "a server repeats no provisional response by itself");
});

test("the 100 is the user's where the settings say so", () => {
  const rig = new Rig({ tryingMs: Number.POSITIVE_INFINITY });
  requestEvent(rig.receive(incoming("INVITE")));
  rig.receive(incoming("INVITE"));
  assert.deepEqual(rig.lines(), []);
});

test("a refusal is repeated by timer G until its ACK, which is absorbed", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  const refusal = responseTo(request, 404, undefined, "b");
  rig.do((layer, now) => layer.respond(transaction, refusal, now));
  assert.deepEqual(rig.gaps(8000), [500, 1000, 2000, 4000]);
  rig.receive(incoming("INVITE"));
  assert.deepEqual(rig.lines(), ["SIP/2.0 404 Not Found"]);
  rig.told = [];
  assert.equal(rig.receive(incoming("ACK")), undefined);
  assert.equal(rig.receive(incoming("ACK")), undefined);
  assert.equal(rig.receive(incoming("INVITE")), undefined);
  assert.deepEqual(rig.gaps(4900), []);
  assert.equal(transaction.state, "confirmed");
  rig.pass(200);
  assert.equal(rig.layer.size, 0, "timer I");
});

test("the ACK of a refusal is lost: timer H ends it, and nobody is told", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 404), now));
  rig.told = [];
  rig.pass(32_100);
  assert.equal(rig.layer.size, 0);
  assert.deepEqual(rig.kinds(), []);
});

test("over TCP a refusal isn't repeated by itself, and its ACK ends it", () => {
  const rig = new Rig();
  const flow = flowOf("tcp");
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE"), flow));
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 404), now));
  assert.deepEqual(rig.gaps(10_000), []);
  rig.receive(incoming("ACK"), flow);
  assert.equal(rig.layer.size, 0);
});

for (const transport of ["udp", "tcp"] as const) {
  test(`a 2xx over ${transport} is repeated until the user has its ACK`, () => {
    const rig = new Rig();
    const flow = flowOf(transport);
    const { transaction, request } = requestEvent(rig.receive(incoming("INVITE"), flow));
    rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200, "OK", "b"), now));
    assert.deepEqual(rig.gaps(8000), [500, 1000, 2000, 4000]);
    assert.equal(rig.receive(incoming("INVITE"), flow), undefined);
    assert.deepEqual(rig.lines(), [], "a repeated INVITE is absorbed (RFC 6026 §7.1)");
    const ack = incoming("ACK", "z9hG4bKack", { To: "<sip:bob@example.net>;tag=b" });
    assert.equal(rig.receive(ack, flow)?.kind, "ack");
    rig.layer.acknowledged(transaction);
    rig.pass(4000);
    assert.equal(rig.layer.next, START + 32_000, "it wakes no more before timer L");
    assert.deepEqual(rig.gaps(16_000), []);
    assert.equal(rig.layer.size, 1);
    rig.told = [];
    rig.pass(32_000);
    assert.equal(rig.layer.size, 0, "timer L");
    assert.deepEqual(rig.kinds(), []);
  });
}

test("without an ACK in 64*T1 the user is told, once", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200, "OK", "b"), now));
  rig.told = [];
  rig.pass(31_900);
  assert.deepEqual(rig.kinds(), []);
  rig.pass(40_000);
  assert.deepEqual(rig.kinds(), ["unacknowledged"]);
  assert.equal(rig.layer.size, 0);
});

test("an ACK of a 2xx that bears the INVITE's branch is told all the same", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200, "OK", "b"), now));
  assert.equal(rig.receive(incoming("ACK"))?.kind, "ack");
  rig.layer.acknowledged(transaction);
  assert.equal(rig.receive(incoming("ACK"))?.kind, "ack");
});

test("an ACK before the final response is dropped; one of no INVITE is told", () => {
  const rig = new Rig();
  rig.receive(incoming("INVITE"));
  assert.equal(rig.receive(incoming("ACK")), undefined);
  assert.equal(rig.receive(incoming("ACK", "z9hG4bKother"))?.kind, "ack");
});

test("the final response stands: what the user says after it is dropped", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  for (const status of [487, 200, 180, 503]) {
    rig.do((layer, now) => layer.respond(transaction, responseTo(request, status), now));
  }
  assert.deepEqual(rig.lines(), ["SIP/2.0 487 Request Terminated"]);
});

// ── The other server ───────────────────────────────────────────────────────────────────────

test("a repeated request is absorbed before the response, then gets it again until timer J", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("OPTIONS")));
  assert.equal(rig.receive(incoming("OPTIONS")), undefined);
  assert.deepEqual(rig.lines(), []);
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200, "OK", "b"), now));
  rig.receive(incoming("OPTIONS"));
  const [first, again] = rig.sent;
  assert.equal(first!.text, again!.text);
  assert.deepEqual(rig.gaps(31_900), [], "no timer repeats it");
  assert.equal(rig.layer.size, 1);
  rig.pass(200);
  assert.equal(rig.layer.size, 0);
});

test("over TCP timer J is zero", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("OPTIONS"), flowOf("tcp")));
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200), now));
  assert.equal(rig.layer.size, 0);
});

test("a 408 to what is no INVITE is never sent, and what comes again is absorbed (RFC 4320 §4.2)", () => {
  for (const transport of ["udp", "tcp"] as const) {
    const rig = new Rig();
    const flow = flowOf(transport);
    const { transaction } = rig.receive(incoming("MESSAGE"), flow) as NewRequest;
    rig.do((layer, now) => layer.respond(transaction, responseTo(incoming("MESSAGE"), 408), now));
    assert.deepEqual(rig.lines(), []);
    if (transport === "tcp") continue;
    assert.equal(rig.receive(incoming("MESSAGE"), flow), undefined);
    assert.deepEqual(rig.lines(), []);
    rig.pass(32_100);
    assert.equal(rig.layer.size, 0);
  }
});

test("who waits long for what is no INVITE is told 100, not too soon (RFC 4320 §4.1)", () => {
  const rig = new Rig();
  const request = incoming("MESSAGE");
  const { transaction } = rig.receive(request) as NewRequest;
  rig.do((layer, now) => layer.unanswered(transaction, request, now));
  rig.pass(3400);
  rig.receive(incoming("MESSAGE"));
  assert.deepEqual(rig.lines(), []);
  rig.pass(200);
  assert.deepEqual(rig.lines(), ["SIP/2.0 100 Trying"]);
  rig.receive(incoming("MESSAGE"));
  assert.deepEqual(rig.lines(), ["SIP/2.0 100 Trying"]);
  rig.pass(10_000);
  assert.deepEqual(rig.lines(), []);
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 408), now));
  rig.receive(incoming("MESSAGE"));
  assert.deepEqual(rig.lines(), []);
});

test("what is answered in time gets no 100", () => {
  const rig = new Rig();
  const request = incoming("MESSAGE");
  const { transaction } = rig.receive(request) as NewRequest;
  rig.do((layer, now) => layer.unanswered(transaction, request, now));
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200), now));
  rig.pass(60_000);
  assert.deepEqual(rig.lines(), ["SIP/2.0 200 OK"]);
  assert.equal(rig.layer.size, 0);
});

test("a method is a transaction of its own, even with another's branch", () => {
  const rig = new Rig();
  requestEvent(rig.receive(incoming("OPTIONS")));
  requestEvent(rig.receive(incoming("INFO")));
  requestEvent(rig.receive(incoming("INVITE")));
  assert.equal(rig.layer.size, 3);
});

// ── CANCEL as a server ─────────────────────────────────────────────────────────────────────

test("a CANCEL is answered with the INVITE's tag and told once", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 180, undefined, "b"), now));
  rig.sent = [];
  const event = rig.receive(incoming("CANCEL"));
  assert.equal(event?.kind === "cancel" && event.transaction, transaction);
  assert.equal(rig.receive(incoming("CANCEL")), undefined);
  assert.equal(rig.sent.length, 2);
  for (const { text } of rig.sent) {
    const answer = parseMessageText(text) as Response;
    assert.equal(answer.status, 200);
    assert.equal(answer.to.tag, "b");
    assert.equal(answer.headers.get("cseq"), "7 CANCEL");
  }
});

test("a CANCEL after the final response changes nothing", () => {
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200, "OK", "b"), now));
  rig.sent = [];
  assert.equal(rig.receive(incoming("CANCEL")), undefined);
  assert.deepEqual(rig.lines(), ["SIP/2.0 200 OK"]);
  assert.equal(transaction.state, "accepted");
});

test("a CANCEL of nothing gets 481, one from the other side too", () => {
  const rig = new Rig();
  assert.equal(rig.receive(incoming("CANCEL")), undefined);
  rig.receive(incoming("INVITE"));
  assert.equal(rig.receive(incoming("CANCEL"), flowOf("udp", "private")), undefined);
  assert.deepEqual(rig.lines(), [
    "SIP/2.0 481 Call/Transaction Does Not Exist",
    "SIP/2.0 481 Call/Transaction Does Not Exist",
  ]);
});

// ── Matching ───────────────────────────────────────────────────────────────────────────────

test("one branch from two senders is two transactions", () => {
  const rig = new Rig();
  const via = "SIP/2.0/UDP 198.51.100.8:5060;branch=z9hG4bKa1";
  requestEvent(rig.receive(incoming("OPTIONS")));
  requestEvent(rig.receive(incoming("OPTIONS", "", { Via: via, "Call-ID": "x" })));
});

test("a sender without the cookie (RFC 2543) is matched by what it sends", () => {
  const rig = new Rig();
  const via = { Via: "SIP/2.0/UDP 198.51.100.7:5060" };
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE", "", via)));
  assert.equal(rig.receive(incoming("INVITE", "", via)), undefined);
  requestEvent(rig.receive(incoming("INVITE", "", { ...via, "Call-ID": "call-2" })));
  requestEvent(rig.receive(incoming("INVITE", "", { ...via, CSeq: "8 INVITE" })));
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 486, undefined, "b"), now));
  const ack = incoming("ACK", "", { ...via, To: "<sip:bob@example.net>;tag=b" });
  assert.equal(rig.receive(ack), undefined);
  assert.equal(transaction.state, "confirmed");
});

test("a copy by another way is told to be merged, but not a new try after a refusal", () => {
  const rig = new Rig();
  const first = requestEvent(rig.receive(incoming("INVITE", "z9hG4bKa1")));
  assert.equal(first.isMerged, false);
  assert.equal(requestEvent(rig.receive(incoming("INVITE", "z9hG4bKa2"))).isMerged, true);
  const inDialog = { To: "<sip:bob@example.net>;tag=b" };
  assert.equal(
    requestEvent(rig.receive(incoming("INVITE", "z9hG4bKa3", inDialog))).isMerged,
    false,
  );
  rig.do((layer, now) => layer.respond(first.transaction, responseTo(first.request, 503), now));
  assert.equal(requestEvent(rig.receive(incoming("INVITE", "z9hG4bKa4"))).isMerged, false);
});

test("a request that comes back through a proxy is known by our Via below", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE"), toPeer(), now));
  const ours = (parseMessageText(rig.sent[0]!.text) as Request).headers.get("via")!;
  const back = incoming("INVITE", "", { Via: `SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKp, ${ours}` });
  assert.ok(rig.layer.spirals(back));
  assert.ok(!rig.layer.spirals(incoming("INVITE")));
});

// ── The way back ───────────────────────────────────────────────────────────────────────────

test("the top Via says where a request came from, and its response goes there", () => {
  const rig = new Rig();
  const behindNat = incoming("OPTIONS", "", {
    Via: "SIP/2.0/UDP 10.0.0.5:5070;rport;branch=z9hG4bKn, SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKm",
  });
  const flow = flowOf("udp", "public", 40_000);
  const { transaction, request } = requestEvent(rig.receive(behindNat, flow));
  assert.deepEqual(
    [request.via.params.get("received"), request.via.params.get("rport")],
    ["198.51.100.7", "40000"],
  );
  assert.equal(request.headers.all("via")[1], "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKm");
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200), now));
  assert.deepEqual([rig.sent[0]!.to.address, rig.sent[0]!.to.port], ["198.51.100.7", 40_000]);
});

test("without rport a response goes to the port of the Via, whatever maddr says", () => {
  const rig = new Rig();
  const asked = incoming("INVITE", "", {
    Via: "SIP/2.0/UDP 10.0.0.5:5070;maddr=192.0.2.66;branch=z9hG4bKn",
  });
  rig.receive(asked, flowOf("udp", "public", 40_000));
  rig.pass(200);
  assert.deepEqual([rig.sent[0]!.to.address, rig.sent[0]!.to.port], ["198.51.100.7", 5070]);
  assert.match(rig.sent[0]!.text, /;received=198\.51\.100\.7/);
});

test("over a connection a response goes back by it, else to the port that the Via names", () => {
  const rig = new Rig();
  rig.receive(incoming("INVITE"), flowOf("tcp", "public", 40_000));
  rig.pass(200);
  const { flow, port, transport } = rig.sent[0]!.to;
  assert.deepEqual([flow, port, transport], ["tcp-public-40000", 5060, "tcp"]);
});

test("a stateless response bears received and goes the same way", () => {
  const rig = new Rig();
  const broken = incoming("OPTIONS", "", { Via: "SIP/2.0/UDP 10.0.0.5;rport;branch=z9hG4bKn" });
  const flow = flowOf("udp", "public", 40_000);
  rig.do((layer) => layer.sendStateless(responseTo(broken, 400), flow));
  assert.match(
    rig.sent[0]!.text,
    /;rport=40000.*;received=198\.51\.100\.7|;received=.*;rport=40000/,
  );
  assert.equal(rig.sent[0]!.to.port, 40_000);
});

// ── Large requests ─────────────────────────────────────────────────────────────────────────

const LARGE = "v=0\r\n".repeat(300);

test("a request too large for a datagram goes by TCP (RFC 3261 §18.1.1)", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE", LARGE), toPeer(), now));
  assert.equal(rig.sent[0]!.to.transport, "tcp");
  assert.match(rig.sent[0]!.text, /Via: SIP\/2\.0\/TCP 203\.0\.113\.1:5060;branch=\w+\r\n/);
  responseEvent(rig.receive(answerTo(rig.sent[0]!, 100), flowOf("tcp")));
  assert.deepEqual(rig.gaps(40_000), []);
  assert.equal(rig.layer.size, 1);
});

test("a peer without TCP gets the datagram, under the same branch, and the next one at once", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INVITE", LARGE), toPeer(), now));
  const { branch } = rig.sent[0]!;
  rig.do((layer, now) => assert.equal(layer.sendFailed(branch, now), undefined));
  assert.deepEqual(
    rig.sent.map(({ to, branch: key }) => [to.transport, key]),
    [
      ["tcp", branch],
      ["udp", branch],
    ],
  );
  assert.match(rig.sent[1]!.text, /Via: SIP\/2\.0\/UDP .*;rport\r\n/);
  assert.deepEqual(rig.gaps(3500), [500, 1000, 2000], "and it is repeated as any other");
  rig.do((layer, now) => layer.request(outgoing("INVITE", LARGE), toPeer(), now));
  assert.equal(rig.sent[0]!.to.transport, "udp");
  const event = rig.layer.sendFailed(branch, rig.now);
  assert.equal(event?.kind, "failed", "now there is no other way");
});

test("a flow is followed whatever the size", () => {
  const rig = new Rig();
  rig.do((layer, now) => {
    layer.request(outgoing("INFO", LARGE), { ...toPeer(), flow: "udp-public-40000" }, now);
  });
  assert.equal(rig.sent[0]!.to.transport, "udp");
});

test("a TCP that says nothing is given up after 2*T1", () => {
  const rig = new Rig();
  rig.do((layer, now) => layer.request(outgoing("INFO", LARGE), toPeer(), now));
  rig.pass(1100);
  assert.deepEqual(
    rig.sent.map(({ to }) => to.transport),
    ["tcp", "udp"],
  );
});

// ── Limits and memory ──────────────────────────────────────────────────────────────────────

/** Sends over TCP by a connection of this name; what the layer was told of it. */
function sentOver(rig: Rig, method: string, flow: string): Send {
  rig.sent = [];
  rig.do((layer, now) => layer.request(outgoing(method), toPeer("tcp"), now));
  const [sent] = rig.sent;
  rig.layer.sentBy(sent!.branch!, flow);
  return sent!;
}

test("what a closed connection carried and nobody has answered can fail at once", () => {
  const rig = new Rig();
  const waiting = sentOver(rig, "INVITE", "tcp-1");
  const trying = sentOver(rig, "INVITE", "tcp-1");
  const message = sentOver(rig, "MESSAGE", "tcp-1");
  const elsewhere = sentOver(rig, "MESSAGE", "tcp-2");
  const answered = sentOver(rig, "MESSAGE", "tcp-1");
  const refused = sentOver(rig, "INVITE", "tcp-1");
  rig.receive(answerTo(trying, 100), flowOf("tcp"));
  rig.receive(answerTo(answered, 200), flowOf("tcp"));
  rig.receive(answerTo(refused, 486), flowOf("tcp"));
  rig.kinds();
  const lost = rig.layer.lostWith("tcp-1");
  assert.deepEqual(lost, [waiting.branch, trying.branch, message.branch]);
  for (const branch of lost) {
    const event = rig.layer.lost(branch, rig.now);
    assert.equal(event?.kind === "failed" && event.why, "transport");
  }
  assert.deepEqual(rig.layer.lostWith("tcp-1"), []);
  assert.deepEqual(rig.layer.lostWith("tcp-2"), [elsewhere.branch]);
});

test("a call that rings outlives its connection: the answer may come by another", () => {
  const rig = new Rig();
  const ringing = sentOver(rig, "INVITE", "tcp-1");
  rig.receive(answerTo(ringing, 180), flowOf("tcp"));
  assert.deepEqual(rig.layer.lostWith("tcp-1"), []);
  rig.receive(answerTo(ringing, 200), flowOf("tcp", "public", 40_000));
  assert.deepEqual(rig.kinds(), ["response", "response"]);
});

test("a request that fell back to a datagram has nothing to do with the connection any more", () => {
  const rig = new Rig({ datagramBytesMax: 200 });
  rig.do((layer, now) => layer.request(outgoing("MESSAGE"), toPeer(), now));
  const [first] = rig.sent;
  assert.equal(first!.to.transport, "tcp");
  rig.layer.sentBy(first!.branch!, "tcp-1");
  rig.do((layer, now) => assert.equal(layer.lost(first!.branch!, now), undefined));
  assert.deepEqual(rig.layer.lostWith("tcp-1"), []);
});

test("over the limit new requests get 503 without a trace, and the others go on", () => {
  const rig = new Rig({ transactionsMax: 2 });
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  requestEvent(rig.receive(incoming("OPTIONS", "z9hG4bKo")));
  rig.sent = [];
  assert.equal(rig.receive(incoming("INVITE", "z9hG4bKmore")), undefined);
  const refusal = parseMessageText(rig.sent[0]!.text) as Response;
  assert.equal(refusal.status, 503);
  assert.equal(refusal.headers.get("retry-after"), "10");
  assert.ok(refusal.to.tag);
  assert.equal(rig.layer.size, 2);
  assert.equal(rig.receive(incoming("CANCEL"))?.kind, "cancel");
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 487), now));
  assert.equal(rig.receive(incoming("ACK")), undefined);
});

test("a transaction lets go of its user and its request when they have had their last news", () => {
  const rig = new Rig();
  const owner = { response: () => {}, failed: () => {} };
  rig.do((layer, now) => layer.request(outgoing("BYE"), toPeer(), now, owner));
  const { transaction } = responseEvent(rig.receive(answerTo(rig.sent[0]!, 200)));
  assert.equal(transaction.owner, owner, "the user finds itself in the event");
  rig.layer.due(rig.now);
  assert.equal(transaction.owner, undefined);
  assert.equal(transaction.request, undefined);
  assert.equal(transaction.text, "");
});

test("a server transaction lets go of its user when nothing can come any more", () => {
  const owner = { cancelled: () => {}, unacknowledged: () => {} };
  const rig = new Rig();
  const { transaction, request } = requestEvent(rig.receive(incoming("INVITE")));
  transaction.owner = owner;
  rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200), now));
  assert.equal(transaction.owner, owner, "its ACK may fail to come");
  rig.layer.acknowledged(transaction);
  assert.equal(transaction.owner, undefined);
  assert.equal(transaction.last, "");
  const other = requestEvent(rig.receive(incoming("INVITE", "z9hG4bKo")));
  other.transaction.owner = owner;
  rig.do((layer, now) => layer.respond(other.transaction, responseTo(request, 486), now));
  assert.equal(other.transaction.owner, undefined);
});

test("the ACK of a 2xx has a branch of its own, the same when it is sent again", () => {
  const rig = new Rig();
  const ack = outgoing("ACK");
  rig.do((layer) => layer.sendAck(ack, toPeer()));
  rig.do((layer) => layer.sendAck(ack, toPeer()));
  rig.do((layer) => layer.sendAck(outgoing("ACK"), toPeer()));
  const [first, again, other] = rig.sent.map(
    ({ text }) => (parseMessageText(text) as Request).via.branch,
  );
  assert.match(first!, /^z9hG4bK\w{16}$/);
  assert.equal(first, again);
  assert.notEqual(first, other);
  assert.equal(rig.layer.size, 0);
});

test("10,000 calls leave nothing behind", () => {
  const rig = new Rig();
  for (let i = 0; i < 10_000; i++) {
    const { transaction, request } = requestEvent(rig.receive(incoming("INVITE", `z9hG4bK${i}`)));
    rig.do((layer, now) => layer.respond(transaction, responseTo(request, 200, "OK", "b"), now));
    rig.layer.acknowledged(transaction);
    rig.sent = [];
    rig.told = [];
  }
  assert.equal(rig.layer.size, 10_000);
  rig.pass(33_000);
  assert.equal(rig.layer.size, 0);
  assert.equal(rig.layer.next, undefined);
});

// ── Two layers over a bad network ──────────────────────────────────────────────────────────

interface Packet {
  readonly at: number;
  readonly to: "caller" | "callee";
  readonly text: string;
}

/** A caller and a callee whose messages get lost, come twice and overtake one another. */
class BadNetwork {
  readonly caller = new Transactions({ random: seededRandom(1), viaFor: () => CALLER });
  readonly callee = new Transactions({ random: seededRandom(2), viaFor: () => CALLEE });
  readonly told: string[] = [];
  readonly #seed: ReturnType<typeof seededRandom>;
  readonly #lossPercent: number;
  readonly #method: string;
  #packets: Packet[] = [];
  #now = START;

  constructor(seed: number, method: string) {
    this.#seed = seededRandom(seed);
    this.#lossPercent = this.#seed.integer(60);
    this.#method = method;
  }

  run(): void {
    const call = this.caller.request(outgoing(this.#method), toPeer(), instant(this.#now));
    const cancelAt = this.#seed.integer(3) === 0 ? START + this.#seed.integer(3000) : Infinity;
    let isCancelled = false;
    for (let steps = 0; steps < 100_000; steps++) {
      this.#post();
      const next = Math.min(
        ...this.#packets.map(({ at }) => at),
        this.caller.next ?? Infinity,
        this.callee.next ?? Infinity,
        isCancelled ? Infinity : cancelAt,
      );
      if (next === Infinity) return;
      this.#now = Math.max(this.#now, next);
      if (!isCancelled && this.#now >= cancelAt) {
        isCancelled = true;
        this.caller.cancel(call, instant(this.#now));
      }
      this.#deliver();
      this.#ring(this.caller, "caller");
      this.#ring(this.callee, "callee");
    }
    assert.fail("it never ends");
  }

  #post(): void {
    for (const [layer, to] of [
      [this.caller, "callee"],
      [this.callee, "caller"],
    ] as const) {
      for (const { text } of layer.drain()) {
        for (let copies = this.#seed.integer(10) === 0 ? 2 : 1; copies > 0; copies--) {
          if (this.#seed.integer(100) < this.#lossPercent) continue;
          this.#packets.push({ at: this.#now + 1 + this.#seed.integer(900), to, text });
        }
      }
    }
  }

  #deliver(): void {
    const due = this.#packets.filter(({ at }) => at <= this.#now);
    this.#packets = this.#packets.filter(({ at }) => at > this.#now);
    for (const { to, text } of due) {
      const message = parseMessageText(text);
      assert.notEqual(message.kind, "parse-failure");
      if (message.kind === "parse-failure") continue;
      const layer = to === "caller" ? this.caller : this.callee;
      this.#hear(to, layer.receive(message, flowOf("udp"), instant(this.#now)));
    }
  }

  #ring(layer: Transactions, who: "caller" | "callee"): void {
    for (;;) {
      const event = layer.due(instant(this.#now));
      if (!event) return;
      this.#hear(who, event);
    }
  }

  #hear(who: "caller" | "callee", event: TransactionEvent | undefined): void {
    if (!event) return;
    const now = instant(this.#now);
    if (event.kind === "response") {
      const { status } = event.response;
      if (status >= 200) this.told.push(`caller ${status < 300 ? "2xx" : "refusal"}`);
      if (status >= 200 && status < 300 && event.transaction.isInvite) {
        this.caller.sendAck(outgoing("ACK"), toPeer());
      }
      return;
    }
    this.told.push(`${who} ${event.kind}`);
    if (event.kind === "request") {
      const { transaction, request } = event;
      this.#invite = transaction;
      const status = [180, 200, 486][this.#seed.integer(3)]!;
      this.callee.respond(transaction, responseTo(request, status, undefined, "b"), now);
      if (status === 180 && this.#method !== "INVITE") {
        this.callee.respond(transaction, responseTo(request, 200, undefined, "b"), now);
      }
      this.#asked = request;
    }
    if (event.kind === "cancel" || (event.kind === "ack" && who === "callee")) {
      if (event.kind === "ack") this.callee.acknowledged(this.#invite!);
      else
        this.callee.respond(event.transaction, responseTo(this.#asked!, 487, undefined, "b"), now);
    }
  }

  #invite: ServerTransactionOf | undefined;
  #asked: Request | undefined;
}

type ServerTransactionOf = NewRequest["transaction"];

const CALLER = { host: "192.0.2.1", port: 5060 };
const CALLEE = { host: "198.51.100.7", port: 5060 };

for (const method of ["INVITE", "MESSAGE"]) {
  test(`500 bad networks: a ${method} reaches its user once, ends once, and leaves nothing`, () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 500; seed++) {
      const network = new BadNetwork(seed, method);
      // Whoever rings for ever is no matter of this layer: such an INVITE has no end here.
      network.run();
      const count = (what: string): number => network.told.filter((told) => told === what).length;
      const about = `seed ${seed}: ${network.told.join(", ")}`;
      assert.ok(count("callee request") <= 1, about);
      assert.ok(count("callee cancel") <= 1, about);
      assert.ok(count("caller refusal") + count("caller failed") <= 1, about);
      if (count("caller 2xx") > 0) assert.equal(count("caller refusal"), 0, about);
      if (method === "MESSAGE") {
        assert.equal(
          count("caller 2xx") + count("caller refusal") + count("caller failed"),
          1,
          about,
        );
      }
      assert.equal(network.callee.drain().length, 0);
      const rings = network.caller.size > 0;
      if (rings) assert.equal(count("caller failed") + count("caller refusal"), 0, about);
      assert.ok(!rings || method === "INVITE", about);
      for (const told of network.told) outcomes.add(told);
      if (rings) outcomes.add("rings on");
    }
    for (const outcome of ["caller 2xx", "caller refusal", "caller failed"]) {
      assert.ok(outcomes.has(outcome), `${outcome} never came about`);
    }
  });
}
