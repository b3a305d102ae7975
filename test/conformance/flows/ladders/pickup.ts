import type { Flow } from "../stage/flow.ts";
import { UP } from "./parts.ts";
import {
  ended,
  endedBy,
  INSIDE,
  LEFT,
  RINGING as NOTICE_RINGING,
  PERFORM,
  refer,
} from "./performed-parts.ts";

const RINGING = `
  op  > INVITE sdp
  pbx < INVITE sdp
  pbx > 180
  op#a < 180
`;

const REPLACES = "Replaces: {pbx_id};to-tag={pbx_remote};from-tag={pbx_local};early-only";

/** The phone that rang is told that another has the call. */
const STOPS = `
  pbx > 200 CANCEL
  pbx > 487 INVITE
  pbx < ACK
`;

/** Both have made an offer: who picks up is on hold until it has the caller's. */
const TAKEN = `
  pbx/2 > INVITE sdp 4001 | ${REPLACES}
  pbx < CANCEL | Reason: /cause=200/
  pbx/2 < 200 sdp:inactive
  ${STOPS}
`;

const DOWN = `
  op#b > BYE
  op#b < 200
  pbx/2 < BYE
  pbx/2 > 200
  streams 0
`;

const JOINED = `
  pbx/2 > ACK
  pbx/2 < INVITE sdp:sendrecv
  pbx/2 > 200 sdp:port=33000
  pbx/2 < ACK
  op#b < 200 INVITE sdp
  op#b > ACK
  media op#b pbx/2
  streams 1
  calls 1
  ${DOWN}
`;

/** A transfer that the gateway performs makes a phone ring, and another one takes that call. */
const TRANSFER_RINGS = `
  ${UP}
  ${refer(INSIDE)}
  pbx/2 < INVITE
  pbx/2 > 180
  pbx < NOTIFY | ${NOTICE_RINGING}
  pbx > 200 NOTIFY
`;

const TRANSFER_TAKEN = `
  pbx/3 > INVITE sdp 4002 | Replaces: {pbx_2_id};to-tag={pbx_2_remote};from-tag={pbx_2_local};early-only
  pbx/2 < CANCEL | Reason: /cause=200/
  pbx/3 < 200 sdp:inactive
  pbx/2 > 200 CANCEL
  pbx/2 > 487 INVITE
  pbx/2 < ACK
  pbx/3 > ACK
  pbx/3 < INVITE
`;

/** RFC 3891 §3 with a caller that knows no Replaces: the gateway joins it with who picks up. */
export const PICKUP_FLOWS: readonly Flow[] = [
  {
    name: "RFC 3891 §3 a call that rings is picked up for a caller that knows no Replaces",
    ladder: `
      ${RINGING}
      ${TAKEN}
      ${JOINED}
    `,
  },
  {
    name: "RFC 3891 §3 a phone of the operator picks up what the PBX calls it for",
    ladder: `${RINGING}${TAKEN}${JOINED}`.replace(/\b(op|pbx)(?=[_#/ ])/g, (name) =>
      name === "op" ? "pbx" : "op",
    ),
  },
  {
    name: "RFC 3891 §3 picked up where the gateway performs transfers, whatever the caller knows",
    site: PERFORM,
    ladder: `
      ${RINGING.replace("INVITE sdp", "INVITE sdp | Supported: replaces")}
      ${TAKEN}
      ${JOINED}
    `,
  },
  {
    name: "RFC 3891 §3 picked up by who wants two streams; the caller's one is what is agreed",
    ladder: `
      ${RINGING}
      ${TAKEN.replace("INVITE sdp 4001", "INVITE sdp:audio+video 4001").replace("sdp:inactive", "sdp")}
      pbx/2 > ACK
      pbx/2 < INVITE sdp
      pbx/2 > 200 sdp:port=33000
      pbx/2 < ACK
      op#b < 200 INVITE sdp
      op#b > ACK
      media op#b pbx/2
      ${DOWN}
    `,
  },
  {
    name: "RFC 3891 §3 picked up after early media that was agreed on reliably",
    ladder: `
      op  > INVITE sdp | Supported: 100rel
      pbx < INVITE sdp | Supported: /100rel/
      pbx > 183 sdp:port=35000 | Require: 100rel | RSeq: 7
      op#a < 183 sdp | RSeq: 7
      op#a > PRACK | RAck: 7 1 INVITE
      pbx < PRACK
      pbx > 200
      op#a < 200
      media op#a pbx
      ${TAKEN}
      ${JOINED}
    `,
  },
  {
    name: "RFC 3891 §3 picked up without an offer: the caller's is the one",
    ladder: `
      ${RINGING}
      pbx/2 > INVITE 4001 | ${REPLACES}
      pbx < CANCEL
      pbx/2 < 200 sdp:sendrecv
      ${STOPS}
      pbx/2 > ACK sdp:port=33000
      op#b < 200 INVITE sdp
      op#b > ACK
      media op#b pbx/2
      streams 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3891 §3 picked up for a caller without an offer: who picks up is asked for one",
    ladder: `
      op  > INVITE
      pbx < INVITE
      pbx > 180
      op#a < 180
      ${TAKEN}
      pbx/2 > ACK
      pbx/2 < INVITE
      pbx/2 > 200 sdp:port=33000
      op#b < 200 INVITE sdp
      op#b > ACK sdp
      pbx/2 < ACK sdp
      media op#b pbx/2
      streams 1
      ${DOWN}
    `,
  },
  {
    name: "RFC 3891 §3 nobody offers anything: 488, and it rings on",
    ladder: `
      op  > INVITE
      pbx < INVITE
      pbx > 180
      op#a < 180
      pbx/2 > INVITE 4001 | ${REPLACES}
      pbx/2 < 488
      pbx/2 > ACK
      pbx > 200 sdp
      op#a < 200 sdp
      op#a > ACK sdp
      pbx < ACK sdp
      op#a > BYE
      op#a < 200
      pbx < BYE
      pbx > 200
    `,
  },
  {
    name: "RFC 3891 §3 of two that pick up the second gets 486",
    ladder: `
      ${RINGING}
      ${TAKEN}
      pbx/3 > INVITE sdp 4001 | ${REPLACES}
      pbx/3 < 486
      pbx/3 > ACK
      ${JOINED}
    `,
  },
  {
    name: "RFC 3261 §9.2 the caller gives up while its call is being picked up",
    ladder: `
      ${RINGING}
      ${TAKEN}
      pbx/2 > ACK
      pbx/2 < INVITE sdp
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx/2 < BYE
      pbx/2 > 200 BYE
      pbx/2 > 487 INVITE
      pbx/2 < ACK
      streams 0
    `,
  },
  {
    name: "RFC 3261 §15 the caller gives up before who picks up has acknowledged: its BYE waits",
    ladder: `
      ${RINGING}
      ${TAKEN}
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx/2 > ACK
      pbx/2 < BYE
      pbx/2 > 200
      streams 0
    `,
  },
  {
    name: "RFC 3891 §3 who picks up hangs up before it has the caller",
    ladder: `
      ${RINGING}
      ${TAKEN}
      pbx/2 > ACK
      pbx/2 < INVITE sdp
      pbx/2 > BYE
      pbx/2 < 200 BYE
      op  < 480
      op  > ACK
      pbx/2 > 487 INVITE
      pbx/2 < ACK
      streams 0
    `,
  },
  {
    name: "RFC 3891 §3 who picks up takes nothing of what the caller offers",
    ladder: `
      ${RINGING}
      ${TAKEN}
      pbx/2 > ACK
      pbx/2 < INVITE sdp
      pbx/2 > 488
      pbx/2 < ACK
      op  < 488
      op  > ACK
      pbx/2 < BYE
      pbx/2 > 200
      streams 0
    `,
  },
  {
    name: "RFC 5407 §3.1.2 the phone that rang answers as another picks up: it is hung up",
    ladder: `
      ${RINGING}
      pbx/2 > INVITE sdp 4001 | ${REPLACES}
      pbx < CANCEL
      pbx/2 < 200 sdp:inactive
      pbx > 200 INVITE sdp
      pbx < ACK
      pbx < BYE
      pbx > 200 BYE
      pbx > 200 CANCEL
      ${JOINED}
    `,
  },
  {
    name: "RFC 5589 a call that a performed transfer makes is picked up by another phone",
    site: PERFORM,
    ladder: `
      ${TRANSFER_RINGS}
      ${TRANSFER_TAKEN}
      pbx/3 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      pbx/3 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op pbx/3
      ${LEFT}
      ${endedBy("op", "pbx/3")}
    `,
  },
  {
    name: "RFC 5589 the transferee hangs up while its new call is being picked up",
    site: PERFORM,
    ladder: `
      ${TRANSFER_RINGS}
      ${TRANSFER_TAKEN}
      op > BYE
      op < 200
      pbx/3 < BYE
      pbx < NOTIFY | ${ended("487 Request Terminated")}
      pbx < BYE
      pbx/3 > 200 BYE
      pbx/3 > 487 INVITE
      pbx/3 < ACK
      pbx > 200 NOTIFY
      pbx > 200 BYE
      streams 0
    `,
  },
  {
    name: "RFC 5589 who picks a transfer's call up hangs up before it has the transferee",
    site: PERFORM,
    ladder: `
      ${TRANSFER_RINGS}
      ${TRANSFER_TAKEN}
      pbx/3 > BYE
      pbx/3 < 200 BYE
      pbx < NOTIFY | ${ended("480 Temporarily Unavailable")}
      pbx/3 > 487 INVITE
      pbx/3 < ACK
      pbx > 200 NOTIFY
      streams 1
      calls 1
      ${endedBy("op", "pbx")}
    `,
  },
  {
    name: "RFC 3891 §3 what has ended already can't be taken: 603",
    ladder: `
      ${RINGING}
      op  > CANCEL
      op  < 200 CANCEL
      op  < 487 INVITE
      op  > ACK
      pbx < CANCEL
      pbx/2 > INVITE sdp 4001 | ${REPLACES}
      pbx/2 < 603
      pbx/2 > ACK
      ${STOPS}
    `,
  },
];
