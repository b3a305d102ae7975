import type { Flow } from "../stage/flow.ts";
import { DOWN_BY_CALLEE, UP } from "./parts.ts";

const CREDENTIALS = { credentials: { user: "alice", password: "wonder" } };

const challenge = (realm: string): string =>
  `Proxy-Authenticate: Digest realm="${realm}", nonce="84a4cc6f3082121f", qop="auth"`;

/** RFC 3665 §3, with the gateway where the RFC has proxies. */
export const RFC3665_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3665 §3.1 session establishment, ended by the callee",
    bothWays: true,
    ladder: `${UP}${DOWN_BY_CALLEE}`,
  },
  {
    name: "RFC 3665 §3.2 through proxies on both sides that stay on the route",
    site: { also: { "198.51.100.9": "op", "10.77.0.8": "pbx" } },
    ladder: `
      op  > INVITE sdp | Record-Route: <sip:198.51.100.9;lr>, <sip:198.51.100.8;lr>
      pbx < INVITE sdp | Record-Route: - | Route: -
      pbx > 180 | Record-Route: <sip:10.77.0.9;lr>, <sip:10.77.0.8;lr>
      op  < 180 | Record-Route: <sip:198.51.100.9;lr>, <sip:198.51.100.8;lr>
      pbx > 200 sdp | Record-Route: <sip:10.77.0.9;lr>, <sip:10.77.0.8;lr>
      op  < 200 sdp | Record-Route: <sip:198.51.100.9;lr>, <sip:198.51.100.8;lr>
      op  > ACK
      pbx < ACK | Route: <sip:10.77.0.8;lr>, <sip:10.77.0.9;lr>
      media op pbx
      pbx > BYE
      pbx < 200
      op  < BYE | Route: <sip:198.51.100.9;lr>, <sip:198.51.100.8;lr>
      op  > 200
    `,
  },
  {
    name: "RFC 3665 §3.3 the operator's proxy wants credentials",
    site: { trunk: CREDENTIALS },
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp | Proxy-Authorization: -
      op  > 407 | ${challenge("atlanta")}
      op  < ACK
      op  < INVITE sdp | Proxy-Authorization: /username="alice", realm="atlanta".*response="[0-9a-f]{32}"/
      op  > 200 sdp
      pbx < 200 sdp
      pbx > ACK
      op  < ACK | Proxy-Authorization: /realm="atlanta"/
      media op pbx
      pbx > BYE
      pbx < 200
      op  < BYE
      op  > 200
    `,
  },
  {
    name: "RFC 3665 §3.3 two proxies of the operator want credentials, one after the other",
    site: { trunk: CREDENTIALS },
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 407 | ${challenge("atlanta")}
      op  < ACK
      op  < INVITE sdp
      op  > 407 | ${challenge("biloxi")}
      op  < ACK
      op  < INVITE sdp | Proxy-Authorization: /realm="biloxi"/
      op  > 200 sdp
      pbx < 200 sdp
      pbx > ACK
      op  < ACK
      pbx > BYE
      pbx < 200
      op  < BYE
      op  > 200
    `,
  },
  {
    name: "RFC 3665 §3.4 a proxy that is out of service is passed over, the next wants credentials",
    site: { trunk: CREDENTIALS },
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      wait 15000
      op2 < INVITE sdp | Proxy-Authorization: -
      op2 > 407 | ${challenge("atlanta")}
      op2 < ACK
      op2 < INVITE sdp | Proxy-Authorization: /realm="atlanta"/
      op2 > 180
      pbx < 180
      op2 > 200 sdp
      pbx < 200 sdp
      pbx > ACK
      op2 < ACK
      media op2 pbx
      op2 > BYE
      op2 < 200
      pbx < BYE
      pbx > 200
    `,
  },
  {
    name: "RFC 3665 §3.6 a redirection is followed, and the answer comes in the ACK",
    site: { trunk: { redirects: "follow" } },
    ladder: `
      pbx > INVITE
      op  < INVITE
      op  > 302 | Contact: <sip:777@198.51.100.2>
      op  < ACK
      op2 < INVITE
      op2 > 180
      pbx < 180
      op2 > 200 sdp
      pbx < 200 sdp
      pbx > ACK sdp
      op2 < ACK sdp
      media op2 pbx
      pbx > BYE
      pbx < 200
      op2 < BYE
      op2 > 200
    `,
  },
  {
    name: "RFC 3665 §3.7 a re-INVITE from another address",
    site: { also: { "198.51.100.7": "op" } },
    ladder: `
      ${UP}
      op  > INVITE sdp:at=198.51.100.7:port=31000 | Contact: <sip:op@198.51.100.7:5060>
      pbx < INVITE sdp
      pbx > 200 sdp
      op  < 200 sdp
      op  > ACK
      pbx < ACK
      media op pbx
      pbx > BYE
      pbx < 200
      op  < BYE
      op  > 200
    `,
  },
  {
    name: "RFC 3665 §3.8 no answer: the caller gives up",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      wait 9000
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx < CANCEL
      pbx > 200 CANCEL
      pbx > 487 INVITE
      pbx < ACK
      streams 0
    `,
  },
  ...[
    ["§3.9 the callee is busy", "486"],
    ["§3.11 the callee is temporarily unavailable", "480"],
    ["§3.11 the callee declines everywhere", "603"],
  ].map(([title, status]) => ({
    name: `RFC 3665 ${title}: ${status}`,
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > ${status} | Reason: Q.850;cause=17;text="User busy"
      pbx < ACK
      op  < ${status} | Reason: Q.850;cause=17;text="User busy"
      op  > ACK
      streams 0
    `,
  })),
  {
    name: "RFC 3665 §3.10 no response from the callee: the caller is told by 408",
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      wait 40000
      op  < 408
      op  > ACK
    `,
  },
  {
    name: "RFC 3261 §9.1 a CANCEL waits for the first answer of the callee",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      quiet
      pbx > 100
      pbx < CANCEL
      pbx > 200 CANCEL
      pbx > 487 INVITE
      pbx < ACK
    `,
  },
  {
    name: "RFC 3261 §9.1 CANCEL crosses the 200: the callee is acknowledged and hung up",
    bothWays: true,
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx < CANCEL
      pbx > 200 INVITE sdp
      pbx < ACK
      pbx < BYE
      pbx > 200 BYE
      pbx > 200 CANCEL
    `,
  },
  {
    name: "RFC 3326 §2 the Reason of a CANCEL and of a BYE crosses",
    ladder: `
      op  > INVITE sdp
      pbx < INVITE sdp
      pbx > 180
      op  < 180
      op  > CANCEL | Reason: SIP;cause=200;text="Call completed elsewhere"
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx < CANCEL | Reason: SIP;cause=200;text="Call completed elsewhere"
      pbx > 200 CANCEL
      pbx > 487 INVITE
      pbx < ACK
      op/2  > INVITE sdp
      pbx/2 < INVITE sdp
      pbx/2 > 200 sdp
      op/2  < 200 sdp
      op/2  > ACK
      pbx/2 < ACK
      op/2  > BYE | Reason: Q.850;cause=16;text="Normal"
      op/2  < 200
      pbx/2 < BYE | Reason: Q.850;cause=16;text="Normal"
      pbx/2 > 200
    `,
  },
];
