import type { Flow } from "../stage/flow.ts";
import { UP, UP_OUT } from "./parts.ts";
import { PERFORM } from "./performed-parts.ts";

const REPLACES = "Replaces: {pbx_id};to-tag={pbx_remote};from-tag={pbx_local}";

/** Who stays is asked by a re-INVITE. */
const ASKED = `
  pbx/2 > INVITE sdp:port=33000 4001 | ${REPLACES}
  op  < INVITE sdp
`;

/** Who stays makes the offer, where the newcomer has none. */
const OFFERED = `
  pbx/2 > INVITE 4001 | ${REPLACES}
  op  < INVITE
  op  > 200 sdp:port=34000
  pbx < BYE
  pbx/2 < 200 INVITE sdp
  pbx > 200
`;

/** It agrees, and whose place is taken is hung up. */
const JOINED = `
  op  > 200 sdp:port=34000
  op  < ACK
  pbx < BYE
  pbx/2 < 200 INVITE sdp
  pbx > 200
  pbx/2 > ACK
  media op pbx/2
  streams 1
  calls 1
`;

const DOWN = `
  op  > BYE
  op  < 200
  pbx/2 < BYE
  pbx/2 > 200
  streams 0
`;

/** The call is as it was. */
const AS_BEFORE = `
  pbx/2 > ACK
  streams 1
  calls 1
  op  > BYE
  op  < 200
  pbx < BYE
  pbx > 200
  streams 0
`;

/** RFC 3891 §3 in an answered call, for a peer that knows no Replaces. */
export const TAKEOVER_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3891 §3 a phone takes another's place in a call with who knows no Replaces",
    ladder: `${UP}${ASKED}${JOINED}${DOWN}`,
  },
  {
    name: "RFC 3891 §3 the same in a call that the PBX has made",
    ladder: `${UP_OUT}${ASKED}${JOINED}${DOWN}`,
  },
  {
    name: "RFC 3891 §3 a phone of the operator takes another's place",
    ladder: `${UP}${ASKED}${JOINED}${DOWN}`.replace(/\b(op|pbx)(?=[_#/ ])/g, (name) =>
      name === "op" ? "pbx" : "op",
    ),
  },
  {
    name: "RFC 3891 §3 taken over where the gateway performs transfers, whatever who stays knows",
    site: PERFORM,
    ladder: `
      ${UP.replace("INVITE sdp", "INVITE sdp | Supported: replaces")}
      ${ASKED}
      ${JOINED}
      ${DOWN}
    `,
  },
  {
    name: "RFC 3891 §3 taken over by who hangs up in the end, and holds before",
    ladder: `
      ${UP}
      ${ASKED}
      ${JOINED}
      pbx/2 > INVITE sdp:sendonly:port=33000
      op  < INVITE sdp:sendonly
      op  > 200 sdp:recvonly:port=34000
      pbx/2 < 200 sdp:recvonly
      pbx/2 > ACK
      op  < ACK
      pbx/2 > BYE
      pbx/2 < 200
      op  < BYE
      op  > 200
      streams 0
    `,
  },
  {
    name: "RFC 3891 §3 taken over without an offer: who stays makes it",
    ladder: `
      ${UP}
      ${OFFERED}
      pbx/2 > ACK sdp:port=33000
      op  < ACK sdp
      media op pbx/2
      streams 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3264 §8 taken over by who wants one stream of two: the other one's line stays, refused",
    ladder: `
      ${UP.replaceAll(" sdp", " sdp:audio+video")}
      ${ASKED.replace("op  < INVITE sdp", "op  < INVITE sdp:audio+-video")}
      ${JOINED.replace("200 sdp:port=34000", "200 sdp:audio+-video:port=34000")}
      ${DOWN}
    `,
  },
  {
    name: "RFC 3264 §6 taken over by who wants two streams; who stays has one",
    ladder: `
      ${UP}
      ${ASKED.replace("INVITE sdp:port=33000", "INVITE sdp:audio+video:port=33000").replace("op  < INVITE sdp", "op  < INVITE sdp:audio+video")}
      ${JOINED.replace("200 sdp:port=34000", "200 sdp:audio+-video:port=34000").replace("200 INVITE sdp", "200 INVITE sdp:audio+-video")}
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §14.1 taken over while who stays holds: its offer comes first",
    ladder: `
      ${UP}
      op  > INVITE sdp:sendonly
      pbx < INVITE sdp:sendonly
      pbx/2 > INVITE sdp:port=33000 4001 | ${REPLACES}
      pbx > 200 sdp:recvonly
      op  < 200 sdp:recvonly
      op  > ACK
      pbx < ACK
      wait 250
      op  < INVITE sdp
      ${JOINED}
      ${DOWN}
    `,
  },
  {
    name: "RFC 3261 §13.2.1 who stays agrees to no media: the newcomer is told, both are brought back",
    ladder: `
      ${UP}
      ${ASKED}
      op  > 200
      op  < ACK
      pbx/2 < 488 INVITE
      op  < INVITE
      op  > 200 sdp
      pbx < INVITE sdp
      pbx > 200 sdp
      pbx < ACK
      op  < ACK sdp
      media op pbx
      ${AS_BEFORE}
    `,
  },
  {
    name: "RFC 3261 §13.2.2.4 taken over without an offer, and without an answer: all hang up",
    ladder: `
      ${UP}
      ${OFFERED}
      pbx/2 > ACK
      op  < ACK
      op  < BYE
      pbx/2 < BYE
      op  > 200
      pbx/2 > 200
      streams 0
    `,
  },
  {
    name: "RFC 3891 §3 who stays refuses: the newcomer is told, and the call goes on",
    ladder: `
      ${UP}
      ${ASKED}
      op  > 488
      op  < ACK
      pbx/2 < 488
      ${AS_BEFORE}
    `,
  },
  {
    name: "RFC 3261 §12.2.1.2 who stays is gone: that ends the call",
    ladder: `
      ${UP}
      ${ASKED}
      op  > 481
      op  < ACK
      pbx/2 < 481
      op  < BYE
      pbx < BYE
      pbx/2 > ACK
      op  > 481 BYE
      pbx > 200
      streams 0
    `,
  },
  {
    name: "RFC 3261 §9.2 the newcomer gives up before who stays has answered",
    ladder: `
      ${UP}
      ${ASKED}
      op  > 100
      pbx/2 > CANCEL
      pbx/2 < 200 CANCEL
      pbx/2 < 487 INVITE
      op  < CANCEL
      op  > 200 CANCEL
      op  > 487 INVITE
      op  < ACK
      ${AS_BEFORE}
    `,
  },
  {
    name: "RFC 3261 §9.1 who stays agrees as the newcomer gives up: both are brought back",
    ladder: `
      ${UP}
      ${ASKED}
      op  > 100
      pbx/2 > CANCEL
      pbx/2 < 200 CANCEL
      pbx/2 < 487 INVITE
      op  < CANCEL
      op  > 200 INVITE sdp:port=34000
      op  < ACK
      op  < INVITE
      op  > 200 CANCEL
      op  > 200 INVITE sdp:port=34000
      pbx < INVITE sdp
      pbx > 200 sdp
      pbx < ACK
      op  < ACK sdp
      media op pbx
      ${AS_BEFORE}
    `,
  },
  {
    name: "RFC 3891 §3 whose place is taken leaves without waiting for it",
    ladder: `
      ${UP}
      ${ASKED}
      pbx > BYE
      pbx < 200
      op  > 200 sdp:port=34000
      op  < ACK
      pbx/2 < 200 INVITE sdp
      pbx/2 > ACK
      media op pbx/2
      streams 1
      calls 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3891 §3 whose place was to be taken has left, and who stays refuses: nobody is left",
    ladder: `
      ${UP}
      ${ASKED}
      pbx > BYE
      pbx < 200
      op  > 488
      op  < ACK
      pbx/2 < 488
      op  < BYE
      pbx/2 > ACK
      op  > 200
      streams 0
    `,
  },
  {
    name: "RFC 3891 §3 who stays hangs up meanwhile: 603",
    ladder: `
      ${UP}
      ${ASKED}
      op  > BYE
      op  < 200 BYE
      pbx/2 < 603
      pbx < BYE
      op  > 487 INVITE
      op  < ACK
      pbx/2 > ACK
      pbx > 200
      streams 0
    `,
  },
  {
    name: "RFC 3261 §15 who stays hangs up before the newcomer's ACK: its BYE waits for it",
    ladder: `
      ${UP}
      ${ASKED}
      op  > 200 sdp:port=34000
      op  < ACK
      pbx < BYE
      pbx/2 < 200 INVITE sdp
      pbx > 200
      op  > BYE
      op  < 200
      pbx/2 > ACK
      pbx/2 < BYE
      pbx/2 > 200
      streams 0
    `,
  },
  {
    name: "RFC 3891 §3 a second newcomer meanwhile: 491",
    ladder: `
      ${UP}
      ${ASKED}
      pbx/3 > INVITE sdp 4001 | ${REPLACES}
      pbx/3 < 491
      pbx/3 > ACK
      ${JOINED}
      ${DOWN}
    `,
  },
  {
    name: "RFC 3891 §3 an answered call that may be taken only while it rings: 486",
    ladder: `
      ${UP}
      pbx/2 > INVITE sdp 4001 | ${REPLACES};early-only
      pbx/2 < 486
      ${AS_BEFORE}
    `,
  },
];
