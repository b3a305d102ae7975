import type { Flow } from "../stage/flow.ts";

const CREDENTIALS = { credentials: { user: "alice", password: "wonder" } };

const AUTHENTICATE =
  'WWW-Authenticate: Digest realm="operator", nonce="dcd98b7102dd2f0e", algorithm=SHA-256, qop="auth"';

const ANSWERED_BY_SPARE = `
  op2 < INVITE sdp
  op2 > 200 sdp
  pbx < 200 sdp
  pbx > ACK
  op2 < ACK
  media op2 pbx
  op2 > BYE
  op2 < 200
  pbx < BYE
  pbx > 200
`;

/** What a trunk does of itself: challenges, failover, redirections. */
export const TRUNK_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3261 §22.2 the operator's registrar-style 401 is answered, in SHA-256 (RFC 7616)",
    site: { trunk: CREDENTIALS },
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp | Authorization: -
      op  > 401 | ${AUTHENTICATE}
      op  < ACK
      op  < INVITE sdp | Authorization: /algorithm=SHA-256.*response="[0-9a-f]{64}"|response="[0-9a-f]{64}".*algorithm=SHA-256/
      op  > 200 sdp
      pbx < 200 sdp
      pbx > ACK
      op  < ACK
      op  > BYE
      op  < 200
      pbx < BYE
      pbx > 200
    `,
  },
  {
    name: "RFC 3261 §22.2 a re-INVITE, an INFO and a BYE are challenged: the PBX hears of none",
    site: { trunk: CREDENTIALS },
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 200 sdp
      pbx < 200 sdp
      pbx > ACK
      op  < ACK
      pbx > INVITE sdp:sendonly
      op  < INVITE sdp:sendonly
      op  > 401 | ${AUTHENTICATE}
      op  < ACK
      op  < INVITE sdp:sendonly | Authorization: /realm="operator"/
      op  > 200 sdp:recvonly
      pbx < 200 sdp:recvonly
      pbx > ACK
      op  < ACK
      media op pbx
      pbx > INFO
      op  < INFO
      op  > 407 | Proxy-Authenticate: Digest realm="operator", nonce="1f2e3d", qop="auth"
      op  < INFO | Proxy-Authorization: /realm="operator"/
      op  > 200
      pbx < 200
      pbx > BYE
      pbx < 200
      op  < BYE
      op  > 401 | ${AUTHENTICATE}
      op  < BYE | Authorization: /realm="operator"/
      op  > 200
    `,
  },
  {
    name: "RFC 3261 §22.2 wrong credentials: after the second challenge the PBX gets 403",
    site: { trunk: CREDENTIALS },
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 401 | ${AUTHENTICATE}
      op  < ACK
      op  < INVITE sdp
      op  > 401 | ${AUTHENTICATE}
      op  < ACK
      pbx < 403 | WWW-Authenticate: -
      pbx > ACK
    `,
  },
  {
    name: "RFC 3261 §9.1 the INVITE that went again with credentials is the one that is cancelled",
    site: { trunk: CREDENTIALS },
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 401 | ${AUTHENTICATE}
      op  < ACK
      op  < INVITE sdp
      pbx > CANCEL
      pbx < 200 CANCEL
      pbx < 487 INVITE
      pbx > ACK
      quiet
      op  > 180
      op  < CANCEL
      op  > 200 CANCEL
      op  > 487 INVITE
      op  < ACK
    `,
  },
  {
    name: "RFC 3261 §22.3 a challenge that the gateway has no credentials for goes to the PBX",
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 401 | ${AUTHENTICATE}
      op  < ACK
      pbx < 401 | ${AUTHENTICATE}
      pbx > ACK
    `,
  },
  {
    name: "RFC 3261 §21.4.4 a challenge that the gateway has no credentials for is a refusal: 403",
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 401 | ${AUTHENTICATE}
      op  < ACK
      pbx < 403 | WWW-Authenticate: -
      pbx > ACK
    `,
  },
  {
    name: "RFC 3261 §22.2 a challenged MESSAGE is answered by the trunk's credentials",
    site: { trunk: CREDENTIALS },
    ladder: `
      pbx > MESSAGE | body: text/plain Hi
      op  < MESSAGE | body: text/plain Hi
      op  > 407 | Proxy-Authenticate: Digest realm="operator", nonce="1f2e3d", qop="auth"
      op  < MESSAGE | body: text/plain Hi | Proxy-Authorization: /username="alice"/
      op  > 200
      pbx < 200
    `,
  },
  ...["503", "408"].map((status) => ({
    name: `RFC 3263 §4.3 the trunk's next peer takes a call after ${status}`,
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > ${status}
      op  < ACK
      fact failover
      ${ANSWERED_BY_SPARE}
    `,
  })),
  {
    name: "RFC 3263 §4.3 the trunk's next peer takes a call that the first can't be told of",
    site: { transport: "tcp" },
    ladder: `
      unreachable op
      pbx > INVITE sdp
      ${ANSWERED_BY_SPARE}
    `,
  },
  {
    name: "RFC 3263 §4.3 a peer that rang and then fails by 503: the next rings anew",
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 183 sdp
      pbx#a < 183 sdp
      op  > 503
      op  < ACK
      op2 < INVITE sdp
      op2 > 180
      pbx#b < 180
      op2 > 200 sdp
      pbx#b < 200 sdp
      pbx#b > ACK
      op2 < ACK
      media op2 pbx#b
      pbx#b > BYE
      pbx#b < 200
      op2 < BYE
      op2 > 200
    `,
  },
  ...["404", "480", "484", "486", "488", "500", "600", "603", "604"].map((status) => ({
    name: `RFC 3261 §16.7 no other peer is tried after ${status}`,
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > ${status}
      op  < ACK
      pbx < ${status}
      pbx > ACK
      quiet
    `,
  })),
  {
    name: "RFC 3261 §16.7 both peers out of service: the PBX is told by 503",
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 503
      op  < ACK
      op2 < INVITE sdp
      op2 > 503 | Retry-After: 30
      op2 < ACK
      pbx < 503 | Retry-After: 30
      pbx > ACK
    `,
  },
  {
    name: "RFC 3261 §9.1 a CANCEL during failover goes to the peer that is asked now",
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp
      op  > 503
      op  < ACK
      op2 < INVITE sdp
      op2 > 180
      pbx < 180
      pbx > CANCEL
      pbx < 200 CANCEL
      pbx < 487 INVITE
      pbx > ACK
      op2 < CANCEL
      op2 > 200 CANCEL
      op2 > 487 INVITE
      op2 < ACK
    `,
  },
  {
    name: "RFC 3261 §13.2.2.4 a peer that was given up answers after all: the next is taken back",
    ladder: `
      pbx > INVITE sdp
      op  < INVITE sdp | CSeq: {first} INVITE
      wait 15000
      op2 < INVITE sdp
      op2 > 180
      pbx#b < 180
      op  > 200 sdp
      op2 < CANCEL
      op2 > 200 CANCEL
      op2 > 487 INVITE
      op2 < ACK
      pbx#a < 200 sdp
      pbx#a > ACK
      op  < ACK | CSeq: {first} ACK
      media op pbx#a
      pbx#a > BYE
      pbx#a < 200
      op  < BYE
      op  > 200
    `,
  },
  {
    name: "RFC 3261 §8.1.3.4 a redirection in a circle ends",
    site: { trunk: { redirects: "follow" } },
    ladder: `
      pbx > INVITE sdp
      ${"op < INVITE sdp\n op > 302 | Contact: <sip:777@198.51.100.1>\n op < ACK\n".repeat(6)}
      pbx < 302
      pbx > ACK
      quiet
    `,
  },
  {
    name: "RFC 3261 §12.2.1.1 over TCP a call crosses as over UDP",
    site: { transport: "tcp" },
    bothWays: true,
    ladder: `
      op  > INVITE sdp | Contact: <sip:op@198.51.100.1:5060;transport=tcp>
      pbx < INVITE sdp | Contact: /;transport=tcp>$/
      pbx > 200 sdp
      op  < 200 sdp | Contact: /;transport=tcp>$/
      op  > ACK
      pbx < ACK
      media op pbx
      op  > INVITE sdp:sendonly
      pbx < INVITE sdp:sendonly
      pbx > 200 sdp:recvonly
      op  < 200 sdp:recvonly
      op  > ACK
      pbx < ACK
      op  > BYE
      op  < 200
      pbx < BYE
      pbx > 200
    `,
  },
];
