import { parseMessage, printMessage } from "#sip-message";

// `bin/node bench/parse.ts`: messages a second on one core, as JSON. Each figure is the best of
// several rounds: the others have been disturbed.

const ROUNDS = 7;
const ROUND_MS = 300;

const SDP = [
  "v=0",
  "o=- 13760799956958020 13760799956958020 IN IP4 192.0.2.4",
  "s=-",
  "c=IN IP4 192.0.2.4",
  "t=0 0",
  "m=audio 49170 RTP/AVP 8 0 101",
  "a=rtpmap:8 PCMA/8000",
  "a=rtpmap:0 PCMU/8000",
  "a=rtpmap:101 telephone-event/8000",
  "a=fmtp:101 0-15",
  "a=sendrecv",
  "",
].join("\r\n");

const INVITE = wire([
  "INVITE sip:+33123456789@gateway.example.net:5060;transport=udp SIP/2.0",
  "Via: SIP/2.0/UDP 192.0.2.4:5060;rport;branch=z9hG4bKPjX1b9a4d2e7f60835",
  'From: "Alice Martin" <sip:+33987654321@operator.example.com>;tag=9fxced76sl3a91',
  "To: <sip:+33123456789@gateway.example.net>",
  "Call-ID: 3848276298220188511-a8c1f0@operator.example.com",
  "CSeq: 314159 INVITE",
  "Contact: <sip:+33987654321@192.0.2.4:5060;transport=udp>",
  "Max-Forwards: 70",
  "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, OPTIONS, REFER, NOTIFY",
  "Supported: timer, 100rel, replaces",
  "Session-Expires: 1800;refresher=uac",
  "Min-SE: 90",
  "P-Asserted-Identity: <sip:+33987654321@operator.example.com>",
  "User-Agent: Operator SBC 7.4",
  "Content-Type: application/sdp",
  `Content-Length: ${SDP.length}`,
  "",
  SDP,
]);

const RINGING = wire([
  "SIP/2.0 180 Ringing",
  "Via: SIP/2.0/UDP 192.0.2.10:5060;rport=5060;received=192.0.2.10;branch=z9hG4bKq7rw2m5hya",
  'From: "Alice Martin" <sip:+33987654321@gateway.example.net>;tag=k2m5hyaq7r',
  "To: <sip:+33123456789@pbx.example.net>;tag=314159265",
  "Call-ID: x5hq2yadkq7rw2m5hyaq",
  "CSeq: 1 INVITE",
  "Contact: <sip:204@192.0.2.20:5060>",
  "Content-Length: 0",
  "",
  "",
]);

function wire(lines: readonly string[]): Buffer {
  return Buffer.from(lines.join("\r\n"), "latin1");
}

/** Runs a task over and over; how many times a second, in the best round. */
function perSecond(task: () => void): number {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    const end = start + BigInt(ROUND_MS * 1_000_000);
    let count = 0;
    while (process.hrtime.bigint() < end) {
      for (let i = 0; i < 500; i++) task();
      count += 500;
    }
    best = Math.max(best, count / (Number(process.hrtime.bigint() - start) / 1e9));
  }
  return Math.round(best);
}

const parsed = parseMessage(INVITE);
if (parsed.kind === "parse-failure") throw new Error(`the sample is invalid: ${parsed.what}`);
const out = Buffer.alloc(65_536);
let sink = 0;

const report = {
  bytes: INVITE.length,
  parseInvitePerS: perSecond(() => {
    sink += parseMessage(INVITE).kind.length;
  }),
  parseInviteAndRoutePerS: perSecond(() => {
    const message = parseMessage(INVITE);
    if (message.kind !== "request") return;
    sink += message.target!.host.length + message.via.branch.length + message.from.tag!.length;
    sink += message.contact!.uri.length;
  }),
  parseRingingPerS: perSecond(() => {
    sink += parseMessage(RINGING).kind.length;
  }),
  printInvitePerS: perSecond(() => {
    sink += out.write(printMessage(parsed), 0, "latin1");
  }),
  parseAndPrintInvitePerS: perSecond(() => {
    const message = parseMessage(INVITE);
    if (message.kind !== "parse-failure") sink += out.write(printMessage(message), 0, "latin1");
  }),
};

if (sink === 0) throw new Error("nothing was done");
console.log(JSON.stringify(report));
