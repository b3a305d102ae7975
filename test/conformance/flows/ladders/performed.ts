import type { Flow } from "../stage/flow.ts";
import { HOLD, UP, UP_OUT } from "./parts.ts";
import {
  ended,
  endedBy,
  INSIDE,
  joined,
  LEFT,
  notice,
  OUTSIDE,
  PERFORM,
  RINGING,
  refer,
  TRYING,
} from "./performed-parts.ts";

/** RFC 5589 §6 with the gateway as the transferee's agent: `refer: perform`. */
export const PERFORMED_FLOWS: readonly Flow[] = [
  {
    name: "RFC 5589 §6.1 unattended, performed: to another phone of the PBX",
    site: PERFORM,
    ladder: `
      ${UP}
      ${HOLD}
      pbx > REFER | Refer-To: <${INSIDE}> | Referred-By: <sip:4001@10.77.0.2>
      pbx < 202 REFER | Contact: /10.77.0.1:5062/
      pbx < NOTIFY | ${TRYING}
      pbx > 200 NOTIFY
      pbx/2 < INVITE | To: <sip:4002@10.77.0.2> | From: /^<sip:4001@10.77.0.1>;tag=/ | Referred-By: /sip:4001@/
      pbx/2 > 180
      pbx < NOTIFY | ${RINGING}
      pbx > 200 NOTIFY
      streams 1
      pbx/2 > 200 sdp:port=33000
      op > INFO | body: text/plain still with the referrer
      pbx < INFO | body: text/plain still with the referrer
      pbx > 200 INFO
      op < INVITE sdp:sendrecv
      op < 200 INFO
      op > 200 INVITE sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp:sendrecv
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op pbx/2
      ${LEFT}
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 3840 §9 performed: transferee and target are told what the other is, and not what the referrer was",
    site: PERFORM,
    ladder: `
      op  > INVITE sdp | Contact: <sip:op@198.51.100.1:5060>;automata
      pbx < INVITE sdp | Contact: /;automata$/
      pbx > 200 sdp | Contact: <sip:pbx@10.77.0.2:5060>;video
      op  < 200 sdp | Contact: /;video$/
      op  > ACK
      pbx < ACK
      pbx > REFER | Refer-To: <${INSIDE}> | Contact: <sip:pbx@10.77.0.2:5060>;video
      pbx < 202 REFER | Contact: /;automata$/
      pbx < NOTIFY | ${TRYING} | Contact: /;automata$/
      pbx > 200 NOTIFY
      pbx/2 < INVITE | Contact: /;automata$/
      pbx/2 > 200 sdp:port=33000 | Contact: <sip:pbx@10.77.0.2:5060>;isfocus
      op < INVITE sdp | Contact: /;isfocus$/
      op > 200 INVITE sdp:port=34000 | Contact: <sip:op@198.51.100.1:5060>;automata
      op < ACK
      pbx/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      ${LEFT}
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 5589 §6.1 unattended, performed: out to the operator again, public to public",
    site: PERFORM,
    ladder: `
      ${UP}
      ${HOLD}
      ${refer(OUTSIDE, " | Referred-By: <sip:4001@10.77.0.2>")}
      op/2 < INVITE | To: <sip:0777@198.51.100.1> | Referred-By: /^<sip:4001@/
      op/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      op/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op op/2
      ${LEFT}
      op/2 > INVITE sdp:sendonly:port=33000
      op < INVITE sdp:sendonly
      op > 200 sdp:recvonly:port=34000
      op/2 < 200 sdp:recvonly
      op/2 > ACK
      op < ACK
      media op op/2
      ${endedBy("op/2", "op")}
    `,
  },
  {
    name: "RFC 5589 §6.1 unattended, performed: of a call that the PBX made",
    site: PERFORM,
    ladder: `
      ${UP_OUT}
      ${refer(INSIDE)}
      ${joined("pbx/2")}
      ${LEFT}
      ${endedBy("pbx/2", "op")}
    `,
  },
  {
    name: "RFC 5589 §6.1 performed: a referrer that doesn't hang up is hung up",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      ${joined("pbx/2")}
      calls 2
      wait 5000
      pbx < BYE
      pbx > 200
      calls 1
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 5589 §6.1 performed: a referrer that leaves at once doesn't end the transfer",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx > BYE
      pbx < 200
      ${joined("pbx/2")}
      calls 1
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 5589 performed: a transferred call is transferred again, by who it was transferred to",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      ${joined("pbx/2")}
      ${LEFT}
      pbx/2 > REFER | Refer-To: <${OUTSIDE}>
      pbx/2 < 202 REFER
      pbx/2 < NOTIFY | ${TRYING}
      pbx/2 > 200 NOTIFY
      op/3 < INVITE
      op/3 > 200 sdp:port=35000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      op/3 < ACK sdp
      pbx/2 < NOTIFY | ${ended("200 OK")}
      pbx/2 > 200 NOTIFY
      pbx/2 > BYE
      pbx/2 < 200
      media op op/3
      ${endedBy("op", "op/3")}
    `,
  },
  {
    name: "RFC 4488 performed: a referrer that wants no NOTIFYs gets none, and is hung up",
    site: PERFORM,
    ladder: `
      ${UP}
      pbx > REFER | Refer-To: <${INSIDE}> | Refer-Sub: false | Supported: norefersub | Require: norefersub
      pbx < 202 REFER | Refer-Sub: false
      pbx/2 < INVITE
      pbx/2 > 180
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp
      media op pbx/2
      wait 1
      pbx < BYE
      pbx > 200
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 5589 §6.1 performed: the operator may, by rule, and the PBX's phone is transferred",
    site: { trunk: { refer: "perform", referFrom: "both" } },
    ladder: `
      ${UP}
      op > REFER | Refer-To: <sip:4002@192.0.2.1>
      op < 202 REFER
      op < NOTIFY | ${TRYING}
      op > 200 NOTIFY
      pbx/2 < INVITE | To: <sip:4002@10.77.0.2>
      pbx/2 > 200 sdp:port=33000
      pbx < INVITE sdp
      pbx > 200 sdp:port=34000
      pbx < ACK
      pbx/2 < ACK sdp
      op < NOTIFY | ${ended("200 OK")}
      op > 200 NOTIFY
      media pbx pbx/2
      op > BYE
      op < 200
      calls 1
      ${endedBy("pbx", "pbx/2")}
    `,
  },
  {
    name: "RFC 3261 §13.2.1 performed: early media of the target reaches nobody, its later offer does",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx/2 > 183 sdp:port=32000
      pbx < NOTIFY | ${RINGING}
      pbx > 200 NOTIFY
      streams 1
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op pbx/2
      ${LEFT}
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 6665 §4.2.1 performed: the referrer asks how it stands, and then for no more",
    site: PERFORM,
    ladder: `
      ${UP}
      ${refer(INSIDE)}
      pbx/2 < INVITE
      pbx > SUBSCRIBE | Event: refer | Expires: 60
      pbx < 200 SUBSCRIBE | Expires: /^[1-9]/
      pbx < NOTIFY | ${TRYING}
      pbx > 200 NOTIFY
      pbx > SUBSCRIBE | Event: refer | Expires: 0
      pbx < 200 SUBSCRIBE | Expires: 0
      pbx < NOTIFY | ${notice("terminated;reason=timeout", "100 Trying")}
      pbx > 200 NOTIFY
      pbx/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      pbx/2 < ACK sdp
      ${LEFT}
      ${endedBy("op", "pbx/2")}
    `,
  },
  {
    name: "RFC 5589 §6.1 performed: over TCP, and without the mask",
    site: { ...PERFORM, transport: "tcp", masked: false },
    ladder: `
      ${UP}
      ${refer(OUTSIDE, " | Referred-By: <sip:4001@10.77.0.2>")}
      op/2 < INVITE | Referred-By: <sip:4001@10.77.0.2>
      op/2 > 200 sdp:port=33000
      op < INVITE sdp
      op > 200 sdp:port=34000
      op < ACK
      op/2 < ACK sdp
      pbx < NOTIFY | ${ended("200 OK")}
      pbx > 200 NOTIFY
      media op op/2
      ${LEFT}
      ${endedBy("op", "op/2")}
    `,
  },
];
