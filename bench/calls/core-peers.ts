/** A peer that knows one call flow by heart; cheap, so that a profile shows the gateway. */
export interface Peer {
  /** What it sends on a message of the gateway's. */
  answers(text: string, media: boolean): readonly string[];
}

const sdpOf = (address: string): string =>
  [
    "v=0",
    `o=- 13760799 13760799 IN IP4 ${address}`,
    "s=-",
    `c=IN IP4 ${address}`,
    "t=0 0",
    "m=audio 49170 RTP/AVP 8 0 101",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-15",
    "a=sendrecv",
    "",
  ].join("\r\n");

const CALLER_SDP = sdpOf("198.51.100.2");
const CALLEE_SDP = sdpOf("10.20.0.2");
const TARGET = "sip:+33123456789@198.51.100.10:5060";

function wire(lines: readonly string[], sdp?: string): string {
  const body =
    sdp === undefined
      ? ["Content-Length: 0", "", ""]
      : ["Content-Type: application/sdp", `Content-Length: ${sdp.length}`, "", sdp];
  return [...lines, ...body].join("\r\n");
}

function field(text: string, name: string): string {
  const start = text.indexOf(`\r\n${name}: `) + 2;
  return text.slice(start, text.indexOf("\r\n", start));
}

/** The caller's own half of each request: Via, From, To, Call-ID, CSeq. */
function request(method: string, cseq: number, to: string, from: string, callId: string): string[] {
  return [
    `${method} ${TARGET} SIP/2.0`,
    `Via: SIP/2.0/UDP 198.51.100.2:5060;branch=z9hG4bK-${method}-${callId.slice(9)}`,
    from,
    to,
    callId,
    `CSeq: ${cseq} ${method}`,
    "Max-Forwards: 70",
  ];
}

/** Calls, acknowledges, and says BYE at once. */
export const caller = {
  invite(id: string, media: boolean): string {
    const from = `From: "Load" <sip:+33987654321@198.51.100.2>;tag=${id}`;
    const head = request("INVITE", 1, `To: <${TARGET}>`, from, `Call-ID: ${id}@198.51.100.2`);
    const contact = "Contact: <sip:+33987654321@198.51.100.2:5060>";
    return wire([...head, contact, "User-Agent: load"], media ? CALLER_SDP : undefined);
  },

  answers(text: string): readonly string[] {
    if (!text.startsWith("SIP/2.0 200") || !text.includes("1 INVITE")) return [];
    const dialog = [field(text, "To"), field(text, "From"), field(text, "Call-ID")] as const;
    return [wire(request("ACK", 1, ...dialog)), wire(request("BYE", 2, ...dialog))];
  },
};

/** Rings, answers, and takes the BYE. */
export const callee: Peer = {
  answers(text, media) {
    const method = text.slice(0, text.indexOf(" "));
    if (method !== "INVITE" && method !== "BYE") return [];
    const to = field(text, "To");
    const head = [
      field(text, "Via"),
      field(text, "From"),
      to.includes(";tag=") ? to : `${to};tag=${field(text, "Call-ID").slice(9)}`,
      field(text, "Call-ID"),
      field(text, "CSeq"),
    ];
    if (method === "BYE") return [wire(["SIP/2.0 200 OK", ...head])];
    const dialog = [...head, "Contact: <sip:10.20.0.2:5060>"];
    return [
      wire(["SIP/2.0 180 Ringing", ...dialog]),
      wire(["SIP/2.0 200 OK", ...dialog], media ? CALLEE_SDP : undefined),
    ];
  },
};
